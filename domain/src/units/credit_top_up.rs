//! A top-up comes in: the wallet is opened if need be, credited, and its debts are paid first.

use jiff::Timestamp;

use crate::ids::{MemberId, TopUpId, TransactionId};
use crate::journal::{self, Journal, JournalEvent};
use crate::member::Member;
use crate::refusal::Refusal;
use crate::wallet::{self, Split, TopUpChannel, Wallet, WalletEvent};

use super::Changes;
use super::postings::Context;

/// What it is decided from.
#[derive(Clone, Copy, Debug)]
pub struct CreditTopUpInput<'a> {
    /// Whose wallet.
    pub member_id: MemberId,
    /// The top-up.
    pub top_up_id: TopUpId,
    /// How it came in.
    pub channel: TopUpChannel,
    /// Principal and bonus.
    pub amount: Split,
    /// Who it is.
    pub member: &'a Member,
    /// The member's wallet.
    pub wallet: &'a Wallet,
    /// The stream of [`crate::ids::top_up_transaction`], which tells whether the top-up was credited before.
    pub journal: &'a Journal,
    /// When.
    pub now: Timestamp,
}

/// Credits a top-up; the same top-up again changes nothing.
///
/// # Errors
/// `MEMBER_NOT_FOUND`, `MEMBER_MERGED`, `MEMBER_ERASED`, `GUEST_NOT_ALLOWED`, `INVALID_ARGUMENT`, `TRANSACTION_EXISTS` (the id was used for another top-up), `TOO_MANY_TOP_UPS`.
pub fn credit_top_up(input: CreditTopUpInput<'_>) -> Result<Changes, Refusal> {
    let CreditTopUpInput {
        member_id,
        top_up_id,
        channel,
        amount,
        member,
        wallet,
        journal,
        now,
    } = input;
    let context = Context {
        hall_id: None,
        member_id,
        at: now,
    };
    let transaction = context.top_up(top_up_id, amount);
    let transaction_id = transaction.transaction_id;
    if journal.posted.is_some() {
        journal::decide::post(journal, transaction)?;
        return Ok(Changes::default());
    }
    member.members_only()?;
    let events = wallet::decide::credit_top_up(wallet, member_id, top_up_id, channel, amount, now)?;
    let mut postings = vec![(transaction_id, journal::decide::post(journal, transaction)?)];
    postings.extend(debt_postings(wallet, &events, top_up_id, context)?);
    Ok(Changes {
        wallet: events,
        journal: postings,
        ..Changes::default()
    })
}

/// The postings of the debts that a top-up pays. `wallet` is as it was before.
pub(super) fn debt_postings(
    wallet: &Wallet,
    events: &[WalletEvent],
    top_up_id: TopUpId,
    context: Context,
) -> Result<Vec<(TransactionId, Vec<JournalEvent>)>, Refusal> {
    let mut postings = Vec::new();
    for event in events {
        if let WalletEvent::DebtPaid { session_id, paid, .. } = event {
            let debt = wallet.debts.iter().find(|debt| debt.session_id == *session_id);
            let context = Context {
                hall_id: debt.map(|debt| debt.hall_id),
                ..context
            };
            postings.extend(context.debt_payment(*session_id, top_up_id, *paid)?);
        }
    }
    Ok(postings)
}
