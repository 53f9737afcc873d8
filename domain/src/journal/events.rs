//! What was posted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{HallId, MemberId, SessionId, TopUpId, TransactionId};
use crate::money::Fen;

/// An account of the hall's books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Account {
    /// Money taken by staff, on its way to the bank.
    CounterClearing,
    /// What members paid in and have not spent. A liability.
    MemberPrincipal,
    /// What members were given and have not spent. A liability.
    MemberBonus,
    /// Cost of bonuses given.
    BonusCost,
    /// Prepaid time not yet played. A liability.
    PrepaidDeferred,
    /// What play brought in.
    Revenue,
    /// What members owe.
    Receivable,
}

/// One side of a transaction: debits positive, credits negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The account.
    pub account: Account,
    /// Debit > 0, credit < 0.
    pub amount: Fen,
}

/// What a transaction was posted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// A top-up.
    TopUp(TopUpId),
    /// Prepaid time bought in a session (the amount may recur; the transaction id tells them apart).
    Prepaid(SessionId),
    /// Prepaid time of a cancelled session paid back.
    PrepaidRefund(SessionId),
    /// The settlement of a session.
    Settlement(SessionId),
    /// What a settlement left open, paid later.
    DebtPayment(SessionId),
}

/// Events of the stream `Journal/<transaction_id>`; each stream holds exactly one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum JournalEvent {
    /// A balanced transaction.
    TransactionPosted {
        /// The transaction.
        transaction_id: TransactionId,
        /// The hall, where one is concerned.
        hall_id: Option<HallId>,
        /// The member.
        member_id: MemberId,
        /// What for.
        source: Source,
        /// The entries; they sum to zero.
        entries: Vec<Entry>,
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(JournalEvent: TransactionPosted);
