//! What a refund decides.

use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::RefundId;
use crate::payment::Channel;
use crate::payment::decide::REASON_CHARS_MAX;
use crate::refusal::InvalidField;

use super::{Refund, RefundCommand, RefundError, RefundEvent, RefundFailure, RefundOutcome, RefundRequest, Stage};

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(refund: &Refund, command: RefundCommand) -> Result<Vec<RefundEvent>, RefundError> {
    match command {
        RefundCommand::Request {
            request,
            needs_approval,
            at,
        } => request_refund(refund, *request, needs_approval, at),
        RefundCommand::Approve { by, at } => approve(refund, by, at),
        RefundCommand::Reject { by, reason, at } => reject(refund, by, reason, at),
        RefundCommand::Record { channel, outcome, at } => record(refund, channel, outcome, at),
        RefundCommand::Retry { by, reason, at } => retry(refund, by, reason, at),
        RefundCommand::Replace {
            replacement_id,
            by,
            reason,
            at,
        } => replace(refund, replacement_id, by, reason, at),
        RefundCommand::SettleByHand { by, reason, at } => settle_by_hand(refund, by, reason, at),
    }
}

/// Requests a refund; the same one again changes nothing.
///
/// # Errors
/// [`RefundError::Exists`].
pub fn request_refund(
    refund: &Refund,
    request: RefundRequest,
    needs_approval: bool,
    at: Timestamp,
) -> Result<Vec<RefundEvent>, RefundError> {
    if let Some(existing) = &refund.request {
        return if **existing == request {
            Ok(Vec::new())
        } else {
            Err(RefundError::Exists(existing.refund_id))
        };
    }
    Ok(vec![RefundEvent::RefundRequested {
        request: Box::new(request),
        needs_approval,
        at,
    }])
}

/// Approves a refund; what was approved before stays so.
///
/// # Errors
/// [`RefundError::NotFound`], [`RefundError::SamePerson`], [`RefundError::NotWaiting`].
pub fn approve(refund: &Refund, by: Uuid, at: Timestamp) -> Result<Vec<RefundEvent>, RefundError> {
    let request = requested(refund)?;
    match refund.stage {
        Stage::Requested if request.requested_by == Some(by) => Err(RefundError::SamePerson),
        Stage::Requested => Ok(vec![RefundEvent::RefundApproved { by, at }]),
        Stage::Rejected => Err(RefundError::NotWaiting),
        _ => Ok(Vec::new()),
    }
}

/// Rejects a refund; what was rejected before stays so.
///
/// # Errors
/// [`RefundError::NotFound`], [`RefundError::SamePerson`], [`RefundError::NotWaiting`], [`RefundError::Invalid`].
pub fn reject(refund: &Refund, by: Uuid, reason: String, at: Timestamp) -> Result<Vec<RefundEvent>, RefundError> {
    let request = requested(refund)?;
    InvalidField::unless_text(&reason, REASON_CHARS_MAX, "reason")?;
    match refund.stage {
        Stage::Requested if request.requested_by == Some(by) => Err(RefundError::SamePerson),
        Stage::Requested => Ok(vec![RefundEvent::RefundRejected { by, reason, at }]),
        Stage::Rejected => Ok(Vec::new()),
        _ => Err(RefundError::NotWaiting),
    }
}

/// Records what became known, whoever told it and however often. What succeeded stays so.
///
/// # Errors
/// [`RefundError::NotFound`].
pub fn record(
    refund: &Refund,
    channel: Channel,
    outcome: RefundOutcome,
    at: Timestamp,
) -> Result<Vec<RefundEvent>, RefundError> {
    let request = requested(refund)?;
    if request.order.channel != channel {
        return Err(RefundError::NotFound);
    }
    let under_way = matches!(refund.stage, Stage::Approved | Stage::Sent);
    let may_arrive = matches!(
        refund.stage,
        Stage::Approved | Stage::Sent | Stage::Failed(_) | Stage::Replaced | Stage::SettledByHand
    );
    Ok(match outcome {
        RefundOutcome::Sent if refund.stage == Stage::Approved => vec![RefundEvent::RefundSent { at }],
        RefundOutcome::Told { amount, .. } if amount != request.order.amount => {
            return Err(RefundError::AmountUnconfirmed { told: amount });
        }
        RefundOutcome::Succeeded {
            amount,
            at: refunded_at,
        }
        | RefundOutcome::Told {
            amount,
            at: refunded_at,
        } if amount == request.order.amount && may_arrive => {
            vec![RefundEvent::RefundSucceeded { refunded_at, at }]
        }
        RefundOutcome::Succeeded { amount, .. } if under_way => vec![RefundEvent::RefundFailed {
            failure: RefundFailure::OtherAmount { amount },
            at,
        }],
        RefundOutcome::Failed(failure) if under_way => vec![RefundEvent::RefundFailed { failure, at }],
        _ => Vec::new(),
    })
}

/// Asks again under the same number.
///
/// # Errors
/// [`RefundError::NotFound`], [`RefundError::NotFailed`], [`RefundError::Invalid`].
pub fn retry(refund: &Refund, by: Uuid, reason: String, at: Timestamp) -> Result<Vec<RefundEvent>, RefundError> {
    failed(refund, &reason)?;
    Ok(vec![RefundEvent::RefundRetried { by, reason, at }])
}

/// Lets another refund take its place; only if the provider will surely not pay this one out.
///
/// # Errors
/// [`RefundError::NotFound`], [`RefundError::NotFailed`], [`RefundError::NotClosed`], [`RefundError::Invalid`].
pub fn replace(
    refund: &Refund,
    replacement_id: RefundId,
    by: Uuid,
    reason: String,
    at: Timestamp,
) -> Result<Vec<RefundEvent>, RefundError> {
    match failed(refund, &reason)? {
        RefundFailure::Closed | RefundFailure::Declined { .. } => Ok(vec![RefundEvent::RefundReplaced {
            replacement_id,
            by,
            reason,
            at,
        }]),
        _ => Err(RefundError::NotClosed),
    }
}

/// Notes that the money was given back in another way.
///
/// # Errors
/// [`RefundError::NotFound`], [`RefundError::NotFailed`], [`RefundError::Invalid`].
pub fn settle_by_hand(
    refund: &Refund,
    by: Uuid,
    reason: String,
    at: Timestamp,
) -> Result<Vec<RefundEvent>, RefundError> {
    failed(refund, &reason)?;
    Ok(vec![RefundEvent::RefundSettledByHand { by, reason, at }])
}

/// What is to go back.
///
/// # Errors
/// [`RefundError::NotFound`].
pub fn requested(refund: &Refund) -> Result<&RefundRequest, RefundError> {
    refund.request.as_deref().ok_or(RefundError::NotFound)
}

fn failed<'a>(refund: &'a Refund, reason: &str) -> Result<&'a RefundFailure, RefundError> {
    requested(refund)?;
    InvalidField::unless_text(reason, REASON_CHARS_MAX, "reason")?;
    match &refund.stage {
        Stage::Failed(failure) => Ok(failure),
        _ => Err(RefundError::NotFailed),
    }
}
