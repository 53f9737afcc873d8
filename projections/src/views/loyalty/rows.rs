//! The tables of points and their entries.

use std::collections::BTreeMap;

use sqlx::types::Json;
use uuid::Uuid;

use crate::store::{Instant, table, text_enum};

text_enum! {
    /// What an entry is for.
    pub enum PointsEntryKind {
        /// A payment for a session.
        Earned = "earned",
        /// Money of a session went back.
        Reversed = "reversed",
        /// Their time is over.
        Expired = "expired",
        /// The person is forgotten.
        Forfeited = "forfeited",
    }
}

table! {
    /// What a member has.
    pub struct PointsRow("points", key member_id: Uuid, append_only false, indexes []) {
        /// Whose.
        member_id: Uuid = "uuid NOT NULL",
        /// All of them.
        points: i64 = "bigint NOT NULL",
        /// What reversals could not take any more.
        owed: i64 = "bigint NOT NULL",
        /// How many expire when, in seconds since 1970.
        lots: Json<BTreeMap<i64, i64>> = "jsonb NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// A change of a member's points.
    pub struct PointsEntryRow("points_entries", key position: i64, append_only true, indexes ["member_id, position"]) {
        /// Position of the event.
        position: i64 = "bigint NOT NULL",
        /// Whose.
        member_id: Uuid = "uuid NOT NULL",
        /// What for.
        kind: PointsEntryKind = "text NOT NULL",
        /// Change of the points.
        points: i64 = "bigint NOT NULL",
        /// Change of what is owed.
        owed: i64 = "bigint NOT NULL",
        /// The session.
        reference: Option<Uuid> = "uuid",
        /// In the words of whoever took them back.
        reason: Option<String> = "text",
        /// When.
        at: Instant = "timestamptz NOT NULL",
    }
}
