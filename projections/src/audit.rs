//! What auditors ask of the log, for the service and for programs beside it: which events, and what an aggregate was.

use std::collections::BTreeSet;

use baize_domain::fold;
use baize_eventlog::{EventLog, META_HALL, RecordedEvent, StreamId};
use jiff::Timestamp;
use serde_json::Value;

/// Events read in one go.
const READ_MAX: usize = 1_000;

/// Which events; all conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Of one stream.
    pub stream: Option<StreamId>,
    /// Of these types; of any, if there are none.
    pub types: BTreeSet<String>,
    /// Of a hall, by its id.
    pub hall_id: Option<String>,
    /// Recorded at or after this instant.
    pub since: Option<Timestamp>,
    /// Recorded before this instant.
    pub before: Option<Timestamp>,
}

impl EventFilter {
    /// Whether an event is asked for.
    pub fn covers(&self, event: &RecordedEvent) -> bool {
        self.stream.as_ref().is_none_or(|stream| *stream == event.stream)
            && (self.types.is_empty() || self.types.contains(&event.event_type))
            && (self.hall_id.is_none() || event.metadata.get(META_HALL) == self.hall_id.as_ref())
            && self.since.is_none_or(|since| event.recorded_at >= since)
            && self.before.is_none_or(|before| event.recorded_at < before)
    }
}

/// A moment in the life of an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// After everything.
    Now,
    /// After this event of the stream, counted from 1.
    Sequence(u64),
    /// When the log had come to this position.
    Position(u64),
    /// At this instant, by the database's clock.
    At(Timestamp),
}

impl Moment {
    fn covers(self, event: &RecordedEvent) -> bool {
        match self {
            Self::Now => true,
            Self::Sequence(sequence) => event.sequence <= sequence,
            Self::Position(position) => event.position <= position,
            Self::At(at) => event.recorded_at <= at,
        }
    }
}

/// What an aggregate was.
#[derive(Clone, Debug)]
pub struct StateAsOf {
    /// The last event that was taken in.
    pub last: RecordedEvent,
    /// The state after it.
    pub state: Value,
}

/// A state could not be told.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Nothing of that type has a state.
    #[error("there are no aggregates of the type {0}")]
    UnknownType(String),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] baize_eventlog::Error),
    /// An event that no known version of its aggregate reads.
    #[error("the event at position {position} cannot be read: {error}")]
    Unreadable {
        /// Where it is.
        position: u64,
        /// What is wrong with it.
        error: serde_json::Error,
    },
}

/// Folds a stream's events up to a moment, a batch at a time; `None` if it had no event then.
///
/// # Errors
/// [`StateError`].
pub async fn state_as_of(log: &EventLog, stream: &StreamId, moment: Moment) -> Result<Option<StateAsOf>, StateError> {
    let unknown = || StateError::UnknownType(stream.aggregate_type.to_string());
    let mut fold = fold::begin(&stream.aggregate_type).ok_or_else(unknown)?;
    let mut last: Option<RecordedEvent> = None;
    loop {
        let after = last.as_ref().map_or(0, |event| event.sequence);
        let read = log.read_stream(stream, after, READ_MAX).await?;
        let more = read.len() == READ_MAX && read.iter().all(|event| moment.covers(event));
        for event in read.into_iter().take_while(|event| moment.covers(event)) {
            let position = event.position;
            let unreadable = |error| StateError::Unreadable { position, error };
            fold.apply(&event.payload).map_err(unreadable)?;
            last = Some(event);
        }
        if !more {
            break;
        }
    }
    let Some(last) = last else { return Ok(None) };
    let position = last.position;
    let state = fold
        .state()
        .map_err(|error| StateError::Unreadable { position, error })?;
    Ok(Some(StateAsOf { last, state }))
}
