//! What a reconciliation decides.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, offset};
use uuid::Uuid;

use crate::ids::reconciliation_id;
use crate::payment::Channel;
use crate::refusal::InvalidField;

use super::{
    Closing, Compared, Comparison, Difference, Known, Numbered, Reconciliation, ReconciliationCommand,
    ReconciliationError, ReconciliationEvent, Row, Status,
};

/// Rows that may differ; with more it is another system's bill.
pub const DIFFERENCES_MAX: usize = 5_000;
/// Differences in one event.
const CHUNK: usize = 100;
/// Days back to which a run can be asked for.
const RERUN_DAYS_MAX: i32 = 31;
/// Characters of an explanation, at most.
const REASON_CHARS_MAX: usize = 200;

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(
    reconciliation: &Reconciliation,
    command: ReconciliationCommand,
) -> Result<Vec<ReconciliationEvent>, ReconciliationError> {
    match command {
        ReconciliationCommand::Record {
            channel,
            date,
            comparison,
            at,
        } => record(reconciliation, channel, date, *comparison, at),
        ReconciliationCommand::AskRerun { by, at } => ask_rerun(reconciliation, by, at),
        ReconciliationCommand::Explain { number, by, reason, at } => explain(reconciliation, number, by, reason, at),
        ReconciliationCommand::Close {
            number,
            closing,
            by,
            at,
        } => close(reconciliation, number, closing, by, at),
    }
}

/// Takes in what a comparison found. What was found before changes nothing, unless somebody asked for the run: then it is on record
/// that it was done.
///
/// # Errors
/// [`ReconciliationError::TooMany`].
pub fn record(
    reconciliation: &Reconciliation,
    channel: Channel,
    date: Date,
    comparison: Comparison,
    at: Timestamp,
) -> Result<Vec<ReconciliationEvent>, ReconciliationError> {
    if comparison.differences.len() > DIFFERENCES_MAX {
        return Err(ReconciliationError::TooMany(comparison.differences.len()));
    }
    let mut events = Vec::new();
    if reconciliation.day.is_none() {
        events.push(ReconciliationEvent::ReconciliationStarted {
            reconciliation_id: reconciliation_id(channel, date),
            channel,
            date,
            at,
        });
    }
    let changes = changes(reconciliation, &comparison.differences, at);
    let news = !changes.is_empty() || reconciliation.rerun_asked;
    if news || !same(reconciliation.compared.as_ref(), &comparison) {
        let before = reconciliation.compared.as_ref().map_or(0, |compared| compared.run);
        events.push(ReconciliationEvent::BillCompared {
            run: before.saturating_add(1),
            digest: comparison.digest,
            bill: comparison.bill,
            book: comparison.book,
            matched: comparison.matched,
            fees: comparison.fees,
            at,
        });
    }
    events.extend(changes);
    Ok(finish(reconciliation, events, at))
}

/// Has the day compared once more; asking twice changes nothing.
///
/// # Errors
/// [`ReconciliationError::NotFound`], [`ReconciliationError::Invalid`].
pub fn ask_rerun(
    reconciliation: &Reconciliation,
    by: Uuid,
    at: Timestamp,
) -> Result<Vec<ReconciliationEvent>, ReconciliationError> {
    let (_, _, date) = reconciliation.day.ok_or(ReconciliationError::NotFound)?;
    // Bills' days are Beijing's.
    let today = at.to_zoned(TimeZone::fixed(offset(8))).date();
    let recent = (today - date).get_days() <= RERUN_DAYS_MAX;
    InvalidField::unless(recent, "date", "is more than 31 days ago")?;
    match reconciliation.rerun_asked {
        true => Ok(Vec::new()),
        false => Ok(vec![ReconciliationEvent::RerunAsked { by, at }]),
    }
}

/// Says why something differs; another explanation takes the place of the first.
///
/// # Errors
/// [`ReconciliationError::NotFound`], [`ReconciliationError::UnknownDifference`], [`ReconciliationError::NotOpen`],
/// [`ReconciliationError::Invalid`].
pub fn explain(
    reconciliation: &Reconciliation,
    number: u32,
    by: Uuid,
    reason: String,
    at: Timestamp,
) -> Result<Vec<ReconciliationEvent>, ReconciliationError> {
    let known = known(reconciliation, number)?;
    InvalidField::unless_text(&reason, REASON_CHARS_MAX, "reason")?;
    match &known.status {
        Status::Explained { reason: before } if *before == reason => Ok(Vec::new()),
        status if !status.is_open() => Err(ReconciliationError::NotOpen(number)),
        _ => Ok(vec![ReconciliationEvent::DifferenceExplained {
            number,
            by,
            reason,
            at,
        }]),
    }
}

/// Lays a difference to rest; the last one finishes the day.
///
/// # Errors
/// [`ReconciliationError::NotFound`], [`ReconciliationError::UnknownDifference`], [`ReconciliationError::NotOpen`],
/// [`ReconciliationError::NotExplained`].
pub fn close(
    reconciliation: &Reconciliation,
    number: u32,
    closing: Closing,
    by: Uuid,
    at: Timestamp,
) -> Result<Vec<ReconciliationEvent>, ReconciliationError> {
    match &known(reconciliation, number)?.status {
        Status::Closed(before) if *before == closing => return Ok(Vec::new()),
        Status::Closed(_) | Status::Vanished => return Err(ReconciliationError::NotOpen(number)),
        Status::Open if closing == Closing::Explained => return Err(ReconciliationError::NotExplained(number)),
        Status::Open | Status::Explained { .. } => {}
    }
    let closed = ReconciliationEvent::DifferenceClosed {
        number,
        closing,
        by,
        at,
    };
    Ok(finish(reconciliation, vec![closed], at))
}

fn known(reconciliation: &Reconciliation, number: u32) -> Result<&Known, ReconciliationError> {
    if reconciliation.day.is_none() {
        return Err(ReconciliationError::NotFound);
    }
    let known = reconciliation.differences.get(&number);
    known.ok_or(ReconciliationError::UnknownDifference(number))
}

fn same(before: Option<&Compared>, now: &Comparison) -> bool {
    before.is_some_and(|before| {
        (&before.digest, before.bill, before.book, before.matched, before.fees)
            == (&now.digest, now.bill, now.book, now.matched, now.fees)
    })
}

/// What becomes of differences, known and new.
fn changes(reconciliation: &Reconciliation, found: &[Difference], at: Timestamp) -> Vec<ReconciliationEvent> {
    let mut left: BTreeMap<&Row, (u32, &Known)> = reconciliation
        .differences
        .iter()
        .map(|(number, known)| (&known.difference.row, (*number, known)))
        .collect();
    let mut next = reconciliation
        .differences
        .last_key_value()
        .map_or(0, |(number, _)| *number);
    let (mut opened, mut reopened) = (Vec::new(), Vec::new());
    for difference in found {
        let difference = difference.clone();
        match left.remove(&difference.row) {
            None => {
                next += 1;
                let number = next;
                opened.push(Numbered { number, difference });
            }
            Some((number, known)) if known.difference != difference || shown_again(&known.status) => {
                reopened.push(Numbered { number, difference });
            }
            Some(_) => {}
        }
    }
    let gone = left.into_values().filter(|(_, known)| known.status.is_open());
    let mut numbers: Vec<_> = gone.map(|(number, _)| number).collect();
    numbers.sort_unstable();
    let mut events = Vec::new();
    for chunk in opened.chunks(CHUNK) {
        let differences = chunk.to_vec();
        events.push(ReconciliationEvent::DifferencesOpened { differences, at });
    }
    for chunk in reopened.chunks(CHUNK) {
        let differences = chunk.to_vec();
        events.push(ReconciliationEvent::DifferencesReopened { differences, at });
    }
    if !numbers.is_empty() {
        events.push(ReconciliationEvent::DifferencesVanished { numbers, at });
    }
    events
}

/// Whether it was said to differ no longer.
const fn shown_again(status: &Status) -> bool {
    matches!(status, Status::Vanished | Status::Closed(Closing::Corrected))
}

/// Adds that nothing is left open, if it is so now and was not before.
fn finish(
    reconciliation: &Reconciliation,
    mut events: Vec<ReconciliationEvent>,
    at: Timestamp,
) -> Vec<ReconciliationEvent> {
    let mut after = reconciliation.clone();
    events.iter().for_each(|event| after.evolve(event));
    if !after.finished && after.open() == 0 {
        events.push(ReconciliationEvent::ReconciliationFinished { at });
    }
    events
}
