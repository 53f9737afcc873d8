//! The shape of the log: positions 1…N, streams 1…n, one unit and one answer for each request.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::Broken;
use crate::log::{Entry, Log};

/// Positions count 1, 2, 3 … without gap or repetition.
pub fn positions_are_dense(log: &Log) -> Broken {
    let expected = log.entries.iter().zip(1..);
    let wrong = expected.filter(|(entry, position)| entry.position != *position);
    wrong
        .take(1)
        .map(|(entry, position)| format!("position {position} is missing; {} follows", entry.position))
        .collect()
}

/// Every stream counts 1, 2, 3 … in the order of positions.
pub fn streams_are_dense(log: &Log) -> Broken {
    let mut last: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut broken = Broken::new();
    for entry in &log.entries {
        let last = last.entry((&entry.aggregate_type, &entry.aggregate_id)).or_default();
        if entry.sequence != *last + 1 {
            let Entry {
                aggregate_type,
                aggregate_id,
                ..
            } = entry;
            broken.push(format!(
                "{aggregate_type}/{aggregate_id}: {} follows {last} at position {}",
                entry.sequence, entry.position
            ));
        }
        *last = entry.sequence;
    }
    broken
}

/// What one request wrote stands together, was written once, and ends where its stored answer says.
pub fn requests_are_executed_once(log: &Log) -> Broken {
    let mut broken = Broken::new();
    let mut answers: BTreeMap<Uuid, Vec<u64>> = BTreeMap::new();
    for result in &log.results {
        answers.entry(result.request_id).or_default().push(result.position);
    }
    for (request, positions) in answers.iter().filter(|(_, positions)| positions.len() != 1) {
        broken.push(format!("request {request} has answers at {positions:?}"));
    }
    let mut units: BTreeMap<Uuid, Vec<u64>> = BTreeMap::new();
    for entry in &log.entries {
        match entry.request_id() {
            Some(request) => units.entry(request).or_default().push(entry.position),
            None => broken.push(format!("position {}: no request id", entry.position)),
        }
    }
    for (request, positions) in units {
        let (first, last) = (positions[0], positions[positions.len() - 1]);
        if last - first + 1 != positions.len() as u64 {
            broken.push(format!(
                "request {request} was executed at several places: {positions:?}"
            ));
        }
        if answers.get(&request).is_none_or(|answers| answers[..] != [last]) {
            broken.push(format!(
                "request {request} ends at {last}; its answer says {:?}",
                answers.get(&request)
            ));
        }
    }
    broken
}

/// Within what one request wrote, the session's event comes last: whoever sees at some position that a session is paid
/// sees at that position what paid it, also where a reader stops in the middle of a unit. Only when a session moves do tables and
/// lights follow it.
pub fn sessions_are_written_last(log: &Log) -> Broken {
    let pairs = log
        .entries
        .windows(2)
        .filter(|pair| pair[0].request_id() == pair[1].request_id());
    let of_session = |entry: &Entry| entry.aggregate_type == "TableSession";
    let follows = |pair: &[Entry]| {
        pair[0].event_type == "SessionTransferred" && matches!(pair[1].aggregate_type.as_str(), "Table" | "Device")
    };
    let early = pairs.filter(|pair| of_session(&pair[0]) && !of_session(&pair[1]) && !follows(pair));
    early
        .map(|pair| {
            format!(
                "{} stands at {}, and {} behind it",
                pair[0].event_type, pair[0].position, pair[1].event_type
            )
        })
        .collect()
}
