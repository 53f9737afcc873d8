//! What a payment decides.

use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::RefundId;
use crate::money::Fen;
use crate::refusal::InvalidField;
use crate::tariff::pricing::seconds_after;

use super::{
    Attempt, AttemptFailure, AttemptState, Channel, Decline, Intent, Order, OrderNo, OrderOutcome, Paid, Payment,
    PaymentCommand, PaymentError, PaymentEvent, PaymentFailure, PaymentResolution, Phase, Presentation, Presented, Use,
};

/// Attempts of one payment, at most, whatever became of them.
pub const ATTEMPTS_MAX: usize = 20;
/// Providers want a minute between the making of an order and its end; a little more for the way.
const ORDER_SECONDS_MIN: u32 = 70;
/// Characters of a reason, at most.
pub(crate) const REASON_CHARS_MAX: usize = 200;

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(payment: &Payment, command: PaymentCommand) -> Result<Vec<PaymentEvent>, PaymentError> {
    match command {
        PaymentCommand::Start {
            intent,
            channel,
            presentation,
            at,
        } => start(payment, *intent, channel, presentation, at),
        PaymentCommand::Try {
            channel,
            presentation,
            at,
        } => try_again(payment, channel, presentation, at),
        PaymentCommand::Record {
            channel,
            order_no,
            outcome,
            servable,
            at,
        } => record(payment, channel, order_no, outcome, servable, at),
        PaymentCommand::Cancel { at } => cancel(payment, at),
        PaymentCommand::Expire { at } => expire(payment, at),
        PaymentCommand::Resolve {
            resolution,
            by,
            reason,
            servable,
            at,
        } => resolve(payment, resolution, by, reason, servable, at),
        PaymentCommand::ReserveRefund {
            refund_id,
            attempt,
            amount,
            at,
        } => reserve_refund(payment, refund_id, attempt, amount, at),
        PaymentCommand::ReleaseRefund { refund_id, at } => Ok(release_refund(payment, refund_id, at)),
    }
}

/// Begins an intent with its first attempt; the same intent again changes nothing.
///
/// # Errors
/// [`PaymentError::Exists`], [`PaymentError::NothingToPay`], [`PaymentError::ChannelNotOffered`].
pub fn start(
    payment: &Payment,
    intent: Intent,
    channel: Channel,
    presentation: Presentation,
    at: Timestamp,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    if let Some(existing) = &payment.intent {
        let same = existing.payer == intent.payer && existing.purpose == intent.purpose;
        return if same {
            Ok(Vec::new())
        } else {
            Err(PaymentError::Exists(existing.intent_id))
        };
    }
    if !intent.amount.is_positive() {
        return Err(PaymentError::NothingToPay);
    }
    let first = asked(&intent, 1, channel, presentation, at)?;
    let intent = Box::new(intent);
    Ok(vec![PaymentEvent::PaymentStarted { intent, at }, first])
}

/// Tries again. An order that waits for its payer by that channel and in that way is good as it is.
///
/// # Errors
/// [`PaymentError::NotFound`], [`PaymentError::Over`], [`PaymentError::UnderReview`], [`PaymentError::ChannelNotOffered`],
/// [`PaymentError::TooManyAttempts`].
pub fn try_again(
    payment: &Payment,
    channel: Channel,
    presentation: Presentation,
    at: Timestamp,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let intent = started(payment)?;
    if payment.phase.waits_for_somebody() {
        return Err(PaymentError::UnderReview);
    }
    if !payment.phase.is_open() || at >= intent.expires_at {
        return Err(PaymentError::Over);
    }
    let as_good = |attempt: &Attempt| {
        matches!(attempt.state, AttemptState::Asked | AttemptState::Presented(_))
            && attempt.order.channel == channel
            && attempt.order.presentation == presentation
    };
    if payment.attempts.last().is_some_and(as_good) {
        return Ok(Vec::new());
    }
    if payment.attempts.len() >= ATTEMPTS_MAX {
        return Err(PaymentError::TooManyAttempts);
    }
    let number = u8::try_from(payment.attempts.len() + 1).map_err(|_| PaymentError::TooManyAttempts)?;
    Ok(vec![asked(intent, number, channel, presentation, at)?])
}

/// Records what became known of an order, whoever told it and however often. What was paid stays paid; of two results the first stands.
///
/// # Errors
/// [`PaymentError::NotFound`], [`PaymentError::OrderNotFound`].
pub fn record(
    payment: &Payment,
    channel: Channel,
    order_no: OrderNo,
    outcome: OrderOutcome,
    servable: bool,
    at: Timestamp,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let intent = started(payment)?;
    let number = order_no.attempt();
    let attempt = payment
        .attempt(number)
        .filter(|attempt| attempt.order.order_no == order_no && attempt.order.channel == channel)
        .ok_or(PaymentError::OrderNotFound(order_no))?;
    Ok(match outcome {
        OrderOutcome::Told(paid) if attempt.paid().is_none() && paid.amount != intent.amount => {
            let told = paid.amount;
            return Err(PaymentError::AmountUnconfirmed { order_no, told });
        }
        OrderOutcome::Paid(paid) | OrderOutcome::Told(paid) => paid_events(payment, intent, number, paid, servable, at),
        OrderOutcome::Presented(presented) => presented_events(attempt, number, presented, at),
        OrderOutcome::Unknown if attempt.state == AttemptState::Asked => {
            vec![PaymentEvent::AttemptUnknown { attempt: number, at }]
        }
        OrderOutcome::Closed if attempt.is_open() => vec![PaymentEvent::AttemptClosed { attempt: number, at }],
        OrderOutcome::Unclear if attempt.is_open() && attempt.state != AttemptState::Unclear => {
            vec![PaymentEvent::AttemptUnclear { attempt: number, at }]
        }
        OrderOutcome::Declined { why, code } if not_presented(attempt) => {
            declined(payment, intent, number, why, code, at)
        }
        OrderOutcome::Unavailable if not_presented(attempt) => vec![PaymentEvent::AttemptFailed {
            attempt: number,
            failure: AttemptFailure::ChannelUnavailable,
            at,
        }],
        _ => Vec::new(),
    })
}

/// The payer does not want to pay; what is paid after all goes back.
///
/// # Errors
/// [`PaymentError::NotFound`], [`PaymentError::Succeeded`], [`PaymentError::UnderReview`].
pub fn cancel(payment: &Payment, at: Timestamp) -> Result<Vec<PaymentEvent>, PaymentError> {
    started(payment)?;
    match payment.phase {
        Phase::Succeeded => Err(PaymentError::Succeeded),
        phase if phase.waits_for_somebody() => Err(PaymentError::UnderReview),
        phase if phase.is_open() => Ok(vec![PaymentEvent::PaymentCancelled { at }]),
        _ => Ok(Vec::new()),
    }
}

/// Its time is over; what is over already stays as it is.
///
/// # Errors
/// [`PaymentError::NotFound`], [`PaymentError::NotExpired`], [`PaymentError::AttemptOpen`].
pub fn expire(payment: &Payment, at: Timestamp) -> Result<Vec<PaymentEvent>, PaymentError> {
    let intent = started(payment)?;
    if !payment.phase.is_open() {
        return Ok(Vec::new());
    }
    if at < intent.expires_at {
        return Err(PaymentError::NotExpired);
    }
    if payment.attempts.iter().any(Attempt::is_open) {
        return Err(PaymentError::AttemptOpen);
    }
    Ok(vec![PaymentEvent::PaymentExpired { at }])
}

/// Settles by hand what the system could not.
///
/// # Errors
/// [`PaymentError::NotFound`], [`PaymentError::CannotResolve`], [`PaymentError::Invalid`].
pub fn resolve(
    payment: &Payment,
    resolution: PaymentResolution,
    by: Uuid,
    reason: String,
    servable: bool,
    at: Timestamp,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let intent = started(payment)?;
    InvalidField::unless_text(&reason, REASON_CHARS_MAX, "reason")?;
    let resolved = PaymentEvent::PaymentResolved {
        resolution: resolution.clone(),
        by,
        reason,
        at,
    };
    let unclear = payment
        .attempts
        .iter()
        .any(|attempt| attempt.state == AttemptState::Unclear);
    match (resolution, suspended(payment)) {
        (PaymentResolution::Paid { attempt, paid }, Some((number, known))) => {
            if attempt != number || paid != *known {
                return Err(PaymentError::CannotResolve(
                    "what was paid is known, and is something else",
                ));
            }
            Ok(vec![resolved])
        }
        (PaymentResolution::Refund, Some(_)) => Ok(vec![resolved]),
        (PaymentResolution::NotPaid, Some(_)) => Err(PaymentError::CannotResolve("it was paid")),
        (PaymentResolution::Refund, None) => Err(PaymentError::CannotResolve("nothing of it waits for a decision")),
        (_, None) if !unclear => Err(PaymentError::CannotResolve("nobody needs to look at it")),
        (PaymentResolution::NotPaid, None) => {
            let open = payment.numbered().filter(|(_, attempt)| attempt.is_open());
            let closed = open.map(|(attempt, _)| PaymentEvent::AttemptClosed { attempt, at });
            Ok(closed.chain([resolved]).collect())
        }
        (PaymentResolution::Paid { attempt, paid }, None) => {
            let open = payment.attempt(attempt).is_some_and(Attempt::is_open);
            if !open || !paid.amount.is_positive() || paid.transaction_id.trim().is_empty() {
                return Err(PaymentError::CannotResolve(
                    "the attempt is not open, or what was paid is missing",
                ));
            }
            let mut events = vec![resolved];
            events.extend(paid_events(payment, intent, attempt, paid, servable, at));
            Ok(events)
        }
    }
}

/// Keeps a part of an attempt for a refund; the same refund again changes nothing.
///
/// # Errors
/// [`PaymentError::NotFound`], [`PaymentError::RefundTooMuch`].
pub fn reserve_refund(
    payment: &Payment,
    refund_id: RefundId,
    attempt: u8,
    amount: Fen,
    at: Timestamp,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    started(payment)?;
    if payment.refunds.iter().any(|part| part.refund_id == refund_id) {
        return Ok(Vec::new());
    }
    let refundable = payment.refundable(attempt);
    if !amount.is_positive() || amount > refundable {
        return Err(PaymentError::RefundTooMuch { refundable });
    }
    Ok(vec![PaymentEvent::RefundReserved {
        refund_id,
        attempt,
        amount,
        at,
    }])
}

/// A refund came to nothing; one that is not kept for changes nothing.
pub fn release_refund(payment: &Payment, refund_id: RefundId, at: Timestamp) -> Vec<PaymentEvent> {
    let kept = payment.refunds.iter().any(|part| part.refund_id == refund_id);
    kept.then_some(PaymentEvent::RefundReleased { refund_id, at })
        .into_iter()
        .collect()
}

/// The payment that waits because something else was paid than was asked: the attempt, and what was paid.
pub fn suspended(payment: &Payment) -> Option<(u8, &Paid)> {
    payment.numbered().find_map(|(number, attempt)| match &attempt.state {
        AttemptState::Paid {
            paid,
            used: Use::Suspended,
        } => Some((number, paid)),
        _ => None,
    })
}

fn started(payment: &Payment) -> Result<&Intent, PaymentError> {
    payment.intent.as_deref().ok_or(PaymentError::NotFound)
}

fn asked(
    intent: &Intent,
    number: u8,
    channel: Channel,
    presentation: Presentation,
    at: Timestamp,
) -> Result<PaymentEvent, PaymentError> {
    if !intent.policy.channels.contains(&channel) {
        return Err(PaymentError::ChannelNotOffered(channel));
    }
    let order_no = OrderNo::new(intent.intent_id, number).map_err(|_| PaymentError::TooManyAttempts)?;
    Ok(PaymentEvent::AttemptAsked {
        attempt: number,
        order: Order {
            channel,
            order_no,
            amount: intent.amount,
            description: intent.description.clone(),
            presentation,
            payer: intent.payer,
            expires_at: intent.expires_at.max(seconds_after(at, ORDER_SECONDS_MIN)),
        },
        at,
    })
}

fn paid_events(
    payment: &Payment,
    intent: &Intent,
    number: u8,
    paid: Paid,
    servable: bool,
    at: Timestamp,
) -> Vec<PaymentEvent> {
    if payment.attempt(number).is_some_and(|attempt| attempt.paid().is_some()) {
        return Vec::new();
    }
    let takes =
        payment.phase.is_open() || matches!(payment.phase, Phase::Failed | Phase::Expired | Phase::ManualReview);
    let (used, then) = match (takes, paid.amount == intent.amount) {
        (false, _) => (Use::Returned, None),
        (true, false) => (
            Use::Suspended,
            Some(PaymentEvent::PaymentConflicted { attempt: number, at }),
        ),
        (true, true) if servable => (
            Use::Served,
            Some(PaymentEvent::PaymentSucceeded { attempt: number, at }),
        ),
        (true, true) => {
            let why = PaymentFailure::NothingToPayFor;
            (Use::Returned, Some(PaymentEvent::PaymentFailed { why, at }))
        }
    };
    let paid = PaymentEvent::AttemptPaid {
        attempt: number,
        paid,
        used,
        at,
    };
    std::iter::once(paid).chain(then).collect()
}

fn presented_events(attempt: &Attempt, number: u8, presented: Presented, at: Timestamp) -> Vec<PaymentEvent> {
    match attempt.state {
        AttemptState::Asked | AttemptState::Unknown => vec![PaymentEvent::AttemptPresented {
            attempt: number,
            presented,
            at,
        }],
        _ => Vec::new(),
    }
}

fn declined(
    payment: &Payment,
    intent: &Intent,
    number: u8,
    why: Decline,
    code: String,
    at: Timestamp,
) -> Vec<PaymentEvent> {
    let mut events = vec![PaymentEvent::AttemptFailed {
        attempt: number,
        failure: AttemptFailure::Declined { why, code },
        at,
    }];
    let others_open = payment
        .numbered()
        .any(|(other, attempt)| other != number && attempt.is_open());
    let enough = payment.declined() + 1 >= usize::try_from(intent.policy.declines_max).unwrap_or(usize::MAX);
    if enough && !others_open && payment.phase.is_open() {
        let why = PaymentFailure::DeclinedTooOften;
        events.push(PaymentEvent::PaymentFailed { why, at });
    }
    events
}

fn not_presented(attempt: &Attempt) -> bool {
    matches!(attempt.state, AttemptState::Asked | AttemptState::Unknown)
}
