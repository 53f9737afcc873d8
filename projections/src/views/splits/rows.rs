//! The table of splits.

use baize_domain::split::BillSplit;
use sqlx::types::Json;
use uuid::Uuid;

use crate::store::table;

table! {
    /// A split of a bill.
    pub struct SplitRow("splits", key split_id: Uuid, append_only false, indexes []) {
        /// The split.
        split_id: Uuid = "uuid NOT NULL",
        /// How it stands, in the words of the rules.
        split: Json<BillSplit> = "jsonb NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}
