//! How events change days and their differences.

use baize_domain::Event;
use baize_domain::ids::derived;
use baize_domain::reconciliation::{Compared, Numbered, ReconciliationEvent};
use jiff::Timestamp;
use sqlx::types::Json;
use uuid::Uuid;

use crate::engine::{Contradiction, Decoded};

use super::rows::{DayRow, DifferenceRow, DifferenceStatus};
use super::state::ReconciliationsState;

pub(super) fn fold(state: &mut ReconciliationsState, decoded: &Decoded<'_>) -> Result<(), Contradiction> {
    let Event::Reconciliation(event) = &decoded.event else {
        return Ok(());
    };
    let (id, position) = (stream_id(decoded)?, decoded.position());
    if let ReconciliationEvent::ReconciliationStarted { channel, date, .. } = event {
        state.days.put(DayRow {
            reconciliation_id: id,
            channel: (*channel).into(),
            day: date.to_string(),
            compared: Json(None),
            fees_posted_fen: 0,
            open: 0,
            finished: false,
            rerun_asked: false,
            started: position,
            position,
        });
        return Ok(());
    }
    let opened = differences(state, id, event, position)?;
    let Some(row) = state.days.change(id) else {
        return Err(Contradiction(format!("reconciliation {id} never began")));
    };
    row.open += opened;
    row.position = position;
    day(row, event);
    Ok(())
}

/// The reconciliation that an event is about.
pub(super) fn stream_id(decoded: &Decoded<'_>) -> Result<Uuid, Contradiction> {
    let stream = &decoded.recorded.stream;
    stream
        .aggregate_id
        .parse()
        .map_err(|_| Contradiction(format!("the id of stream {stream} is no UUID")))
}

fn day(row: &mut DayRow, event: &ReconciliationEvent) {
    match event {
        ReconciliationEvent::BillCompared {
            run,
            digest,
            bill,
            book,
            matched,
            fees,
            at,
        } => {
            row.compared = Json(Some(Compared {
                run: *run,
                digest: digest.clone(),
                bill: *bill,
                book: *book,
                matched: *matched,
                fees: *fees,
                at: *at,
            }));
            row.rerun_asked = false;
        }
        ReconciliationEvent::DifferencesOpened { .. } | ReconciliationEvent::DifferencesReopened { .. } => {
            row.finished = false;
        }
        ReconciliationEvent::FeesPosted { amount, .. } => row.fees_posted_fen += amount.0,
        ReconciliationEvent::RerunAsked { .. } => row.rerun_asked = true,
        ReconciliationEvent::ReconciliationFinished { .. } => row.finished = true,
        ReconciliationEvent::ReconciliationStarted { .. }
        | ReconciliationEvent::DifferencesVanished { .. }
        | ReconciliationEvent::DifferenceExplained { .. }
        | ReconciliationEvent::DifferenceClosed { .. } => {}
    }
}

/// Changes differences; how many more are open afterwards.
fn differences(
    state: &mut ReconciliationsState,
    of: Uuid,
    event: &ReconciliationEvent,
    position: i64,
) -> Result<i32, Contradiction> {
    match event {
        ReconciliationEvent::DifferencesOpened { differences, at }
        | ReconciliationEvent::DifferencesReopened { differences, at } => Ok(differences
            .iter()
            .map(|found| open(state, of, found, *at, position))
            .sum()),
        ReconciliationEvent::DifferencesVanished { numbers, at } => {
            let mut opened = 0;
            for number in numbers {
                opened += turn(state, of, *number, DifferenceStatus::Vanished, *at, position)?;
            }
            Ok(opened)
        }
        ReconciliationEvent::DifferenceExplained { number, by, reason, at } => {
            let opened = turn(state, of, *number, DifferenceStatus::Explained, *at, position)?;
            if let Some(row) = state.differences.change(difference_id(of, *number)) {
                row.reason = Some(reason.clone());
                row.acted_by = Some(*by);
            }
            Ok(opened)
        }
        ReconciliationEvent::DifferenceClosed {
            number,
            closing,
            by,
            at,
        } => {
            let opened = turn(state, of, *number, (*closing).into(), *at, position)?;
            if let Some(row) = state.differences.change(difference_id(of, *number)) {
                row.acted_by = Some(*by);
            }
            Ok(opened)
        }
        _ => Ok(0),
    }
}

fn open(state: &mut ReconciliationsState, of: Uuid, found: &Numbered, at: Timestamp, position: i64) -> i32 {
    let difference_id = difference_id(of, found.number);
    let before = state.differences.get(difference_id).map(|row| row.status);
    state.differences.put(DifferenceRow {
        difference_id,
        reconciliation_id: of,
        number: found.number.into(),
        difference: Json(found.difference.clone()),
        status: DifferenceStatus::Open,
        reason: None,
        acted_by: None,
        changed_at: at.into(),
        position,
    });
    i32::from(!before.is_some_and(DifferenceStatus::is_open))
}

fn turn(
    state: &mut ReconciliationsState,
    of: Uuid,
    number: u32,
    status: DifferenceStatus,
    at: Timestamp,
    position: i64,
) -> Result<i32, Contradiction> {
    let Some(row) = state.differences.change(difference_id(of, number)) else {
        return Err(Contradiction(format!("difference {number} of {of} was never opened")));
    };
    let opened = i32::from(status.is_open()) - i32::from(row.status.is_open());
    row.status = status;
    row.changed_at = at.into();
    row.position = position;
    Ok(opened)
}

fn difference_id(of: Uuid, number: u32) -> Uuid {
    derived(&["difference", &of.to_string(), &number.to_string()])
}
