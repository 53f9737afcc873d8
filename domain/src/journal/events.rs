//! What was posted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{
    CompensationId, HallId, MemberId, ReconciliationId, RefundId, SessionId, ShareId, TopUpId, TransactionId,
};
use crate::money::Fen;
use crate::payment::{Channel, OrderNo};

/// An account of the hall's books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Account {
    /// Money taken by staff, on its way to the bank.
    CounterClearing,
    /// Money that WeChat Pay took, on its way to the bank.
    WechatPayClearing,
    /// Money that Alipay took, on its way to the bank.
    AlipayClearing,
    /// What goes back through a provider and has not arrived. A liability.
    RefundsPayable,
    /// Money of which nobody knows yet what it is.
    Suspense,
    /// What members paid in and have not spent. A liability.
    MemberPrincipal,
    /// What members were given and have not spent. A liability.
    MemberBonus,
    /// What members paid for shares of bills of which not all are paid. A liability.
    SharesHeld,
    /// Cost of bonuses given.
    BonusCost,
    /// Prepaid time not yet played. A liability.
    PrepaidDeferred,
    /// What play brought in.
    Revenue,
    /// What members owe.
    Receivable,
    /// What is on its way from a guest's wallet to that of the member who the guest turned out to be; nothing, when both are posted.
    WalletTransfers,
    /// What providers keep of what they took.
    ProviderFees,
    /// What was given back of what games cost. An expense.
    Compensation,
}

impl Account {
    /// Where the money is that a provider took.
    pub const fn clearing(channel: Channel) -> Self {
        match channel {
            Channel::WechatPay => Self::WechatPayClearing,
            Channel::Alipay => Self::AlipayClearing,
        }
    }
}

/// One side of a transaction: debits positive, credits negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Entry {
    /// The account.
    pub account: Account,
    /// Debit > 0, credit < 0.
    pub amount: Fen,
}

/// What a transaction was posted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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
    /// What an order of a provider brought in.
    Order(OrderNo),
    /// Money that goes back.
    Refund(RefundId),
    /// A share of a split bill.
    Share(ShareId),
    /// A guest who turned out to be a member: what was in the guest's wallet is in the member's.
    GuestMerged(MemberId),
    /// What a provider kept of a day.
    ProviderFees(ReconciliationId),
    /// What the staff gave back for a session.
    Compensation(CompensationId),
}

/// Events of the stream `Journal/<transaction_id>`; each stream holds exactly one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum JournalEvent {
    /// A balanced transaction.
    TransactionPosted {
        /// The transaction.
        transaction_id: TransactionId,
        /// The hall, where one is concerned.
        hall_id: Option<HallId>,
        /// The member; the nil id where none is concerned.
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
