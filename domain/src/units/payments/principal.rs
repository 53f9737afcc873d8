//! Principal is asked back, or what a guest has left goes back by itself; and somebody else decides on what is much.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::{ChainId, MemberId, PaymentIntentId, RefundId, derived, principal_refund, refund_credit};
use crate::member::{Member, MemberError, MemberKind};
use crate::money::Fen;
use crate::payment::{self, Payment, PaymentError, PaymentPolicy, RefundNo, RefundOrder};
use crate::refund::{self, Refund, RefundBasis, RefundRequest};
use crate::refusal::{InvalidField, Refusal};
use crate::units::credit_top_up::debt_postings;
use crate::units::postings::Context;
use crate::wallet::{self, LotShare, Wallet, withdraw};

use super::PaymentChanges;

/// Characters of what the payer reads, at most.
const PAYER_READS_CHARS_MAX: usize = 26;

/// What it is decided from.
#[derive(Clone, Copy, Debug)]
pub struct WithdrawInput<'a> {
    /// Makes the refunds' ids; without one they follow from what was refunded before.
    pub request_id: Option<Uuid>,
    /// Whose money it is.
    pub member: &'a Member,
    /// The person's wallet.
    pub wallet: &'a Wallet,
    /// The payments of the lots that are touched.
    pub payments: &'a BTreeMap<PaymentIntentId, Payment>,
    /// The chain's rules.
    pub policy: &'a PaymentPolicy,
    /// When.
    pub now: Timestamp,
}

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// How much principal, > 0.
    pub amount: Fen,
    /// Who asks.
    pub by: Uuid,
    /// Why; the payer reads it.
    pub reason: String,
}

/// Gives principal back to the orders that it came from, each by a refund of its own. When it comes, with what went back in the 24 hours before, to more than
/// the policy's limit, somebody else has to approve it; the money is out of the wallet meanwhile.
///
/// # Errors
/// `MEMBER_NOT_FOUND`, `MEMBER_MERGED`, `MEMBER_ERASED`, `INVALID_ARGUMENT`, `REFUND_AT_COUNTER` (with the fact `refundable_fen`), `MONEY_HELD`.
pub fn request_principal_refund(input: WithdrawInput<'_>, asked: Asked) -> Result<PaymentChanges, Refusal> {
    let profile = input.member.active()?;
    InvalidField::unless(
        asked.amount.is_positive() && asked.amount <= Fen::MAX_INPUT,
        "amount",
        "must be 1 to 1000000000 fen",
    )?;
    InvalidField::unless_text(&asked.reason, PAYER_READS_CHARS_MAX, "reason")?;
    let shares = withdraw::shares(input.wallet, asked.amount)?;
    // All of a day counts: a large sum is not made of small ones.
    let needs_approval = input.wallet.withdrawn_lately(input.now) + asked.amount > input.policy.refund_approval_above;
    let whose = (profile.chain_id, profile.member_id);
    send_back(&input, &shares, whose, &asked.reason, Some(asked.by), needs_approval)
}

/// Gives back what a guest has left; whoever is a member by now keeps it.
///
/// # Errors
/// `MEMBER_NOT_FOUND`.
pub fn return_leftover(input: WithdrawInput<'_>) -> Result<PaymentChanges, Refusal> {
    let profile = input.member.profile.as_deref().ok_or(MemberError::NotFound)?;
    if profile.kind != MemberKind::Guest {
        return Ok(PaymentChanges::default());
    }
    let shares = withdraw::leftover(input.wallet);
    let whose = (profile.chain_id, profile.member_id);
    send_back(&input, &shares, whose, "未消费金额，原路退回", None, false)
}

/// Rejects a refund that waits for somebody's word: the money is in the wallet again, or in that of the member `holder` who the guest that it was
/// withdrawn from turned out to be.
///
/// # Errors
/// `REFUND_NOT_FOUND`, `SECOND_PERSON_REQUIRED`, `REFUND_NOT_WAITING`, `INVALID_ARGUMENT`, `TOO_MANY_TOP_UPS`.
pub fn reject_refund(
    refund: &Refund,
    payment: &Payment,
    (holder, wallet): (MemberId, &Wallet),
    by: Uuid,
    reason: String,
    now: Timestamp,
) -> Result<PaymentChanges, Refusal> {
    let events = refund::decide::reject(refund, by, reason, now)?;
    let request = refund::decide::requested(refund)?;
    if events.is_empty() {
        return Ok(PaymentChanges::default());
    }
    let mut changes = PaymentChanges {
        refund: events,
        payment: payment::decide::release_refund(payment, request.refund_id, now),
        ..PaymentChanges::default()
    };
    if let RefundBasis::Wallet(share) = request.basis {
        changes.wallet = match holder == request.member_id {
            true => vec![withdraw::restore(request.refund_id, share, now)],
            false => wallet::decide::take_over(wallet, holder, request.member_id, vec![share], Vec::new(), now)?,
        };
        let context = context(holder, now);
        changes
            .journal
            .extend(context.restored(request.refund_id, share.taken)?);
        let credit = refund_credit(request.refund_id);
        changes
            .journal
            .extend(debt_postings(wallet, &changes.wallet, credit, context)?);
    }
    Ok(changes)
}

fn send_back(
    input: &WithdrawInput<'_>,
    shares: &[LotShare],
    (chain_id, member_id): (ChainId, MemberId),
    reason: &str,
    requested_by: Option<Uuid>,
    needs_approval: bool,
) -> Result<PaymentChanges, Refusal> {
    let mut changes = PaymentChanges::default();
    for share in shares {
        let (channel, order_no) = share.origin.order().ok_or(PaymentError::NotFound)?;
        let payment = input.payments.get(&order_no.intent_id).ok_or(PaymentError::NotFound)?;
        let request_id = input.request_id.unwrap_or_else(|| {
            let before = payment.refunds.len().to_string();
            derived(&["leftover", &before])
        });
        let refund_id: RefundId = principal_refund(request_id, order_no);
        let amount = share.taken.principal;
        let request = RefundRequest {
            refund_id,
            chain_id,
            member_id,
            order: RefundOrder {
                channel,
                order_no,
                refund_no: RefundNo(refund_id),
                amount,
                paid: share.origin.credited.principal,
                reason: reason.to_owned(),
            },
            basis: RefundBasis::Wallet(*share),
            requested_by,
        };
        let reserved = payment::decide::reserve_refund(payment, refund_id, order_no.attempt(), amount, input.now)?;
        changes.payments.push((order_no.intent_id, reserved));
        changes.wallet.push(withdraw::withdraw(refund_id, *share, input.now));
        let events = refund::decide::request_refund(&Refund::default(), request, needs_approval, input.now)?;
        changes.new_refunds.push((refund_id, events));
        let context = context(member_id, input.now);
        changes.journal.extend(context.withdrawn(refund_id, share.taken)?);
    }
    Ok(changes)
}

const fn context(member_id: MemberId, at: Timestamp) -> Context {
    Context {
        hall_id: None,
        member_id,
        at,
    }
}
