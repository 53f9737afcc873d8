//! What happened to a hall.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{ChainId, DeviceId, DisplayId, HallId, TableId};

use super::{Goods, HallPolicy};

/// Events of the stream `Hall/<hall_id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum HallEvent {
    /// A hall joined the chain.
    HallRegistered {
        /// The hall.
        hall_id: HallId,
        /// Whose it is: its levels hold here.
        chain_id: ChainId,
        /// What customers read.
        name: String,
        /// IANA time zone, for tariffs and business days.
        time_zone: String,
        /// Minutes after local midnight at which a business day ends; 360 = 06:00.
        business_day_cutoff_minutes: u16,
        /// The hall's limits and delays.
        policy: HallPolicy,
    },
    /// The hall's limits and delays changed, for sessions opened from now on.
    HallPolicyChanged {
        /// The whole new policy.
        policy: HallPolicy,
    },
    /// The hall has another name.
    HallRenamed {
        /// What customers read.
        name: String,
    },
    /// The hall's clocks are set by another zone, for sessions opened from now on.
    HallTimeZoneChanged {
        /// IANA time zone.
        time_zone: String,
    },
    /// Business days end at another time.
    BusinessDayCutoffChanged {
        /// Minutes after local midnight.
        business_day_cutoff_minutes: u16,
    },
    /// A table stands in the hall, with this label and light from now on.
    TableListed {
        /// The table.
        table_id: TableId,
        /// What is written on it.
        label: String,
        /// The device with its light.
        light_device_id: DeviceId,
    },
    /// A table left the hall.
    TableDelisted {
        /// The table.
        table_id: TableId,
    },
    /// A device is in the hall.
    DeviceListed {
        /// The device.
        device_id: DeviceId,
        /// Its MQTT topic.
        topic: String,
    },
    /// A device left the hall.
    DeviceDelisted {
        /// The device.
        device_id: DeviceId,
    },
    /// What the hall sells beside play, all of it; what is on bills stays as it was priced.
    GoodsListed {
        /// 1, then 2, …
        version: u32,
        /// In the order of the list.
        goods: Vec<Goods>,
    },
    /// A link was made that shows the hall's wall screen.
    DisplayLinkIssued {
        /// The link.
        display_id: DisplayId,
        /// Where the screen hangs, in the words of the owner.
        label: String,
        /// Until when it shows anything.
        expires_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// A link shows nothing any more.
    DisplayLinkRevoked {
        /// The link.
        display_id: DisplayId,
        /// When.
        at: Timestamp,
    },
    /// The hall closed for good.
    HallRetired {
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(HallEvent: HallRegistered, HallPolicyChanged, HallRenamed, HallTimeZoneChanged, BusinessDayCutoffChanged, TableListed, TableDelisted, DeviceListed, DeviceDelisted, GoodsListed, DisplayLinkIssued, DisplayLinkRevoked, HallRetired);
