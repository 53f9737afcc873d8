//! How events change payments, and what waits for somebody.
//!
//! What a payment and a refund are is told by the domain's own fold, so that a list cannot call paid what a decision takes for open.

use std::collections::BTreeMap;

use baize_domain::Event;
use baize_domain::payment::decide::suspended;
use baize_domain::payment::{AttemptState, Payment, PaymentEvent};
use baize_domain::refund::{Refund, RefundEvent, RefundFailure, Stage};
use jiff::Timestamp;
use sqlx::types::Json;
use uuid::Uuid;

use crate::engine::{Contradiction, Decoded};

use super::compensations;
use super::rows::{PaymentRow, RefundNote, RefundRow, ReviewReason, ReviewRow};
use super::state::PaymentsState;

pub(super) fn fold(state: &mut PaymentsState, decoded: &Decoded<'_>) -> Result<(), Contradiction> {
    let (id, position) = (stream_id(decoded)?, decoded.position());
    match &decoded.event {
        Event::Payment(event) => payment(state, id, event, position),
        Event::Refund(event) => refund(state, id, event, position),
        Event::Compensation(event) => compensations::compensation(state, event, position),
        _ => Ok(()),
    }
}

/// The payment or refund that an event is about.
pub(super) fn stream_id(decoded: &Decoded<'_>) -> Result<Uuid, Contradiction> {
    let stream = &decoded.recorded.stream;
    stream
        .aggregate_id
        .parse()
        .map_err(|_| Contradiction(format!("the id of stream {stream} is no UUID")))
}

fn payment(state: &mut PaymentsState, id: Uuid, event: &PaymentEvent, position: i64) -> Result<(), Contradiction> {
    let at = event.at();
    if let PaymentEvent::PaymentStarted { intent, .. } = event {
        state.payments.put(PaymentRow {
            intent_id: id,
            chain_id: intent.chain_id.0,
            hall_id: intent.hall_id.map(|hall_id| hall_id.0),
            member_id: intent.payer.0,
            status: Payment::default().phase.into(),
            channel: None,
            payment: Json::default(),
            refunds: Json(BTreeMap::new()),
            started_at: at.into(),
            changed_at: at.into(),
            started: position,
            position,
        });
    }
    let Some(row) = state.payments.change(id) else {
        return Err(Contradiction(format!("payment {id} never began")));
    };
    row.payment.0.evolve(event);
    row.status = row.payment.phase.into();
    row.channel = row.payment.attempts.last().map(|attempt| attempt.order.channel.into());
    row.changed_at = at.into();
    row.position = position;
    let (chain_id, why) = (row.chain_id, payment_waits(&row.payment));
    let subject = Subject {
        review_id: id,
        intent_id: id,
        chain_id,
        refund_id: None,
    };
    review(state, subject, why, at, position);
    Ok(())
}

fn refund(state: &mut PaymentsState, id: Uuid, event: &RefundEvent, position: i64) -> Result<(), Contradiction> {
    if let RefundEvent::RefundRequested { request, .. } = event {
        state.refunds.put(RefundRow {
            refund_id: id,
            intent_id: request.order.order_no.intent_id.0,
            requested: position,
        });
    }
    let Some(intent_id) = state.refunds.get(id).map(|refund| refund.intent_id) else {
        return Err(Contradiction(format!("refund {id} was never asked for")));
    };
    let Some(row) = state.payments.change(intent_id) else {
        return Err(Contradiction(format!(
            "refund {id} is of payment {intent_id}, which never began"
        )));
    };
    let at = event.at();
    let note = row.refunds.entry(id).or_insert_with(|| RefundNote {
        refund: Refund::default(),
        requested: position,
        requested_at: at,
        changed_at: at,
    });
    note.refund.evolve(event);
    note.changed_at = at;
    let why = refund_waits(&note.refund);
    row.changed_at = at.into();
    row.position = position;
    let subject = Subject {
        review_id: id,
        intent_id,
        chain_id: row.chain_id,
        refund_id: Some(id),
    };
    review(state, subject, why, at, position);
    Ok(())
}

/// What may wait for somebody.
struct Subject {
    review_id: Uuid,
    intent_id: Uuid,
    chain_id: Uuid,
    refund_id: Option<Uuid>,
}

/// Puts it into the queue or takes it out. What waits for another reason now keeps its place.
fn review(state: &mut PaymentsState, subject: Subject, why: Option<ReviewReason>, at: Timestamp, position: i64) {
    let known = state.reviews.get(subject.review_id);
    let waits = known.is_some_and(|review| review.open);
    match (why, waits) {
        (None, false) => {}
        (None, true) | (Some(_), true) => {
            if let Some(review) = state.reviews.change(subject.review_id) {
                review.open = why.is_some();
                review.why = why.unwrap_or(review.why);
                review.position = position;
            }
        }
        (Some(why), false) => state.reviews.put(ReviewRow {
            review_id: subject.review_id,
            intent_id: subject.intent_id,
            chain_id: subject.chain_id,
            refund_id: subject.refund_id,
            why,
            open: true,
            since_at: at.into(),
            since: position,
            position,
        }),
    }
}

/// Whether somebody must decide on a payment: exactly what can be settled by hand.
fn payment_waits(payment: &Payment) -> Option<ReviewReason> {
    if suspended(payment).is_some() {
        return Some(ReviewReason::OtherAmountPaid);
    }
    let unclear = payment
        .attempts
        .iter()
        .any(|attempt| attempt.state == AttemptState::Unclear);
    unclear.then_some(ReviewReason::PaymentUnclear)
}

fn refund_waits(refund: &Refund) -> Option<ReviewReason> {
    match &refund.stage {
        Stage::Requested => Some(ReviewReason::RefundNeedsApproval),
        Stage::Failed(failure) => Some(match failure {
            RefundFailure::Abnormal => ReviewReason::RefundAbnormal,
            RefundFailure::Closed => ReviewReason::RefundClosed,
            RefundFailure::Declined { .. } => ReviewReason::RefundDeclined,
            RefundFailure::Unanswered => ReviewReason::RefundUnanswered,
            RefundFailure::OtherAmount { .. } => ReviewReason::RefundOtherAmount,
        }),
        Stage::Unrequested
        | Stage::Approved
        | Stage::Sent
        | Stage::Succeeded
        | Stage::Rejected
        | Stage::Replaced
        | Stage::SettledByHand => None,
    }
}
