//! The journal's side of what happens in wallets. Debits are positive, credits negative.

use jiff::Timestamp;

use crate::compensation::CompensationTerms;
use crate::ids::{
    HallId, MemberId, ReconciliationId, RefundId, SessionId, ShareId, TopUpId, TransactionId, bill_payment_transaction,
    compensation_transaction, debt_transaction, handed_over_transaction, order_resolved_transaction, order_transaction,
    prepaid_refund_transaction, prepaid_transaction, provider_fees_transaction, refund_asked_transaction,
    refund_by_hand_transaction, refund_rejected_transaction, refund_transaction, settlement_transaction,
    share_charged_transaction, share_moved_transaction, taken_over_transaction, top_up_transaction,
};
use crate::journal::{self, Account, Entry, Journal, JournalEvent, Source, Transaction};
use crate::money::Fen;
use crate::payment::{Channel, Order, RefundOrder, Use};
use crate::refusal::Refusal;
use crate::wallet::Split;

/// A transaction's stream and its event; nothing if no money moved.
pub(super) type Posting = Option<(TransactionId, Vec<JournalEvent>)>;

/// Whom and when a posting concerns.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub hall_id: Option<HallId>,
    pub member_id: MemberId,
    pub at: Timestamp,
}

impl Context {
    /// Money came in over the counter, with a bonus on top.
    pub(super) fn top_up(self, top_up_id: TopUpId, amount: Split) -> Transaction {
        self.transaction(
            top_up_transaction(top_up_id),
            Source::TopUp(top_up_id),
            &[
                (Account::CounterClearing, amount.principal),
                (Account::BonusCost, amount.bonus),
                (Account::MemberPrincipal, -amount.principal),
                (Account::MemberBonus, -amount.bonus),
            ],
        )
    }

    /// A provider took money for an order; `bonus` is given on top of what is served.
    pub(super) fn order(self, order: &Order, paid: Fen, used: Use, bonus: Fen) -> Result<Posting, Refusal> {
        let bonus = if used == Use::Served { bonus } else { Fen::ZERO };
        post(self.transaction(
            order_transaction(order.order_no),
            Source::Order(order.order_no),
            &[
                (Account::clearing(order.channel), paid),
                (Account::BonusCost, bonus),
                (kept_as(used), -paid),
                (Account::MemberBonus, -bonus),
            ],
        ))
    }

    /// Somebody decided what is done with money that was suspended.
    pub(super) fn order_resolved(self, order: &Order, paid: Fen, used: Use) -> Result<Posting, Refusal> {
        post(self.transaction(
            order_resolved_transaction(order.order_no),
            Source::Order(order.order_no),
            &[(Account::Suspense, paid), (kept_as(used), -paid)],
        ))
    }

    /// Principal left a wallet to go back, and the bonus that was given for it is not given after all.
    pub(super) fn withdrawn(self, refund_id: RefundId, taken: Split) -> Result<Posting, Refusal> {
        post(self.transaction(
            refund_asked_transaction(refund_id),
            Source::Refund(refund_id),
            &[
                (Account::MemberPrincipal, taken.principal),
                (Account::MemberBonus, taken.bonus),
                (Account::RefundsPayable, -taken.principal),
                (Account::BonusCost, -taken.bonus),
            ],
        ))
    }

    /// A refund was rejected: what was withdrawn is in the wallet again.
    pub(super) fn restored(self, refund_id: RefundId, taken: Split) -> Result<Posting, Refusal> {
        post(self.transaction(
            refund_rejected_transaction(refund_id),
            Source::Refund(refund_id),
            &[
                (Account::RefundsPayable, taken.principal),
                (Account::BonusCost, taken.bonus),
                (Account::MemberPrincipal, -taken.principal),
                (Account::MemberBonus, -taken.bonus),
            ],
        ))
    }

    /// A refund arrived through its provider. `from` is the account that stood for it.
    pub(super) fn refund(self, refund: &RefundOrder, refund_id: RefundId, from: Account) -> Result<Posting, Refusal> {
        post(self.transaction(
            refund_transaction(refund_id),
            Source::Refund(refund_id),
            &[
                (from, refund.amount),
                (Account::clearing(refund.channel), -refund.amount),
            ],
        ))
    }

    /// A refund was paid out at the counter instead.
    pub(super) fn refund_by_hand(self, refund: &RefundOrder, refund_id: RefundId) -> Result<Posting, Refusal> {
        post(self.transaction(
            refund_by_hand_transaction(refund_id),
            Source::Refund(refund_id),
            &[
                (Account::RefundsPayable, refund.amount),
                (Account::CounterClearing, -refund.amount),
            ],
        ))
    }

    /// A guest's wallet gave everything to the wallet of the member who the guest is.
    pub(super) fn handed_over(self, balance: Split, owed: Fen) -> Result<Posting, Refusal> {
        post(self.transaction(
            handed_over_transaction(self.member_id),
            Source::GuestMerged(self.member_id),
            &[
                (Account::MemberPrincipal, balance.principal),
                (Account::MemberBonus, balance.bonus),
                (Account::Receivable, -owed),
                (Account::WalletTransfers, owed - balance.total()),
            ],
        ))
    }

    /// A member's wallet took in what was a guest's.
    pub(super) fn taken_over(self, guest_id: MemberId, balance: Split, owed: Fen) -> Result<Posting, Refusal> {
        post(self.transaction(
            taken_over_transaction(guest_id),
            Source::GuestMerged(guest_id),
            &[
                (Account::WalletTransfers, balance.total() - owed),
                (Account::Receivable, owed),
                (Account::MemberPrincipal, -balance.principal),
                (Account::MemberBonus, -balance.bonus),
            ],
        ))
    }

    /// The staff gave something back for a session.
    pub(super) fn compensation(self, terms: &CompensationTerms) -> Result<Posting, Refusal> {
        post(self.transaction(
            compensation_transaction(terms.compensation_id),
            Source::Compensation(terms.compensation_id),
            &[
                (Account::Compensation, terms.amount),
                (Account::MemberPrincipal, -terms.amount),
            ],
        ))
    }

    /// Prepaid time was bought, the session's `ordinal`-th purchase.
    pub(super) fn prepaid(self, session_id: SessionId, ordinal: usize, amount: Split) -> Result<Posting, Refusal> {
        post(self.transaction(
            prepaid_transaction(session_id, ordinal),
            Source::Prepaid(session_id),
            &[
                (Account::MemberPrincipal, amount.principal),
                (Account::MemberBonus, amount.bonus),
                (Account::PrepaidDeferred, -amount.total()),
            ],
        ))
    }

    /// Prepaid time was paid back.
    pub(super) fn prepaid_refund(self, session_id: SessionId, amount: Split) -> Result<Posting, Refusal> {
        post(self.transaction(
            prepaid_refund_transaction(session_id),
            Source::PrepaidRefund(session_id),
            &[
                (Account::PrepaidDeferred, amount.total()),
                (Account::MemberPrincipal, -amount.principal),
                (Account::MemberBonus, -amount.bonus),
            ],
        ))
    }

    /// Prepaid time was earned, and goods were taken, or as much of them as there was.
    pub(super) fn prepaid_settlement(
        self,
        session_id: SessionId,
        time: Fen,
        goods: Split,
        outstanding: Fen,
    ) -> Result<Posting, Refusal> {
        post(self.transaction(
            settlement_transaction(session_id),
            Source::Settlement(session_id),
            &[
                (Account::PrepaidDeferred, time),
                (Account::MemberPrincipal, goods.principal),
                (Account::MemberBonus, goods.bonus),
                (Account::Receivable, outstanding),
                (Account::Revenue, -(time + goods.total() + outstanding)),
            ],
        ))
    }

    /// A postpaid bill was taken, or as much of it as there was.
    pub(super) fn settlement(
        self,
        session_id: SessionId,
        captured: Split,
        outstanding: Fen,
    ) -> Result<Posting, Refusal> {
        post(self.transaction(
            settlement_transaction(session_id),
            Source::Settlement(session_id),
            &[
                (Account::MemberPrincipal, captured.principal),
                (Account::MemberBonus, captured.bonus),
                (Account::Receivable, outstanding),
                (Account::Revenue, -(captured.total() + outstanding)),
            ],
        ))
    }

    /// What was owed was paid from a top-up.
    pub(super) fn debt_payment(
        self,
        session_id: SessionId,
        top_up_id: TopUpId,
        paid: Split,
    ) -> Result<Posting, Refusal> {
        post(self.transaction(
            debt_transaction(session_id, top_up_id),
            Source::DebtPayment(session_id),
            &[
                (Account::MemberPrincipal, paid.principal),
                (Account::MemberBonus, paid.bonus),
                (Account::Receivable, -paid.total()),
            ],
        ))
    }

    /// What was owed was paid from the wallet, all of it: this happens to a session once.
    pub(super) fn bill_payment(self, session_id: SessionId, paid: Split) -> Result<Posting, Refusal> {
        post(self.transaction(
            bill_payment_transaction(session_id),
            Source::DebtPayment(session_id),
            &[
                (Account::MemberPrincipal, paid.principal),
                (Account::MemberBonus, paid.bonus),
                (Account::Receivable, -paid.total()),
            ],
        ))
    }

    /// A share of somebody's bill was set aside.
    pub(super) fn share_charged(self, share_id: ShareId, amount: Split) -> Result<Posting, Refusal> {
        post(self.transaction(
            share_charged_transaction(share_id),
            Source::Share(share_id),
            &[
                (Account::MemberPrincipal, amount.principal),
                (Account::MemberBonus, amount.bonus),
                (Account::SharesHeld, -amount.total()),
            ],
        ))
    }

    /// A share that was set aside came into a wallet: that of whose bill it is, or the one that it came from.
    pub(super) fn share_moved(self, share_id: ShareId, amount: Split) -> Result<Posting, Refusal> {
        post(self.transaction(
            share_moved_transaction(share_id),
            Source::Share(share_id),
            &[
                (Account::SharesHeld, amount.total()),
                (Account::MemberPrincipal, -amount.principal),
                (Account::MemberBonus, -amount.bonus),
            ],
        ))
    }

    /// A provider keeps some of what it took, or gives some of that back.
    pub(super) fn provider_fees(
        self,
        channel: Channel,
        reconciliation_id: ReconciliationId,
        run: u32,
        kept: Fen,
    ) -> Result<Posting, Refusal> {
        post(self.transaction(
            provider_fees_transaction(reconciliation_id, run),
            Source::ProviderFees(reconciliation_id),
            &[(Account::ProviderFees, kept), (Account::clearing(channel), -kept)],
        ))
    }

    fn transaction(self, transaction_id: TransactionId, source: Source, amounts: &[(Account, Fen)]) -> Transaction {
        Transaction {
            transaction_id,
            hall_id: self.hall_id,
            member_id: self.member_id,
            source,
            entries: amounts
                .iter()
                .filter(|(_, amount)| *amount != Fen::ZERO)
                .map(|&(account, amount)| Entry { account, amount })
                .collect(),
            at: self.at,
        }
    }
}

/// The account that stands for what a provider took.
const fn kept_as(used: Use) -> Account {
    match used {
        Use::Served => Account::MemberPrincipal,
        Use::Returned => Account::RefundsPayable,
        Use::Suspended => Account::Suspense,
    }
}

/// Posts to a new stream. That it is new is guarded by what it is derived from, and by the log's expected version.
fn post(transaction: Transaction) -> Result<Posting, Refusal> {
    if transaction.entries.is_empty() {
        return Ok(None);
    }
    let transaction_id = transaction.transaction_id;
    let events = journal::decide::post(&Journal::default(), transaction)?;
    Ok(Some((transaction_id, events)))
}
