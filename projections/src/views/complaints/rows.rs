//! The table of complaints.

use uuid::Uuid;

use crate::store::{Instant, table, text_enum};

text_enum! {
    /// What a complaint is about.
    pub enum ComplaintCategory {
        /// Light, code or another device.
        Device = "device",
        /// Table, cloth, balls or cues.
        Table = "table",
        /// What was billed or paid.
        Billing = "billing",
        /// How somebody was treated.
        Service = "service",
        /// Dirt, smoke, noise.
        Surroundings = "surroundings",
        /// Anything else.
        Other = "other",
    }
}

text_enum! {
    /// How far a complaint is.
    pub enum ComplaintStatus {
        /// Waits for an answer.
        Open = "open",
        /// Was answered.
        Answered = "answered",
        /// Is laid to rest.
        Closed = "closed",
    }
}

table! {
    /// A complaint.
    pub struct ComplaintRow("complaints", key complaint_id: Uuid, append_only false, indexes ["hall_id, filed", "chain_id, filed", "member_id, filed"]) {
        /// The complaint.
        complaint_id: Uuid = "uuid NOT NULL",
        /// The hall.
        hall_id: Uuid = "uuid NOT NULL",
        /// The hall's chain.
        chain_id: Uuid = "uuid NOT NULL",
        /// Who complains.
        member_id: Uuid = "uuid NOT NULL",
        /// The session, if it is about one.
        session_id: Option<Uuid> = "uuid",
        /// What it is about.
        category: ComplaintCategory = "text NOT NULL",
        /// How far it is.
        status: ComplaintStatus = "text NOT NULL",
        /// Who sees to it.
        assigned_to: Option<Uuid> = "uuid",
        /// How many times it was answered.
        answers: i32 = "integer NOT NULL",
        /// What is given back with the answers, or waits to be.
        promised_fen: i64 = "bigint NOT NULL",
        /// It was open again after it was closed.
        reopened: bool = "boolean NOT NULL",
        /// When it was filed.
        filed_at: Instant = "timestamptz NOT NULL",
        /// When it was answered last.
        answered_at: Option<Instant> = "timestamptz",
        /// When it was closed, if it is.
        closed_at: Option<Instant> = "timestamptz",
        /// Position of the event that filed it.
        filed: i64 = "bigint NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}
