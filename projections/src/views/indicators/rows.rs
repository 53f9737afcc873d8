//! The tables of the indicators.

use sqlx::types::Json;
use uuid::Uuid;

use crate::store::{Instant, table};

use super::Buckets;

table! {
    /// A hall, and by which clock its days go.
    pub struct HallRow("halls", key hall_id: Uuid, append_only false, indexes ["chain_id"]) {
        /// The hall.
        hall_id: Uuid = "uuid NOT NULL",
        /// The chain it belongs to.
        chain_id: Uuid = "uuid NOT NULL",
        /// What customers read.
        name: String = "text NOT NULL",
        /// IANA time zone.
        time_zone: String = "text NOT NULL",
        /// Minutes after local midnight at which a business day ends.
        business_day_cutoff_minutes: i16 = "smallint NOT NULL",
        /// Closed for good.
        retired: bool = "boolean NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// A link to a hall's wall screen.
    pub struct DisplayRow("displays", key display_id: Uuid, append_only false, indexes ["hall_id"]) {
        /// The link.
        display_id: Uuid = "uuid NOT NULL",
        /// Whose screen it shows.
        hall_id: Uuid = "uuid NOT NULL",
        /// Where the screen hangs.
        label: String = "text NOT NULL",
        /// When it was made.
        issued_at: Instant = "timestamptz NOT NULL",
        /// Until when it shows anything.
        expires_at: Instant = "timestamptz NOT NULL",
        /// Whether it shows nothing any more.
        revoked: bool = "boolean NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// A table, and who has it.
    pub struct TableRow("tables", key table_id: Uuid, append_only false, indexes ["hall_id"]) {
        /// The table.
        table_id: Uuid = "uuid NOT NULL",
        /// Where it stands.
        hall_id: Uuid = "uuid NOT NULL",
        /// The session that has it, or that it is kept for.
        session_id: Option<Uuid> = "uuid",
        /// Since when.
        occupied_since: Option<Instant> = "timestamptz",
        /// Gone for good.
        retired: bool = "boolean NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// Where a device is.
    pub struct DeviceRow("devices", key device_id: Uuid, append_only false, indexes []) {
        /// The device.
        device_id: Uuid = "uuid NOT NULL",
        /// Where it is.
        hall_id: Uuid = "uuid NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// An opening, and whether it is known how it went.
    pub struct SessionRow("sessions", key session_id: Uuid, append_only false, indexes []) {
        /// The session.
        session_id: Uuid = "uuid NOT NULL",
        /// Where.
        hall_id: Uuid = "uuid NOT NULL",
        /// When it was opened and its light asked for.
        opened_at: Instant = "timestamptz NOT NULL",
        /// Its light was confirmed, or it was cancelled.
        decided: bool = "boolean NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// A payment through a provider, and whether it is known how it went.
    pub struct PaymentRow("payments", key intent_id: Uuid, append_only false, indexes []) {
        /// The payment.
        intent_id: Uuid = "uuid NOT NULL",
        /// The hall, where one is concerned.
        hall_id: Option<Uuid> = "uuid",
        /// It succeeded or failed.
        decided: bool = "boolean NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// What happened in an hour of a hall's business day.
    pub struct HourRow("hours", key hour_id: Uuid, append_only false, indexes ["day_id", "hall_id, business_date"]) {
        /// Made of hall, business day and beginning.
        hour_id: Uuid = "uuid NOT NULL",
        /// Made of the hall and the day of the beginning in UTC: rows are loaded by it.
        day_id: Uuid = "uuid NOT NULL",
        /// Where.
        hall_id: Uuid = "uuid NOT NULL",
        /// The hall's business day, such as 2026-11-22.
        business_date: String = "text NOT NULL",
        /// When the hour of the hall's clock began.
        starts_at: Instant = "timestamptz NOT NULL",
        /// Sessions that were opened.
        sessions: i64 = "bigint NOT NULL",
        /// Of them, those whose light was confirmed.
        opened: i64 = "bigint NOT NULL",
        /// Of them, those that were cancelled because it was not.
        open_failed: i64 = "bigint NOT NULL",
        /// Sessions in which play ended.
        closed: i64 = "bigint NOT NULL",
        /// What their bills come to.
        revenue_fen: i64 = "bigint NOT NULL",
        /// Payments through providers that succeeded.
        paid: i64 = "bigint NOT NULL",
        /// Payments through providers that failed.
        pay_failed: i64 = "bigint NOT NULL",
        /// Complaints that were filed.
        complaints: i64 = "bigint NOT NULL",
        /// How long tables were taken, all together, by sessions that have left them, in milliseconds.
        occupied_ms: i64 = "bigint NOT NULL",
        /// From asking for a light to its confirmation, of openings.
        open_time: Json<Buckets> = "jsonb NOT NULL",
        /// How fast devices confirmed what was asked of them.
        response: Json<Buckets> = "jsonb NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}
