//! What a hall can be asked.

use jiff::Timestamp;

use crate::ids::{ChainId, DeviceId, DisplayId, HallId, TableId};

use super::{Goods, HallPolicy};

/// Commands of a hall.
#[derive(Clone, Debug, PartialEq)]
pub enum HallCommand {
    /// Set the hall up.
    Register {
        /// The hall.
        hall_id: HallId,
        /// Whose it is.
        chain_id: ChainId,
        /// What customers read.
        name: String,
        /// IANA time zone.
        time_zone: String,
        /// Minutes after local midnight at which a business day ends, 0–1439.
        business_day_cutoff_minutes: u16,
        /// Limits and delays.
        policy: HallPolicy,
    },
    /// Change the limits and delays.
    ChangePolicy {
        /// The whole new policy.
        policy: HallPolicy,
    },
    /// Change what the hall is; what is absent stays.
    Change(HallChange),
    /// Note a table that stands in the hall, or what changed of it.
    ListTable {
        /// The table.
        table_id: TableId,
        /// What is written on it.
        label: String,
        /// The device with its light.
        light_device_id: DeviceId,
    },
    /// Note a device that is in the hall.
    ListDevice {
        /// The device.
        device_id: DeviceId,
        /// Its MQTT topic.
        topic: String,
    },
    /// Forget a table that was retired.
    DelistTable {
        /// The table.
        table_id: TableId,
    },
    /// Forget a device that was retired.
    DelistDevice {
        /// The device.
        device_id: DeviceId,
    },
    /// Say what the hall sells beside play.
    ListGoods {
        /// All of it.
        goods: Vec<Goods>,
    },
    /// Make a link that shows the hall's wall screen.
    IssueDisplayLink {
        /// The link.
        display_id: DisplayId,
        /// Where the screen hangs.
        label: String,
        /// For how many days it is good, 1–400.
        days: u16,
        /// When.
        at: Timestamp,
    },
    /// Let a link show nothing any more.
    RevokeDisplayLink {
        /// The link.
        display_id: DisplayId,
        /// When.
        at: Timestamp,
    },
    /// Close the hall for good.
    Retire {
        /// When.
        at: Timestamp,
    },
}

/// What may change of a hall; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct HallChange {
    /// What customers read.
    pub name: Option<String>,
    /// IANA time zone.
    pub time_zone: Option<String>,
    /// Minutes after local midnight at which a business day ends, 0–1439.
    pub business_day_cutoff_minutes: Option<u16>,
}
