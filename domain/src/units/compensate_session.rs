//! The staff give back a part of what was paid for a session: into the wallet of whoever played.

use jiff::Timestamp;
use uuid::Uuid;

use crate::compensation::{self, Compensation, CompensationEvent, CompensationTerms};
use crate::ids::{CompensationId, TransactionId, compensation_top_up};
use crate::journal::JournalEvent;
use crate::member::Member;
use crate::money::Fen;
use crate::payment::PaymentPolicy;
use crate::refusal::Refusal;
use crate::session::{self, TableSession};
use crate::wallet::{self, Split, TopUpChannel, Wallet, WalletEvent};

use super::credit_top_up::debt_postings;
use super::postings::Context;

/// What it is decided from. Member and wallet are those of the session's player.
#[derive(Clone, Copy, Debug)]
pub struct CompensateInput<'a> {
    /// The session.
    pub session: &'a TableSession,
    /// What was given for it before.
    pub compensation: &'a Compensation,
    /// Who played.
    pub member: &'a Member,
    /// The player's wallet.
    pub wallet: &'a Wallet,
    /// When.
    pub now: Timestamp,
}

/// What somebody of the staff wants to give.
#[derive(Clone, Debug)]
pub struct CompensationAsked {
    /// The new compensation.
    pub compensation_id: CompensationId,
    /// How much, > 0.
    pub amount: Fen,
    /// Who.
    pub by: Uuid,
    /// Why.
    pub reason: String,
}

/// What is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompensationChanges {
    /// For the session's compensations.
    pub compensation: Vec<CompensationEvent>,
    /// For the wallet.
    pub wallet: Vec<WalletEvent>,
    /// For new streams of the journal, one per transaction.
    pub journal: Vec<(TransactionId, Vec<JournalEvent>)>,
}

/// Gives back a part of what was paid. Above the chain's limit for refunds somebody else has to approve it first.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `SESSION_STILL_OPEN`, `SESSION_NOT_SETTLED`, `SESSION_CANCELLED`, `MEMBER_NOT_FOUND`, `MEMBER_MERGED`, `MEMBER_ERASED`,
/// `GUEST_NOT_ALLOWED`, `INVALID_ARGUMENT`, `COMPENSATION_EXISTS`, `COMPENSATION_TOO_MUCH` (with the fact `left_fen`), `COMPENSATION_TOO_MANY`,
/// `TOO_MANY_TOP_UPS`.
pub fn compensate_session(
    input: CompensateInput<'_>,
    policy: &PaymentPolicy,
    asked: CompensationAsked,
) -> Result<CompensationChanges, Refusal> {
    let opening = session::decide::settled(input.session)?;
    let profile = input.member.members_only()?;
    let terms = CompensationTerms {
        compensation_id: asked.compensation_id,
        session_id: opening.session_id,
        hall_id: opening.hall_id,
        chain_id: profile.chain_id,
        member_id: opening.member_id,
        amount: asked.amount,
        reason: asked.reason,
        asked_by: asked.by,
    };
    // All of a session counts: a large sum is not made of small ones.
    let needs_approval = input.compensation.promised() + terms.amount > policy.refund_approval_above;
    let paid = paid(&input);
    let events = compensation::decide::ask(input.compensation, terms.clone(), paid, needs_approval, input.now)?;
    if events.is_empty() || needs_approval {
        return Ok(CompensationChanges {
            compensation: events,
            ..CompensationChanges::default()
        });
    }
    give(&input, &terms, events)
}

/// Approves what waits: it is in the wallet.
///
/// # Errors
/// `COMPENSATION_NOT_FOUND`, `SECOND_PERSON_REQUIRED`, `COMPENSATION_NOT_WAITING`, `MEMBER_MERGED`, `MEMBER_ERASED`, `TOO_MANY_TOP_UPS`.
pub fn approve_compensation(
    input: CompensateInput<'_>,
    compensation_id: CompensationId,
    by: Uuid,
) -> Result<CompensationChanges, Refusal> {
    let events = compensation::decide::approve(input.compensation, compensation_id, by, input.now)?;
    if events.is_empty() {
        return Ok(CompensationChanges::default());
    }
    input.member.members_only()?;
    let part = compensation::decide::asked(input.compensation, compensation_id)?;
    give(&input, &part.terms, events)
}

/// What was paid for the session, at its settlement and since.
fn paid(input: &CompensateInput<'_>) -> Fen {
    let (Some(opening), Some(closing)) = (&input.session.opening, &input.session.closing) else {
        return Fen::ZERO;
    };
    let debts = input.wallet.debts.iter();
    let owed = debts.filter(|debt| debt.session_id == opening.session_id);
    let owed: Fen = owed.map(|debt| debt.outstanding).sum();
    closing.bill.total.saturating_sub_zero(owed)
}

fn give(
    input: &CompensateInput<'_>,
    terms: &CompensationTerms,
    compensation: Vec<CompensationEvent>,
) -> Result<CompensationChanges, Refusal> {
    let top_up_id = compensation_top_up(terms.compensation_id);
    let amount = Split {
        principal: terms.amount,
        bonus: Fen::ZERO,
    };
    let channel = TopUpChannel::Compensation {
        session_id: terms.session_id,
    };
    let wallet = wallet::decide::credit_top_up(input.wallet, terms.member_id, top_up_id, channel, amount, input.now)?;
    let context = Context {
        hall_id: Some(terms.hall_id),
        member_id: terms.member_id,
        at: input.now,
    };
    let mut journal = Vec::new();
    journal.extend(context.compensation(terms)?);
    journal.extend(debt_postings(input.wallet, &wallet, top_up_id, context)?);
    Ok(CompensationChanges {
        compensation,
        wallet,
        journal,
    })
}
