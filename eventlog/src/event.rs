//! Events: as a decision makes them, and as the log keeps them.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::StreamId;

/// What is known about a command beside its content; string to string, as `cqrs-es` needs it.
pub type Metadata = BTreeMap<String, String>;

/// The hall an event belongs to; part of the subject it is published under.
pub const META_HALL: &str = "hall";
/// The request id of the command that caused the event.
pub const META_REQUEST_ID: &str = "request_id";
/// Who gave the command.
pub const META_ACTOR: &str = "actor";
/// The id shared by everything that one intention set in motion.
pub const META_CORRELATION_ID: &str = "correlation_id";
/// The id of the event or command that directly caused this one.
pub const META_CAUSATION_ID: &str = "causation_id";
/// W3C trace context of the command.
pub const META_TRACEPARENT: &str = "traceparent";

/// An event that is not in the log yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Such as `SessionOpened`.
    pub event_type: String,
    /// Semantic version of the event's shape, such as `1.0`; upcasters go by it.
    pub event_version: String,
    /// JSON text, stored and published byte for byte.
    pub payload: String,
}

/// An event of the log. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Place in the whole log: 1, 2, 3 … in commit order, without gaps.
    pub position: u64,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Place in its stream: 1, 2, 3 … without gaps.
    pub sequence: u64,
    /// Such as `SessionOpened`.
    pub event_type: String,
    /// Semantic version of the payload's shape.
    pub event_version: String,
    /// The JSON text exactly as it was appended.
    pub payload: Arc<str>,
    /// Metadata of the command, shared by the events of one unit.
    pub metadata: Arc<Metadata>,
    /// The database's clock when the event was written (microseconds). Order is `position`'s alone:
    /// a clock may step back.
    pub recorded_at: Timestamp,
}

impl RecordedEvent {
    /// SHA-256 over every field, each preceded by its length: two copies of an event are the same event
    /// exactly when their hashes are equal.
    pub fn hash(&self) -> [u8; 32] {
        let mut sha = Sha256::new();
        sha.update(self.position.to_be_bytes());
        sha.update(self.sequence.to_be_bytes());
        sha.update(self.recorded_at.as_microsecond().to_be_bytes());
        let mut text = |part: &str| {
            sha.update((part.len() as u64).to_be_bytes());
            sha.update(part.as_bytes());
        };
        text(&self.stream.aggregate_type);
        text(&self.stream.aggregate_id);
        text(&self.event_type);
        text(&self.event_version);
        text(&self.payload);
        for (key, value) in self.metadata.iter() {
            text(key);
            text(value);
        }
        sha.finalize().into()
    }
}
