//! The journal's side of what happens in wallets. Debits are positive, credits negative.

use jiff::Timestamp;

use crate::ids::{
    HallId, MemberId, SessionId, TopUpId, TransactionId, bill_payment_transaction, debt_transaction,
    prepaid_refund_transaction, prepaid_transaction, settlement_transaction, top_up_transaction,
};
use crate::journal::{self, Account, Entry, Journal, JournalEvent, Source, Transaction};
use crate::money::Fen;
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

    /// Prepaid time was earned.
    pub(super) fn prepaid_settlement(self, session_id: SessionId, total: Fen) -> Result<Posting, Refusal> {
        post(self.transaction(
            settlement_transaction(session_id),
            Source::Settlement(session_id),
            &[(Account::PrepaidDeferred, total), (Account::Revenue, -total)],
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

/// Posts to a new stream. That it is new is guarded by what it is derived from, and by the log's expected version.
fn post(transaction: Transaction) -> Result<Posting, Refusal> {
    if transaction.entries.is_empty() {
        return Ok(None);
    }
    let transaction_id = transaction.transaction_id;
    let events = journal::decide::post(&Journal::default(), transaction)?;
    Ok(Some((transaction_id, events)))
}
