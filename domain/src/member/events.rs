//! What happened to a person.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{ChainId, MemberId};
use crate::level::LevelCode;
use crate::money::Fen;
use crate::personal::{Identifier, Sealed};

use super::{MessageChannel, MessageKind, MessageNote, PaymentMethod};

/// Events of the stream `Member/<member_id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum MemberEvent {
    /// Somebody joined as a member.
    MemberRegistered {
        /// Who.
        member_id: MemberId,
        /// The chain.
        chain_id: ChainId,
        /// The WeChat account, if the person came through it.
        openid: Option<Identifier>,
        /// A phone number that was proved, if there is one.
        phone: Option<Identifier>,
        /// As the person wants to be called.
        nickname: Option<Sealed>,
        /// When.
        at: Timestamp,
    },
    /// Somebody came in without a name.
    GuestStarted {
        /// Who.
        member_id: MemberId,
        /// The chain.
        chain_id: ChainId,
        /// When.
        at: Timestamp,
    },
    /// The person proved to have a phone number.
    PhoneVerified {
        /// The number; it takes the place of an earlier one.
        phone: Identifier,
        /// When.
        at: Timestamp,
    },
    /// The guest became a member and keeps everything.
    GuestUpgraded {
        /// The WeChat account, if the person gave one.
        openid: Option<Identifier>,
        /// As the person wants to be called.
        nickname: Option<Sealed>,
        /// When.
        at: Timestamp,
    },
    /// The guest turned out to be somebody known; from here on that person stands for the guest.
    GuestMerged {
        /// That person.
        target_id: MemberId,
        /// When.
        at: Timestamp,
    },
    /// A guest turned out to be this person: the guest's sessions and bills are this person's.
    GuestAbsorbed {
        /// The guest.
        guest_id: MemberId,
        /// The guest's phone number, if this person had none.
        phone: Option<Identifier>,
        /// When.
        at: Timestamp,
    },
    /// The member, known without a WeChat account until now, came with one.
    OpenidAttached {
        /// The account.
        openid: Identifier,
        /// When.
        at: Timestamp,
    },
    /// By what was spent the member has come to a higher level.
    LevelReached {
        /// The level before.
        from: LevelCode,
        /// The level now; its discount holds from the next opening on.
        level: LevelCode,
        /// What was spent within the window.
        spent: Fen,
        /// Levels on the way whose gift pack the member had not had yet.
        packs: Vec<LevelCode>,
        /// The points of these packs; a unit with this event credits them.
        gift_points: u64,
        /// Until then it holds.
        until: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// The level's time was over, and what was spent is enough for another period.
    LevelKept {
        /// What was spent within the window.
        spent: Fen,
        /// Until then it holds.
        until: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// The level's time was over, and what was spent was not enough: one step down.
    LevelLost {
        /// The level before.
        from: LevelCode,
        /// The level now.
        level: LevelCode,
        /// What was spent within the window.
        spent: Fen,
        /// Until then it holds, if it is one that is reached by spending.
        until: Option<Timestamp>,
        /// When.
        at: Timestamp,
    },
    /// Somebody put the member on another level; it holds until somebody changes it or a higher one is reached.
    LevelChanged {
        /// The new one.
        level: LevelCode,
        /// When.
        at: Timestamp,
    },
    /// The person may not play any more.
    MemberBlacklisted {
        /// Why, for the staff and the person to read.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// The person may play again.
    MemberUnblacklisted {
        /// When.
        at: Timestamp,
    },
    /// The person can pay in one more way.
    PaymentMethodBound {
        /// The way.
        method: PaymentMethod,
        /// When.
        at: Timestamp,
    },
    /// The person can pay in one way less.
    PaymentMethodUnbound {
        /// The way.
        method: PaymentMethod,
        /// When.
        at: Timestamp,
    },
    /// The person logged in.
    LoginRecorded {
        /// When.
        at: Timestamp,
    },
    /// The person has read the notices up to a position of the log.
    NoticesRead {
        /// That position.
        up_to: u64,
        /// When.
        at: Timestamp,
    },
    /// The person allowed WeChat messages: one more of each of these kinds.
    MessagesAllowed {
        /// The kinds.
        kinds: Vec<MessageKind>,
        /// When.
        at: Timestamp,
    },
    /// The person chose on which ways not to be reached.
    MessagesChosen {
        /// Those ways.
        unwanted: Vec<MessageChannel>,
        /// When.
        at: Timestamp,
    },
    /// A message to the person went out, perhaps went out, or was not let out.
    MessageNoted {
        /// What became of it.
        note: MessageNote,
        /// When.
        at: Timestamp,
    },
    /// The person is forgotten: the key of everything sealed for the person is destroyed.
    PersonErased {
        /// Why: on request, or by law.
        reason: String,
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(
    MemberEvent: MemberRegistered, GuestStarted, PhoneVerified, GuestUpgraded, GuestMerged, GuestAbsorbed, OpenidAttached, LevelReached, LevelKept,
    LevelLost, LevelChanged, MemberBlacklisted,
    MemberUnblacklisted, PaymentMethodBound, PaymentMethodUnbound, LoginRecorded, NoticesRead, MessagesAllowed, MessagesChosen, MessageNoted,
    PersonErased
);
