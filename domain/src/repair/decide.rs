//! What a repair decides.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::device::LightChannel;
use crate::refusal::InvalidField;

use super::{Fault, Repair, RepairCommand, RepairError, RepairEvent, RepairPhase, Ticket};

/// Characters of what staff write, at most.
const WORDS_CHARS_MAX: usize = 200;

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(repair: &Repair, command: RepairCommand) -> Result<Vec<RepairEvent>, RepairError> {
    match command {
        RepairCommand::Open { ticket, at } => open(repair, ticket, at),
        RepairCommand::Start { by, at } => start(repair, by, at),
        RepairCommand::Complete { by, note, at } => complete(repair, by, note, at),
        RepairCommand::StartTest {
            light,
            answer_seconds,
            at,
        } => start_test(repair, light, answer_seconds, at),
        RepairCommand::PassTest { test, at } => pass_test(repair, test, at),
        RepairCommand::FailTest { test, step, at } => fail_test(repair, test, step, at),
    }
}

/// Opens a repair; the same table's again changes nothing.
///
/// # Errors
/// [`RepairError::Exists`], [`RepairError::Invalid`].
pub fn open(repair: &Repair, ticket: Ticket, at: Timestamp) -> Result<Vec<RepairEvent>, RepairError> {
    if let Fault::Reported { words } = &ticket.fault {
        InvalidField::unless_text(words, WORDS_CHARS_MAX, "words")?;
    }
    match &repair.ticket {
        None => Ok(vec![RepairEvent::RepairOpened { ticket, at }]),
        Some(known) if known.table_id == ticket.table_id => Ok(Vec::new()),
        Some(known) => Err(RepairError::Exists(known.repair_id)),
    }
}

/// Somebody sees to it, perhaps instead of somebody else, perhaps once more.
///
/// # Errors
/// [`RepairError::NotFound`], [`RepairError::UnderTest`], [`RepairError::Closed`].
pub fn start(repair: &Repair, by: Uuid, at: Timestamp) -> Result<Vec<RepairEvent>, RepairError> {
    unfinished(repair)?;
    if repair.phase == RepairPhase::Started && repair.assigned_to == Some(by) {
        return Ok(Vec::new());
    }
    Ok(vec![RepairEvent::RepairStarted { by, at }])
}

/// The work is done.
///
/// # Errors
/// [`RepairError::NotFound`], [`RepairError::NotStarted`], [`RepairError::UnderTest`], [`RepairError::Closed`], [`RepairError::Invalid`].
pub fn complete(repair: &Repair, by: Uuid, note: String, at: Timestamp) -> Result<Vec<RepairEvent>, RepairError> {
    unfinished(repair)?;
    InvalidField::unless_text(&note, WORDS_CHARS_MAX, "note")?;
    match repair.phase {
        RepairPhase::Completed => Ok(Vec::new()),
        RepairPhase::Started => Ok(vec![RepairEvent::RepairCompleted { by, note, at }]),
        _ => Err(RepairError::NotStarted),
    }
}

/// Tests the light; a test that is under way goes on.
///
/// # Errors
/// [`RepairError::NotFound`], [`RepairError::NotCompleted`], [`RepairError::Closed`].
pub fn start_test(
    repair: &Repair,
    light: LightChannel,
    answer_seconds: u32,
    at: Timestamp,
) -> Result<Vec<RepairEvent>, RepairError> {
    ticket(repair)?;
    match repair.phase {
        RepairPhase::Testing => Ok(Vec::new()),
        RepairPhase::Completed => Ok(vec![RepairEvent::RepairTestStarted {
            test: repair.tests.saturating_add(1),
            light,
            answer_seconds,
            at,
        }]),
        RepairPhase::Closed => Err(RepairError::Closed),
        RepairPhase::Open | RepairPhase::Started => Err(RepairError::NotCompleted),
    }
}

/// The test was passed. The result of an earlier one changes nothing.
///
/// # Errors
/// [`RepairError::NotFound`].
pub fn pass_test(repair: &Repair, test: u32, at: Timestamp) -> Result<Vec<RepairEvent>, RepairError> {
    ticket(repair)?;
    Ok(match awaits(repair, test) {
        true => vec![RepairEvent::RepairTestPassed { test, at }],
        false => Vec::new(),
    })
}

/// The test was not passed. The result of an earlier one changes nothing.
///
/// # Errors
/// [`RepairError::NotFound`].
pub fn fail_test(repair: &Repair, test: u32, step: u32, at: Timestamp) -> Result<Vec<RepairEvent>, RepairError> {
    ticket(repair)?;
    Ok(match awaits(repair, test) {
        true => vec![RepairEvent::RepairTestFailed { test, step, at }],
        false => Vec::new(),
    })
}

/// What is wrong, and where.
///
/// # Errors
/// [`RepairError::NotFound`].
pub fn ticket(repair: &Repair) -> Result<&Arc<Ticket>, RepairError> {
    repair.ticket.as_ref().ok_or(RepairError::NotFound)
}

fn awaits(repair: &Repair, test: u32) -> bool {
    repair.phase == RepairPhase::Testing && repair.tests == test
}

fn unfinished(repair: &Repair) -> Result<(), RepairError> {
    ticket(repair)?;
    match repair.phase {
        RepairPhase::Testing => Err(RepairError::UnderTest),
        RepairPhase::Closed => Err(RepairError::Closed),
        RepairPhase::Open | RepairPhase::Started | RepairPhase::Completed => Ok(()),
    }
}
