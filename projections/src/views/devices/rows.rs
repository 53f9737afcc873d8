//! The tables of devices, their history, repairs and alerts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

use crate::store::{Instant, table, text_enum};

/// What became of the newest desired state of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing heard yet.
    Pending,
    /// It is so.
    Confirmed,
    /// It was on, and its time is over.
    Expired,
    /// Not confirmed in time.
    Late,
    /// Nothing heard after repeated attempts.
    Unreachable,
    /// The device reports another state.
    Mismatch,
}

/// An output of which something was ever desired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputState {
    /// The newest desired state.
    pub rev: u64,
    /// On or off.
    pub desired_on: bool,
    /// For which session.
    pub session_id: Option<Uuid>,
    /// On means off from then on.
    pub not_after: Option<Timestamp>,
    /// What became of it.
    pub standing: Standing,
    /// What the device said last.
    pub reported_on: Option<bool>,
    /// When.
    pub reported_at: Option<Timestamp>,
    /// From wanting to the last confirmation.
    pub latency_ms: u64,
    /// How many times that was sent.
    pub attempts: u32,
}

text_enum! {
    /// What happened to a device.
    pub enum HistoryKind {
        /// A state is desired.
        Desired = "desired",
        /// It was confirmed.
        Confirmed = "confirmed",
        /// Its time was over.
        Expired = "expired",
        /// It was not confirmed in time.
        Late = "late",
        /// The device did not answer.
        Unreachable = "unreachable",
        /// The device answered otherwise.
        Mismatch = "mismatch",
        /// The device was lost.
        WentOffline = "went_offline",
        /// The device was heard again.
        CameBack = "came_back",
        /// The device came and went.
        Flapped = "flapped",
    }
}

text_enum! {
    /// What is wrong with a light.
    pub enum FaultKind {
        /// It did not come on for a session.
        NotConfirmed = "not_confirmed",
        /// It did not answer.
        Unreachable = "unreachable",
        /// It answered otherwise.
        Mismatch = "mismatch",
        /// Its device is lost.
        Offline = "offline",
        /// Staff said so.
        Reported = "reported",
    }
}

text_enum! {
    /// How far a repair has come.
    pub enum Phase {
        /// Nobody sees to it.
        Open = "open",
        /// Somebody does.
        Started = "started",
        /// The work is done.
        Completed = "completed",
        /// The light is being tested.
        Testing = "testing",
        /// The test was passed.
        Closed = "closed",
    }
}

text_enum! {
    /// What staff have to know.
    pub enum AlertKind {
        /// A device is lost.
        DeviceLost = "device_lost",
        /// More than half of the hall's devices were lost at once.
        HallLost = "hall_lost",
        /// A device is back.
        DeviceBack = "device_back",
        /// A device comes and goes.
        DeviceFlapping = "device_flapping",
        /// A table has to be repaired.
        Fault = "fault",
        /// A light did not pass its test.
        TestFailed = "test_failed",
        /// A table is back on sale.
        Repaired = "repaired",
        /// A customer is not content.
        Complaint = "complaint",
    }
}

table! {
    /// A device.
    pub struct DeviceRow("devices", key device_id: Uuid, append_only false, indexes ["hall_id, registered"]) {
        /// The device.
        device_id: Uuid = "uuid NOT NULL",
        /// Where it is.
        hall_id: Uuid = "uuid NOT NULL",
        /// Its MQTT topic.
        topic: String = "text NOT NULL",
        /// How many outputs it has.
        channels: i16 = "smallint NOT NULL",
        /// It left the hall for good.
        retired: bool = "boolean NOT NULL",
        /// It is told to be lost since then.
        offline_since: Option<Instant> = "timestamptz",
        /// It was lost with others.
        incident_id: Option<Uuid> = "uuid",
        /// When anything was last heard of it that was told.
        last_heard_at: Option<Instant> = "timestamptz",
        /// It does not count as back before.
        held_until: Option<Instant> = "timestamptz",
        /// Its outputs, by number.
        outputs: Json<BTreeMap<u8, OutputState>> = "jsonb NOT NULL",
        /// Position of its registration.
        registered: i64 = "bigint NOT NULL",
    }
}

table! {
    /// Something that happened to a device.
    pub struct HistoryRow("history", key position: i64, append_only true, indexes ["device_id, position"]) {
        /// Position of the event.
        position: i64 = "bigint NOT NULL",
        /// The device.
        device_id: Uuid = "uuid NOT NULL",
        /// What.
        kind: HistoryKind = "text NOT NULL",
        /// The output; 0 for the device as a whole.
        channel: i16 = "smallint NOT NULL",
        /// On or off.
        lit: bool = "boolean NOT NULL",
        /// Which desired state; 0 for none.
        rev: i64 = "bigint NOT NULL",
        /// From wanting to confirmation.
        latency_ms: i64 = "bigint NOT NULL",
        /// How many times it was sent.
        attempts: i32 = "integer NOT NULL",
        /// When.
        at: Instant = "timestamptz NOT NULL",
    }
}

table! {
    /// A repair.
    pub struct RepairRow("repairs", key repair_id: Uuid, append_only false, indexes ["hall_id, opened"]) {
        /// The repair.
        repair_id: Uuid = "uuid NOT NULL",
        /// Where.
        hall_id: Uuid = "uuid NOT NULL",
        /// The table.
        table_id: Uuid = "uuid NOT NULL",
        /// What was written on it.
        table_label: String = "text NOT NULL",
        /// The device with its light.
        device_id: Uuid = "uuid NOT NULL",
        /// The light's output.
        channel: i16 = "smallint NOT NULL",
        /// What is wrong.
        fault: FaultKind = "text NOT NULL",
        /// In the words of the staff, if they reported it.
        words: String = "text NOT NULL",
        /// Since when.
        since: Instant = "timestamptz NOT NULL",
        /// The session that it ended, or that did not begin.
        session_id: Option<Uuid> = "uuid",
        /// How far it has come.
        phase: Phase = "text NOT NULL",
        /// Who sees to it.
        assigned_to: Option<Uuid> = "uuid",
        /// What was done.
        note: String = "text NOT NULL",
        /// Tests so far.
        tests: i32 = "integer NOT NULL",
        /// Position of its opening.
        opened: i64 = "bigint NOT NULL",
        /// When it was opened.
        opened_at: Instant = "timestamptz NOT NULL",
        /// When its test was passed.
        closed_at: Option<Instant> = "timestamptz",
    }
}

table! {
    /// Something that the staff of a hall have to know.
    pub struct AlertRow("alerts", key position: i64, append_only true, indexes ["hall_id, position"]) {
        /// Position of the event.
        position: i64 = "bigint NOT NULL",
        /// Where.
        hall_id: Uuid = "uuid NOT NULL",
        /// What.
        kind: AlertKind = "text NOT NULL",
        /// What it is about, for people: a table's label, or a device's topic.
        name: String = "text NOT NULL",
        /// The device.
        device_id: Option<Uuid> = "uuid",
        /// The table.
        table_id: Option<Uuid> = "uuid",
        /// The repair.
        repair_id: Option<Uuid> = "uuid",
        /// The incident.
        incident_id: Option<Uuid> = "uuid",
        /// The complaint.
        complaint_id: Option<Uuid> = "uuid",
        /// When.
        at: Instant = "timestamptz NOT NULL",
    }
}

table! {
    /// Devices that were lost together.
    pub struct IncidentRow("incidents", key incident_id: Uuid, append_only false, indexes []) {
        /// The incident.
        incident_id: Uuid = "uuid NOT NULL",
        /// How many devices.
        devices: i32 = "integer NOT NULL",
    }
}

table! {
    /// What is written on a table.
    pub struct LabelRow("labels", key table_id: Uuid, append_only false, indexes []) {
        /// The table.
        table_id: Uuid = "uuid NOT NULL",
        /// Its label.
        label: String = "text NOT NULL",
    }
}
