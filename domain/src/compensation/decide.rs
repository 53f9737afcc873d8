//! What is decided about a session's compensations.

use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::CompensationId;
use crate::money::Fen;
use crate::refusal::InvalidField;

use super::{Compensation, CompensationCommand, CompensationError, CompensationEvent, CompensationTerms, Part, Stage};

/// Characters of a reason, at most.
pub const REASON_CHARS_MAX: usize = 200;
/// Compensations of a session, at most.
pub const PARTS_MAX: usize = 20;

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(state: &Compensation, command: CompensationCommand) -> Result<Vec<CompensationEvent>, CompensationError> {
    match command {
        CompensationCommand::Ask {
            terms,
            paid,
            needs_approval,
            at,
        } => ask(state, *terms, paid, needs_approval, at),
        CompensationCommand::Approve {
            compensation_id,
            by,
            at,
        } => approve(state, compensation_id, by, at),
        CompensationCommand::Reject {
            compensation_id,
            by,
            reason,
            at,
        } => reject(state, compensation_id, by, reason, at),
    }
}

/// Asks for a compensation; the same one again changes nothing.
///
/// # Errors
/// [`CompensationError::Invalid`], [`CompensationError::Exists`], [`CompensationError::TooMuch`], [`CompensationError::TooMany`].
pub fn ask(
    state: &Compensation,
    terms: CompensationTerms,
    paid: Fen,
    needs_approval: bool,
    at: Timestamp,
) -> Result<Vec<CompensationEvent>, CompensationError> {
    if let Some(part) = state.part(terms.compensation_id) {
        return if *part.terms == terms {
            Ok(Vec::new())
        } else {
            Err(CompensationError::Exists(terms.compensation_id))
        };
    }
    let in_range = terms.amount.is_positive() && terms.amount <= Fen::MAX_INPUT;
    InvalidField::unless(in_range, "amount", "must be 1 to 1000000000 fen")?;
    InvalidField::unless_text(&terms.reason, REASON_CHARS_MAX, "reason")?;
    let left = paid.saturating_sub_zero(state.promised());
    if terms.amount > left {
        return Err(CompensationError::TooMuch { left });
    }
    if state.parts.len() >= PARTS_MAX {
        return Err(CompensationError::TooMany);
    }
    Ok(vec![CompensationEvent::CompensationAsked {
        terms: Box::new(terms),
        needs_approval,
        at,
    }])
}

/// Approves a compensation; one that was given stays so.
///
/// # Errors
/// [`CompensationError::NotFound`], [`CompensationError::SamePerson`], [`CompensationError::NotWaiting`].
pub fn approve(
    state: &Compensation,
    compensation_id: CompensationId,
    by: Uuid,
    at: Timestamp,
) -> Result<Vec<CompensationEvent>, CompensationError> {
    let part = asked(state, compensation_id)?;
    match part.stage {
        Stage::Waiting if part.terms.asked_by == by => Err(CompensationError::SamePerson),
        Stage::Waiting => Ok(vec![CompensationEvent::CompensationApproved {
            compensation_id,
            by,
            at,
        }]),
        Stage::Given => Ok(Vec::new()),
        Stage::Rejected => Err(CompensationError::NotWaiting),
    }
}

/// Rejects a compensation; one that was rejected stays so.
///
/// # Errors
/// [`CompensationError::NotFound`], [`CompensationError::SamePerson`], [`CompensationError::NotWaiting`], [`CompensationError::Invalid`].
pub fn reject(
    state: &Compensation,
    compensation_id: CompensationId,
    by: Uuid,
    reason: String,
    at: Timestamp,
) -> Result<Vec<CompensationEvent>, CompensationError> {
    let part = asked(state, compensation_id)?;
    InvalidField::unless_text(&reason, REASON_CHARS_MAX, "reason")?;
    match part.stage {
        Stage::Waiting if part.terms.asked_by == by => Err(CompensationError::SamePerson),
        Stage::Waiting => Ok(vec![CompensationEvent::CompensationRejected {
            compensation_id,
            by,
            reason,
            at,
        }]),
        Stage::Rejected => Ok(Vec::new()),
        Stage::Given => Err(CompensationError::NotWaiting),
    }
}

/// What was asked for.
///
/// # Errors
/// [`CompensationError::NotFound`].
pub fn asked(state: &Compensation, compensation_id: CompensationId) -> Result<&Part, CompensationError> {
    state.part(compensation_id).ok_or(CompensationError::NotFound)
}
