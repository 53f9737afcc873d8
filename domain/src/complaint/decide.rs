//! What is decided about a complaint.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::personal::Sealed;

use super::{Complaint, ComplaintCommand, ComplaintError, ComplaintEvent, ComplaintTerms, Phase, Promised};

/// Characters that can be said at once, at most: by the customer and by the staff.
pub const WORDS_CHARS_MAX: usize = 1_000;
/// Answers to a complaint, at most.
pub const ANSWERS_MAX: usize = 20;

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(state: &Complaint, command: ComplaintCommand) -> Result<Vec<ComplaintEvent>, ComplaintError> {
    match command {
        ComplaintCommand::File { terms, at } => file(state, *terms, at),
        ComplaintCommand::Assign { to, by, at } => assign(state, to, by, at),
        ComplaintCommand::Answer {
            words,
            promised,
            by,
            at,
        } => answer(state, words, promised, by, at),
        ComplaintCommand::Close { by, at } => close(state, by, at),
        ComplaintCommand::Reopen { words, at } => reopen(state, words, at),
    }
}

/// Files a complaint. What it is about gives it its id, so that there is one about each session, and one a person, hall and day.
///
/// # Errors
/// [`ComplaintError::Exists`].
pub fn file(state: &Complaint, terms: ComplaintTerms, at: Timestamp) -> Result<Vec<ComplaintEvent>, ComplaintError> {
    match &state.terms {
        Some(filed) => Err(ComplaintError::Exists(filed.complaint_id)),
        None => Ok(vec![ComplaintEvent::ComplaintFiled {
            terms: Box::new(terms),
            at,
        }]),
    }
}

/// Lets somebody see to it; who does already goes on.
///
/// # Errors
/// [`ComplaintError::NotFound`], [`ComplaintError::Closed`].
pub fn assign(state: &Complaint, to: Uuid, by: Uuid, at: Timestamp) -> Result<Vec<ComplaintEvent>, ComplaintError> {
    standing(state)?;
    if state.assigned_to == Some(to) {
        return Ok(Vec::new());
    }
    Ok(vec![ComplaintEvent::ComplaintAssigned { to, by, at }])
}

/// Answers it. It may be answered more than once.
///
/// # Errors
/// [`ComplaintError::NotFound`], [`ComplaintError::Closed`], [`ComplaintError::TooManyAnswers`], [`ComplaintError::NoSession`].
pub fn answer(
    state: &Complaint,
    words: Sealed,
    promised: Option<Promised>,
    by: Uuid,
    at: Timestamp,
) -> Result<Vec<ComplaintEvent>, ComplaintError> {
    let terms = standing(state)?;
    if state.answers() >= ANSWERS_MAX {
        return Err(ComplaintError::TooManyAnswers);
    }
    if promised.is_some() && terms.session_id.is_none() {
        return Err(ComplaintError::NoSession);
    }
    Ok(vec![ComplaintEvent::ComplaintAnswered {
        member_id: terms.member_id,
        words,
        promised,
        by,
        at,
    }])
}

/// Lays it to rest; what is stays so.
///
/// # Errors
/// [`ComplaintError::NotFound`], [`ComplaintError::NotAnswered`].
pub fn close(state: &Complaint, by: Uuid, at: Timestamp) -> Result<Vec<ComplaintEvent>, ComplaintError> {
    let terms = filed(state)?;
    match state.phase {
        Phase::Closed => Ok(Vec::new()),
        Phase::Open => Err(ComplaintError::NotAnswered),
        Phase::Answered => Ok(vec![ComplaintEvent::ComplaintClosed {
            member_id: terms.member_id,
            by,
            at,
        }]),
    }
}

/// Opens it again, once.
///
/// # Errors
/// [`ComplaintError::NotFound`], [`ComplaintError::StillOpen`], [`ComplaintError::ReopenedBefore`].
pub fn reopen(state: &Complaint, words: Sealed, at: Timestamp) -> Result<Vec<ComplaintEvent>, ComplaintError> {
    filed(state)?;
    match state.phase {
        Phase::Open | Phase::Answered => Err(ComplaintError::StillOpen),
        Phase::Closed if state.reopened => Err(ComplaintError::ReopenedBefore),
        Phase::Closed => Ok(vec![ComplaintEvent::ComplaintReopened { words, at }]),
    }
}

/// What the complaint is about.
///
/// # Errors
/// [`ComplaintError::NotFound`].
pub fn filed(state: &Complaint) -> Result<&Arc<ComplaintTerms>, ComplaintError> {
    state.terms.as_ref().ok_or(ComplaintError::NotFound)
}

fn standing(state: &Complaint) -> Result<&Arc<ComplaintTerms>, ComplaintError> {
    let terms = filed(state)?;
    match state.phase {
        Phase::Closed => Err(ComplaintError::Closed),
        Phase::Open | Phase::Answered => Ok(terms),
    }
}
