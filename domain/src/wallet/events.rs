//! What happened in a wallet.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{HallId, HoldId, MemberId, RefundId, SessionId, ShareId, TopUpId};
use crate::money::Fen;
use crate::payment::{Channel, OrderNo};

use super::{Debt, LotShare};

/// An amount by its two kinds of money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Split {
    /// Money the member paid in; refundable.
    pub principal: Fen,
    /// Money the hall gave on top; never refundable.
    pub bonus: Fen,
}

impl Split {
    /// Both together.
    pub fn total(self) -> Fen {
        self.principal + self.bonus
    }
}

/// How money came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum TopUpChannel {
    /// Taken by staff.
    Counter,
    /// Given by the house for a game that a fault has ended: bonus, never principal.
    Goodwill,
    /// Taken by a provider.
    Provider {
        /// Which one.
        channel: Channel,
        /// The order that was paid: refunds go back to it.
        order_no: OrderNo,
    },
    /// Somebody's share of a bill that was paid before.
    Share {
        /// The share.
        share_id: ShareId,
    },
    /// Given back by the staff for a session; it does not go back to any provider.
    Compensation {
        /// The session.
        session_id: SessionId,
    },
}

/// Events of the stream `Wallet/<member_id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum WalletEvent {
    /// The wallet exists.
    WalletOpened {
        /// Whose.
        member_id: MemberId,
        /// When.
        at: Timestamp,
    },
    /// A lot of money came in.
    TopUpCredited {
        /// The top-up, which is also the lot's id.
        top_up_id: TopUpId,
        /// How it came in.
        channel: TopUpChannel,
        /// Principal and bonus of the lot.
        amount: Split,
        /// When.
        at: Timestamp,
    },
    /// Money was set aside for a session. Held money can be used for nothing else.
    FundsHeld {
        /// The hold.
        hold_id: HoldId,
        /// The session.
        session_id: SessionId,
        /// How much is added to the hold (the first time: the hold itself).
        amount: Fen,
        /// When.
        at: Timestamp,
    },
    /// Held money was spent; the rest of the hold went back.
    HoldCaptured {
        /// The hold, gone with this event.
        hold_id: HoldId,
        /// The session.
        session_id: SessionId,
        /// What was spent, principal first; may be above the hold if the wallet had more to give.
        captured: Split,
        /// What of the hold went back.
        released: Fen,
        /// When.
        at: Timestamp,
    },
    /// A hold went back whole.
    HoldReleased {
        /// The hold, gone with this event.
        hold_id: HoldId,
        /// The session.
        session_id: SessionId,
        /// What went back.
        released: Fen,
        /// When.
        at: Timestamp,
    },
    /// Prepaid time was paid.
    PrepaidCharged {
        /// The session.
        session_id: SessionId,
        /// What was spent, principal first.
        amount: Split,
        /// When.
        at: Timestamp,
    },
    /// Prepaid time was paid back: all of it if the session came to nothing, or what a fault left unplayed.
    PrepaidRefunded {
        /// The session.
        session_id: SessionId,
        /// What came back, each kind to its own.
        amount: Split,
        /// When.
        at: Timestamp,
    },
    /// What was on a prepaid session's bill beside its time was taken.
    GoodsCharged {
        /// The session.
        session_id: SessionId,
        /// What was spent, principal first.
        amount: Split,
        /// When.
        at: Timestamp,
    },
    /// A prepaid session was settled: its time is earned.
    PrepaidSettled {
        /// The session.
        session_id: SessionId,
        /// What was spent on it.
        amount: Split,
        /// When.
        at: Timestamp,
    },
    /// A settlement could not be paid whole; the rest is owed and blocks the next opening.
    DebtIncurred {
        /// The session.
        session_id: SessionId,
        /// The hall that is owed.
        hall_id: HallId,
        /// How much.
        amount: Fen,
        /// When.
        at: Timestamp,
    },
    /// Principal of a lot went out to be refunded, and the bonus that was given for it is lost.
    PrincipalWithdrawn {
        /// The refund.
        refund_id: RefundId,
        /// What was taken, of which lot.
        share: LotShare,
        /// When.
        at: Timestamp,
    },
    /// The refund was rejected: everything is in its lot again.
    PrincipalRestored {
        /// The refund.
        refund_id: RefundId,
        /// What was taken, of which lot.
        share: LotShare,
        /// When.
        at: Timestamp,
    },
    /// Money was set aside for a share of somebody else's bill.
    ShareCharged {
        /// The share.
        share_id: ShareId,
        /// How much, principal first.
        amount: Split,
        /// When.
        at: Timestamp,
    },
    /// Not everybody paid: the share is in its lots again.
    ShareReturned {
        /// The share.
        share_id: ShareId,
        /// How much.
        amount: Split,
        /// When.
        at: Timestamp,
    },
    /// Everybody paid: the share is in the wallet of whose bill it is.
    ShareDelivered {
        /// The share.
        share_id: ShareId,
        /// How much.
        amount: Split,
        /// When.
        at: Timestamp,
    },
    /// All money of the wallet and all that is owed went to another wallet: its owner, a guest, turned out to be that person.
    WalletHandedOver {
        /// That person.
        to: MemberId,
        /// What went.
        balance: Split,
        /// What is owed by that person from here on.
        owed: Fen,
        /// When.
        at: Timestamp,
    },
    /// Money and debts of a guest came in, each lot as it was: the guest turned out to be this person.
    WalletTakenOver {
        /// The guest.
        from: MemberId,
        /// The money, by the guest's lots.
        lots: Vec<LotShare>,
        /// What the guest owed.
        debts: Vec<Debt>,
        /// When.
        at: Timestamp,
    },
    /// Some or all of a debt was paid from the wallet.
    DebtPaid {
        /// The session that left it.
        session_id: SessionId,
        /// What was paid, principal first.
        paid: Split,
        /// What is still owed for that session.
        outstanding: Fen,
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(WalletEvent: WalletOpened, TopUpCredited, FundsHeld, HoldCaptured, HoldReleased, PrepaidCharged, PrepaidRefunded, GoodsCharged, PrepaidSettled, DebtIncurred, DebtPaid, PrincipalWithdrawn, PrincipalRestored, ShareCharged, ShareReturned, ShareDelivered, WalletHandedOver, WalletTakenOver);
