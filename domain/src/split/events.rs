//! What happened to a split.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{ChainId, HallId, MemberId, SessionId, ShareId, SplitId};
use crate::money::Fen;
use crate::wallet::Split;

/// A share, as the opener cut it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ShareTerms {
    /// The share.
    pub share_id: ShareId,
    /// What the link says that is given to whoever shall pay it; empty for the opener's own.
    pub token: String,
    /// How much; of all but the opener's own > 0.
    pub amount: Fen,
}

/// Who pays how much of which bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SplitTerms {
    /// The split: derived from the session, so that a bill has one.
    pub split_id: SplitId,
    /// Counted from 1, as often as shares were cut.
    pub round: u32,
    /// The chain.
    pub chain_id: ChainId,
    /// The hall.
    pub hall_id: HallId,
    /// The session whose bill it is.
    pub session_id: SessionId,
    /// Who pays or has paid the bill.
    pub opener: MemberId,
    /// The bill's total.
    pub bill: Fen,
    /// The shares; the first is the opener's own. They sum to the bill.
    pub shares: Vec<ShareTerms>,
    /// How long links are good for, in minutes.
    pub link_minutes: u32,
}

/// Why a split was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum CancelCause {
    /// The opener does not want it any more.
    Opener,
    /// Its time is over, and not everybody has paid.
    TimeOver,
}

/// Events of the stream `BillSplit/<split_id>`. Each tells all that whoever reacts to it needs, so that none depends on another having come first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum SplitEvent {
    /// The shares are cut, and there are links to them.
    SplitStarted {
        /// Who pays how much.
        terms: Box<SplitTerms>,
        /// From then on links are good for nothing.
        confirm_by: Timestamp,
        /// Then it is cancelled, unless everybody has paid.
        ends_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// Somebody agrees to pay a share.
    ShareConfirmed {
        /// Which round.
        round: u32,
        /// Which share, counted from 0.
        ordinal: u8,
        /// Who.
        member_id: MemberId,
        /// How much.
        amount: Fen,
        /// When.
        at: Timestamp,
    },
    /// Somebody does not pay a share; the opener decides what becomes of it.
    ShareDeclined {
        /// Which round.
        round: u32,
        /// Which share.
        ordinal: u8,
        /// Who is told.
        opener: MemberId,
        /// How much.
        amount: Fen,
        /// When.
        at: Timestamp,
    },
    /// A share was taken out, and the others grew by it. Who has to pay more has to confirm again.
    ShareRemoved {
        /// Which round.
        round: u32,
        /// Which share.
        ordinal: u8,
        /// What each share is now, by its place; 0 for those that do not stand.
        amounts: Vec<Fen>,
        /// From then on links are good for nothing.
        confirm_by: Timestamp,
        /// Then it is cancelled, unless everybody has paid.
        ends_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// The opener pays a share too.
    ShareTakenOver {
        /// Which round.
        round: u32,
        /// Which share.
        ordinal: u8,
        /// How much.
        amount: Fen,
        /// When.
        at: Timestamp,
    },
    /// Not everybody has confirmed in time: the opener decides how it goes on.
    SplitStalled {
        /// Which round.
        round: u32,
        /// Who is told.
        opener: MemberId,
        /// What nobody has confirmed.
        unconfirmed: Fen,
        /// When.
        at: Timestamp,
    },
    /// Everybody has confirmed, and is charged.
    ChargingBegan {
        /// Which round.
        round: u32,
        /// Who is told.
        opener: MemberId,
        /// The bill's total.
        bill: Fen,
        /// The shares to be charged.
        ordinals: Vec<u8>,
        /// Then it is cancelled, unless everybody has paid.
        ends_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// A share is paid.
    SharePaid {
        /// Which round.
        round: u32,
        /// Which share.
        ordinal: u8,
        /// Who paid.
        member_id: MemberId,
        /// What was set aside; nothing of the opener, whose own share pays the bill itself.
        amount: Split,
        /// When.
        at: Timestamp,
    },
    /// A share could not be paid; it is tried again for a while.
    ShareFailed {
        /// Which round.
        round: u32,
        /// Which share.
        ordinal: u8,
        /// Who should have paid.
        member_id: MemberId,
        /// What is missing.
        shortfall: Fen,
        /// How often it could not.
        failures: u8,
        /// When.
        at: Timestamp,
    },
    /// It was tried often enough: the opener is asked to take the share over, and not charged unasked.
    OpenerAsked {
        /// Which round.
        round: u32,
        /// Which share.
        ordinal: u8,
        /// Who is asked.
        opener: MemberId,
        /// How much.
        amount: Fen,
        /// When.
        at: Timestamp,
    },
    /// Everybody has paid.
    SplitCompleted {
        /// Which round.
        round: u32,
        /// Who is told.
        opener: MemberId,
        /// The bill's total.
        bill: Fen,
        /// The shares whose money goes to the opener.
        ordinals: Vec<u8>,
        /// Who took part besides the opener.
        people: Vec<MemberId>,
        /// When.
        at: Timestamp,
    },
    /// A share has arrived in the opener's wallet.
    ShareDelivered {
        /// Which round.
        round: u32,
        /// Which share.
        ordinal: u8,
        /// Who paid it.
        member_id: MemberId,
        /// How much.
        amount: Split,
        /// When.
        at: Timestamp,
    },
    /// It is over without everybody having paid: what was paid goes back.
    SplitCancelled {
        /// Which round.
        round: u32,
        /// Why.
        cause: CancelCause,
        /// Who is told.
        opener: MemberId,
        /// The bill's total.
        bill: Fen,
        /// The shares whose money goes back.
        ordinals: Vec<u8>,
        /// Who took part besides the opener.
        people: Vec<MemberId>,
        /// When.
        at: Timestamp,
    },
    /// A share is back where it came from.
    ShareReturned {
        /// Which round.
        round: u32,
        /// Which share.
        ordinal: u8,
        /// Who paid it.
        member_id: MemberId,
        /// How much.
        amount: Split,
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(SplitEvent: SplitStarted, ShareConfirmed, ShareDeclined, ShareRemoved, ShareTakenOver, SplitStalled, ChargingBegan, SharePaid, ShareFailed, OpenerAsked, SplitCompleted, ShareDelivered, SplitCancelled, ShareReturned);
