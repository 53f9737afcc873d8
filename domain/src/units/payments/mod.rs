//! Money through providers: it goes through the payer's wallet to what it was paid for, or back to where it came from.

mod collect;
mod give_back;
mod principal;
mod start;

pub use collect::{OrderInput, record_order, resolve_payment};
pub use give_back::{RefundInput, record_refund, resolve_refund};
pub use principal::{Asked, WithdrawInput, reject_refund, request_principal_refund, return_leftover};
pub use start::{StartInput, start_payment};

use crate::ids::{PaymentIntentId, RefundId, TransactionId};
use crate::journal::JournalEvent;
use crate::payment::PaymentEvent;
use crate::refund::RefundEvent;
use crate::split::SplitEvent;
use crate::wallet::WalletEvent;

/// What a unit about a payment writes. Nothing at all means that it was so already.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PaymentChanges {
    /// For the payment.
    pub payment: Vec<PaymentEvent>,
    /// For the payments whose money goes back, if they are several.
    pub payments: Vec<(PaymentIntentId, Vec<PaymentEvent>)>,
    /// For the payer's wallet.
    pub wallet: Vec<WalletEvent>,
    /// For the refund that the command names.
    pub refund: Vec<RefundEvent>,
    /// For new refunds.
    pub new_refunds: Vec<(RefundId, Vec<RefundEvent>)>,
    /// For the split whose share is paid.
    pub split: Vec<SplitEvent>,
    /// For new streams of the journal, one per transaction.
    pub journal: Vec<(TransactionId, Vec<JournalEvent>)>,
}
