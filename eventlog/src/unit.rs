//! The unit of work: what one command writes, all of it or nothing.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Metadata, NewEvent, StreamId};

/// Identifies a command for ever: the same key is executed at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// Whose request it is; two principals may use the same id.
    pub scope: String,
    /// The caller's id of the request.
    pub request_id: Uuid,
    /// Hash of the command's content, so that an id used for something else is noticed.
    pub content_hash: [u8; 32],
}

impl RequestKey {
    /// A key over the command's canonical bytes.
    pub fn new(scope: impl Into<String>, request_id: Uuid, content: &[u8]) -> Self {
        Self {
            scope: scope.into(),
            request_id,
            content_hash: Self::hash(content),
        }
    }

    /// SHA-256, as `content_hash` wants it.
    pub fn hash(content: &[u8]) -> [u8; 32] {
        Sha256::digest(content).into()
    }
}

/// A unit's claim on one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamAppend {
    /// The stream.
    pub stream: StreamId,
    /// The version the decision was based on; 0 for a stream that does not exist yet.
    pub expected_version: u64,
    /// Events to append. None: the unit only holds if the stream is still at `expected_version`.
    pub events: Vec<NewEvent>,
}

/// Everything one command writes: events of any number of streams, and its stored response.
///
/// A rejection or a no-op is a unit without events: it still asserts the versions it was based on, and its
/// response is stored, so that a repeat is answered alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The command's identity.
    pub request: RequestKey,
    /// Claims, each stream at most once.
    pub streams: Vec<StreamAppend>,
    /// Metadata of every event of the unit.
    pub metadata: Metadata,
    /// The command's response, opaque to the log; returned to whoever repeats the request.
    pub response: Vec<u8>,
}

/// How an append ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// The unit is in the log.
    Committed {
        /// Position of the unit's last event; the log's head at that moment if it has none.
        position: u64,
    },
    /// The request had been executed before; nothing was written now.
    Replayed {
        /// The position that was answered then.
        position: u64,
        /// The response that was stored then.
        response: Vec<u8>,
    },
}

impl Appended {
    /// The position to wait for in order to read one's own write.
    pub fn position(&self) -> u64 {
        match self {
            Self::Committed { position } | Self::Replayed { position, .. } => *position,
        }
    }
}

/// Why an append wrote nothing, or may have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// A claimed stream has another version. Load it again and decide again.
    #[error("{stream} has changed")]
    Conflict {
        /// The stream (one of them, if several changed).
        stream: StreamId,
    },
    /// The request id was used before, with other content.
    #[error("the request id was used before with other content")]
    RequestIdReused,
    /// Too many appends are waiting. Nothing was written.
    #[error("too many appends are waiting")]
    Overloaded,
    /// The unit is larger than the log takes. Nothing was written.
    #[error("{what} is {size}, at most {max} are taken")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        size: usize,
        /// The limit.
        max: usize,
    },
    /// The database could not be reached in time. Whether the unit was written is **unknown**: repeat it with
    /// the same request key, which is safe.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The unit can never be stored. Nothing was written.
    #[error("not storable: {0}")]
    Invalid(String),
    /// The log was closed. Nothing was written.
    #[error("the log is closed")]
    Closed,
}
