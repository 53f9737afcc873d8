//! What a wallet can be asked.

use jiff::Timestamp;

use crate::ids::{HallId, HoldId, MemberId, SessionId, ShareId, TopUpId};
use crate::money::Fen;

use super::{Debt, LotShare, Split, TopUpChannel};

/// Commands of a wallet.
#[derive(Clone, Debug, PartialEq)]
pub enum WalletCommand {
    /// Credit a top-up; opens the wallet if need be, and pays debts first.
    CreditTopUp {
        /// Whose wallet.
        member_id: MemberId,
        /// The top-up.
        top_up_id: TopUpId,
        /// How it came in.
        channel: TopUpChannel,
        /// Principal and bonus.
        amount: Split,
        /// When.
        at: Timestamp,
    },
    /// Set money aside for a session that opens.
    Hold {
        /// The hold.
        hold_id: HoldId,
        /// The session.
        session_id: SessionId,
        /// How much.
        amount: Fen,
        /// Sessions that the member may have at the same time.
        open_sessions_max: u32,
        /// When.
        at: Timestamp,
    },
    /// Set more money aside for a session.
    RaiseHold {
        /// The session.
        session_id: SessionId,
        /// How much more.
        amount: Fen,
        /// When.
        at: Timestamp,
    },
    /// Take a postpaid session's bill.
    Capture {
        /// The session.
        session_id: SessionId,
        /// The hall that is paid.
        hall_id: HallId,
        /// The bill.
        total: Fen,
        /// When.
        at: Timestamp,
    },
    /// Pay all that is owed for a session.
    PayDebt {
        /// The session.
        session_id: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Give a hold back.
    Release {
        /// The session.
        session_id: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Take the price of prepaid time of a session that opens.
    ChargePrepaid {
        /// The session.
        session_id: SessionId,
        /// The price.
        amount: Fen,
        /// Sessions that the member may have at the same time.
        open_sessions_max: u32,
        /// When.
        at: Timestamp,
    },
    /// Take the price of more prepaid time.
    ChargeMorePrepaid {
        /// The session.
        session_id: SessionId,
        /// The price.
        amount: Fen,
        /// When.
        at: Timestamp,
    },
    /// Pay a session's prepaid time back.
    RefundPrepaid {
        /// The session.
        session_id: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Take what is on a prepaid session's bill beside its time.
    ChargeGoods {
        /// The session.
        session_id: SessionId,
        /// The hall that is paid.
        hall_id: HallId,
        /// What it costs.
        total: Fen,
        /// When.
        at: Timestamp,
    },
    /// Set money aside for a share of somebody's bill.
    ChargeShare {
        /// The share.
        share_id: ShareId,
        /// How much.
        amount: Fen,
        /// When.
        at: Timestamp,
    },
    /// Put a share back.
    ReturnShare {
        /// The share.
        share_id: ShareId,
        /// When.
        at: Timestamp,
    },
    /// A share goes to whose bill it is.
    DeliverShare {
        /// The share.
        share_id: ShareId,
        /// When.
        at: Timestamp,
    },
    /// A session's prepaid time is earned.
    SettlePrepaid {
        /// The session.
        session_id: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Give everything to another wallet.
    HandOver {
        /// Whose wallet that is.
        to: MemberId,
        /// When.
        at: Timestamp,
    },
    /// Take in what another wallet gives.
    TakeOver {
        /// Whose wallet this is.
        member_id: MemberId,
        /// Whose wallet gives.
        from: MemberId,
        /// The money.
        lots: Vec<LotShare>,
        /// What was owed there.
        debts: Vec<Debt>,
        /// When.
        at: Timestamp,
    },
}
