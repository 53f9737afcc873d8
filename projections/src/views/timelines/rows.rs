//! The table of stretches.

use uuid::Uuid;

use crate::store::table;

table! {
    /// The part of a stream from the first to the last event that was recorded for a session. Between them may be events of others.
    pub struct StretchRow("stretches", key stretch_id: Uuid, append_only false, indexes ["session_id"]) {
        /// Follows from session and stream.
        stretch_id: Uuid = "uuid NOT NULL",
        /// The session.
        session_id: Uuid = "uuid NOT NULL",
        /// The stream, as TYPE/ID.
        stream: String = "text NOT NULL",
        /// Sequence of the first event in the stream.
        first: i64 = "bigint NOT NULL",
        /// Sequence of the last one.
        last: i64 = "bigint NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}
