//! The tables of the directory.

use baize_domain::chain::Level;
use baize_domain::hall::Goods;
use baize_domain::tariff::Tariff;
use sqlx::types::Json;
use uuid::Uuid;

use crate::store::{Instant, table, text_enum};
use crate::views::board::{TableClass, TableStatus};

table! {
    /// A chain.
    pub struct ChainRow("chains", key chain_id: Uuid, append_only false, indexes []) {
        /// The chain.
        chain_id: Uuid = "uuid NOT NULL",
        /// What customers read.
        name: String = "text NOT NULL",
        /// The version of its levels.
        levels_version: i32 = "integer NOT NULL",
        /// The lowest first.
        levels: Json<Vec<Level>> = "jsonb NOT NULL",
        /// For how many days spending counts for them.
        window_days: i32 = "integer NOT NULL",
        /// How many months a level lasts that was reached by it.
        period_months: i32 = "integer NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// A hall.
    pub struct HallRow("halls", key hall_id: Uuid, append_only false, indexes ["chain_id"]) {
        /// The hall.
        hall_id: Uuid = "uuid NOT NULL",
        /// Whose it is.
        chain_id: Uuid = "uuid NOT NULL",
        /// What customers read.
        name: String = "text NOT NULL",
        /// IANA time zone.
        time_zone: String = "text NOT NULL",
        /// Minutes after local midnight at which a business day ends.
        business_day_cutoff_minutes: i16 = "smallint NOT NULL",
        /// What it sells beside play.
        goods: Json<Vec<Goods>> = "jsonb NOT NULL",
        /// The version of that list.
        goods_version: i32 = "integer NOT NULL",
        /// Closed for good.
        retired: bool = "boolean NOT NULL",
        /// Position at which it was registered: the order of lists.
        registered: i64 = "bigint NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// A table.
    pub struct TableRow("tables", key table_id: Uuid, append_only false, indexes ["hall_id, registered"]) {
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
        /// The plan by which it is billed.
        tariff_plan_id: Uuid = "uuid NOT NULL",
        /// The device with its light.
        light_device_id: Uuid = "uuid NOT NULL",
        /// The output of that device.
        light_channel: i16 = "smallint NOT NULL",
        /// The text in its code.
        qr_token: String = "text NOT NULL",
        /// The session that has it.
        session_id: Option<Uuid> = "uuid",
        /// Why it is off sale, or will be when the session ends.
        maintenance_reason: Option<String> = "text",
        /// When it is expected back.
        maintenance_expected_end: Option<Instant> = "timestamptz",
        /// Position at which it was registered: the order of lists.
        registered: i64 = "bigint NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// A code that is, or once was, on a table.
    pub struct CodeRow("codes", key code_id: Uuid, append_only false, indexes []) {
        /// Derived from the text in the code.
        code_id: Uuid = "uuid NOT NULL",
        /// The table.
        table_id: Uuid = "uuid NOT NULL",
        /// Whether it was replaced, or its table is gone.
        retired: bool = "boolean NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

text_enum! {
    /// The language a device speaks.
    pub enum Driver {
        /// Tasmota firmware over MQTT.
        Tasmota = "tasmota",
        /// Shelly, second generation and later.
        Shelly = "shelly",
        /// ESPHome.
        EspHome = "esphome",
    }
}

impl From<baize_domain::device::Driver> for Driver {
    fn from(driver: baize_domain::device::Driver) -> Self {
        use baize_domain::device::Driver as Domain;

        match driver {
            Domain::Tasmota => Self::Tasmota,
            Domain::Shelly => Self::Shelly,
            Domain::EspHome => Self::EspHome,
        }
    }
}

table! {
    /// A device.
    pub struct DeviceRow("devices", key device_id: Uuid, append_only false, indexes ["hall_id, registered"]) {
        /// The device.
        device_id: Uuid = "uuid NOT NULL",
        /// Where it is.
        hall_id: Uuid = "uuid NOT NULL",
        /// The language it speaks.
        driver: Driver = "text NOT NULL",
        /// Its MQTT topic.
        topic: String = "text NOT NULL",
        /// Its outputs.
        channels: i16 = "smallint NOT NULL",
        /// Gone for good.
        retired: bool = "boolean NOT NULL",
        /// Position at which it was registered: the order of lists.
        registered: i64 = "bigint NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// A tariff plan and its newest version.
    pub struct TariffRow("tariffs", key plan_id: Uuid, append_only false, indexes ["hall_id"]) {
        /// The plan.
        plan_id: Uuid = "uuid NOT NULL",
        /// The hall it is for.
        hall_id: Uuid = "uuid NOT NULL",
        /// The newest version.
        version: i32 = "integer NOT NULL",
        /// When that was published.
        published_at: Instant = "timestamptz NOT NULL",
        /// Its content.
        tariff: Json<Tariff> = "jsonb NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

impl TableRow {
    /// Brings `status` into line with what it is derived from.
    pub(super) fn derive(&mut self) {
        self.status = match (self.session_id, &self.maintenance_reason) {
            _ if self.status == TableStatus::Retired => TableStatus::Retired,
            (Some(_), _) => TableStatus::Occupied,
            (None, Some(_)) => TableStatus::Maintenance,
            (None, None) => TableStatus::Idle,
        };
    }
}

/// The key of a code. Texts are of any length; keys are not.
pub fn code_id(qr_token: &str) -> Uuid {
    baize_domain::ids::derived(&["qr-token", qr_token])
}
