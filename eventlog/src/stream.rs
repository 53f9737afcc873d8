//! The name of a stream: which aggregate its events belong to.

use std::{borrow::Cow, fmt};

/// One aggregate's stream, `Type/id`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId {
    /// The aggregate's type, such as `TableSession`.
    pub aggregate_type: Cow<'static, str>,
    /// The aggregate's id, unique within its type.
    pub aggregate_id: String,
}

impl StreamId {
    /// Names the stream of one aggregate.
    pub fn new(aggregate_type: impl Into<Cow<'static, str>>, aggregate_id: impl Into<String>) -> Self {
        Self {
            aggregate_type: aggregate_type.into(),
            aggregate_id: aggregate_id.into(),
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.aggregate_type, self.aggregate_id)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
