//! A refund arrives, or somebody settles it: journal and payment follow in the same unit.

use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::replacement_refund;
use crate::journal::Account;
use crate::payment::{self, Channel, Payment, RefundNo};
use crate::refund::{self, Refund, RefundEvent, RefundOutcome, RefundRequest, RefundResolution, Stage};
use crate::refusal::Refusal;
use crate::units::postings::Context;

use super::PaymentChanges;

/// What it is decided from. The payment is that whose order is paid back.
#[derive(Clone, Copy, Debug)]
pub struct RefundInput<'a> {
    /// The refund.
    pub refund: &'a Refund,
    /// The payment.
    pub payment: &'a Payment,
    /// When.
    pub now: Timestamp,
}

/// Records what became known of a refund; what was known changes nothing.
///
/// # Errors
/// `REFUND_NOT_FOUND`.
pub fn record_refund(
    input: RefundInput<'_>,
    channel: Channel,
    outcome: RefundOutcome,
) -> Result<PaymentChanges, Refusal> {
    let events = refund::decide::record(input.refund, channel, outcome, input.now)?;
    let request = refund::decide::requested(input.refund)?;
    let arrived = events
        .iter()
        .any(|event| matches!(event, RefundEvent::RefundSucceeded { .. }));
    // What was given back in another way meanwhile has been given twice: somebody will have to explain it.
    let from = match input.refund.stage {
        Stage::SettledByHand | Stage::Replaced => Account::Suspense,
        _ => Account::RefundsPayable,
    };
    let posting = match arrived {
        true => context(&input, request).refund(&request.order, request.refund_id, from)?,
        false => None,
    };
    Ok(PaymentChanges {
        refund: events,
        journal: posting.into_iter().collect(),
        ..PaymentChanges::default()
    })
}

/// Settles a refund that did not arrive.
///
/// # Errors
/// `REFUND_NOT_FOUND`, `REFUND_NOT_FAILED`, `REFUND_NOT_CLOSED`, `INVALID_ARGUMENT`.
pub fn resolve_refund(
    input: RefundInput<'_>,
    resolution: RefundResolution,
    by: Uuid,
    reason: String,
) -> Result<PaymentChanges, Refusal> {
    let refund = input.refund;
    match resolution {
        RefundResolution::Retry => Ok(PaymentChanges {
            refund: refund::decide::retry(refund, by, reason, input.now)?,
            ..PaymentChanges::default()
        }),
        RefundResolution::Replace => replace(&input, by, reason),
        RefundResolution::SettledByHand => {
            let events = refund::decide::settle_by_hand(refund, by, reason, input.now)?;
            let request = refund::decide::requested(refund)?;
            let posting = context(&input, request).refund_by_hand(&request.order, request.refund_id)?;
            Ok(PaymentChanges {
                refund: events,
                journal: posting.into_iter().collect(),
                ..PaymentChanges::default()
            })
        }
    }
}

/// The replacement needs nobody's word: what it replaces had it.
fn replace(input: &RefundInput<'_>, by: Uuid, reason: String) -> Result<PaymentChanges, Refusal> {
    let request = refund::decide::requested(input.refund)?;
    let replacement_id = replacement_refund(request.refund_id);
    let mut order = request.order.clone();
    order.refund_no = RefundNo(replacement_id);
    let replacement = RefundRequest {
        refund_id: replacement_id,
        order,
        ..request.clone()
    };
    let mut payment = payment::decide::release_refund(input.payment, request.refund_id, input.now);
    let mut after = input.payment.clone();
    payment.iter().for_each(|event| after.evolve(event));
    payment.extend(payment::decide::reserve_refund(
        &after,
        replacement_id,
        request.order.order_no.attempt(),
        request.order.amount,
        input.now,
    )?);
    let new = refund::decide::request_refund(&Refund::default(), replacement, false, input.now)?;
    Ok(PaymentChanges {
        refund: refund::decide::replace(input.refund, replacement_id, by, reason, input.now)?,
        new_refunds: vec![(replacement_id, new)],
        payment,
        ..PaymentChanges::default()
    })
}

fn context(input: &RefundInput<'_>, request: &RefundRequest) -> Context {
    Context {
        hall_id: input.payment.intent.as_ref().and_then(|intent| intent.hall_id),
        member_id: request.member_id,
        at: input.now,
    }
}
