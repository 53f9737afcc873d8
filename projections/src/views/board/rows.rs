//! The tables of the board.

use uuid::Uuid;

use crate::store::{Instant, table, text_enum};

text_enum! {
    /// Whether a table can be had.
    pub enum TableStatus {
        /// Free.
        Idle = "idle",
        /// A session has it, also if maintenance waits for its end.
        Occupied = "occupied",
        /// Off sale.
        Maintenance = "maintenance",
        /// Gone for good: only those who watch the board still hear of it, once.
        Retired = "retired",
    }
}

text_enum! {
    /// What is played on a table.
    pub enum TableClass {
        /// 中式八球.
        ChineseEightBall = "chinese_eight_ball",
        /// 斯诺克.
        Snooker = "snooker",
        /// 九球.
        NineBall = "nine_ball",
    }
}

impl From<baize_domain::table::TableClass> for TableClass {
    fn from(class: baize_domain::table::TableClass) -> Self {
        use baize_domain::table::TableClass as Domain;

        match class {
            Domain::ChineseEightBall => Self::ChineseEightBall,
            Domain::Snooker => Self::Snooker,
            Domain::NineBall => Self::NineBall,
        }
    }
}

text_enum! {
    /// What the light over a table does.
    pub enum LightStatus {
        /// Off.
        Off = "off",
        /// Asked to go on, not confirmed yet.
        TurningOn = "turning_on",
        /// On.
        On = "on",
        /// Asked to go off, not confirmed yet.
        TurningOff = "turning_off",
        /// Did not do what it was asked.
        Failed = "failed",
    }
}

table! {
    /// A hall.
    pub struct HallRow("halls", key hall_id: Uuid, append_only false, indexes []) {
        /// The hall.
        hall_id: Uuid = "uuid NOT NULL",
        /// The chain it belongs to.
        chain_id: Uuid = "uuid NOT NULL",
        /// What customers read.
        name: String = "text NOT NULL",
        /// IANA time zone.
        time_zone: String = "text NOT NULL",
        /// Closed for good.
        retired: bool = "boolean NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// A table on the board.
    pub struct TableRow("tables", key table_id: Uuid, append_only false, indexes ["hall_id", "session_id", "light_device_id"]) {
        /// The table.
        table_id: Uuid = "uuid NOT NULL",
        /// Where it stands.
        hall_id: Uuid = "uuid NOT NULL",
        /// What is written on it.
        label: String = "text NOT NULL",
        /// What is played on it.
        class: TableClass = "text NOT NULL",
        /// Whether it can be had.
        status: TableStatus = "text NOT NULL",
        /// The session that has it.
        session_id: Option<Uuid> = "uuid",
        /// When that session was opened.
        opened_at: Option<Instant> = "timestamptz",
        /// From when on its time is billed.
        billing_started_at: Option<Instant> = "timestamptz",
        /// Prepaid end, or until when the hold covers play.
        secured_until: Option<Instant> = "timestamptz",
        /// Whether its time was bought first.
        prepaid: bool = "boolean NOT NULL",
        /// Why the table is off sale, or will be when the session ends.
        maintenance_reason: Option<String> = "text",
        /// When it is expected back.
        maintenance_expected_end: Option<Instant> = "timestamptz",
        /// The device that switches its light.
        light_device_id: Uuid = "uuid NOT NULL",
        /// The output of that device.
        light_channel: i16 = "smallint NOT NULL",
        /// What the light does.
        light: LightStatus = "text NOT NULL",
        /// The newest desired state of the light; 0 before the first.
        light_rev: i64 = "bigint NOT NULL",
        /// What is desired.
        light_desired: bool = "boolean NOT NULL",
        /// What the device last said.
        light_lit: bool = "boolean NOT NULL",
        /// The newest desired state was missed.
        light_failed: bool = "boolean NOT NULL",
        /// Gone for good.
        retired: bool = "boolean NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

impl TableRow {
    /// Brings `status` and `light` into line with what they are derived from.
    pub(super) fn derive(&mut self) {
        self.status = match (self.session_id, &self.maintenance_reason) {
            _ if self.retired => TableStatus::Retired,
            (Some(_), _) => TableStatus::Occupied,
            (None, Some(_)) => TableStatus::Maintenance,
            (None, None) => TableStatus::Idle,
        };
        self.light = match (self.light_failed, self.light_desired, self.light_lit) {
            (true, ..) => LightStatus::Failed,
            (false, true, true) => LightStatus::On,
            (false, true, false) => LightStatus::TurningOn,
            (false, false, true) => LightStatus::TurningOff,
            (false, false, false) => LightStatus::Off,
        };
    }
}
