//! What a hall is.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{ChainId, DeviceId, DisplayId, HallId, TableId};

use super::{Goods, HallEvent, HallPolicy};

/// A hall, registered or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hall {
    /// What was registered; nothing before.
    pub profile: Option<Arc<HallProfile>>,
    /// Its tables, without those that were retired.
    #[serde(default)]
    pub tables: Arc<BTreeMap<TableId, ListedTable>>,
    /// The topics of its devices, without those that were retired.
    #[serde(default)]
    pub devices: Arc<BTreeMap<DeviceId, String>>,
    /// What it sells beside play, also what it sells no more.
    #[serde(default)]
    pub goods: Arc<Vec<Goods>>,
    /// The version of that list; 0 before there is one.
    #[serde(default)]
    pub goods_version: u32,
    /// The links to its wall screen, but for those that had expired when the last one was made.
    #[serde(default)]
    pub displays: Arc<BTreeMap<DisplayId, DisplayLink>>,
    /// Whether it closed for good.
    #[serde(default)]
    pub retired: bool,
}

/// A link to a hall's wall screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisplayLink {
    /// Where the screen hangs.
    pub label: String,
    /// Until when it shows anything.
    pub expires_at: Timestamp,
    /// Whether it shows nothing any more.
    pub revoked: bool,
}

/// What a hall knows of a table that stands in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedTable {
    /// What is written on it.
    pub label: String,
    /// The device with its light.
    pub light_device_id: DeviceId,
}

/// What is known of a registered hall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HallProfile {
    /// The hall.
    pub hall_id: HallId,
    /// Whose it is: its levels hold here.
    pub chain_id: ChainId,
    /// What customers read.
    pub name: String,
    /// IANA time zone.
    pub time_zone: String,
    /// Minutes after local midnight at which a business day ends.
    pub business_day_cutoff_minutes: u16,
    /// Limits and delays for sessions opened from now on.
    pub policy: HallPolicy,
}

impl Hall {
    /// Folds an event in.
    pub fn evolve(&mut self, event: &HallEvent) {
        match event {
            HallEvent::HallRegistered {
                hall_id,
                chain_id,
                name,
                time_zone,
                business_day_cutoff_minutes,
                policy,
            } => {
                self.profile = Some(Arc::new(HallProfile {
                    hall_id: *hall_id,
                    chain_id: *chain_id,
                    name: name.clone(),
                    time_zone: time_zone.clone(),
                    business_day_cutoff_minutes: *business_day_cutoff_minutes,
                    policy: policy.clone(),
                }));
            }
            HallEvent::HallPolicyChanged { policy } => self.change(|profile| profile.policy = policy.clone()),
            HallEvent::HallRenamed { name } => self.change(|profile| profile.name.clone_from(name)),
            HallEvent::HallTimeZoneChanged { time_zone } => {
                self.change(|profile| profile.time_zone.clone_from(time_zone));
            }
            HallEvent::BusinessDayCutoffChanged {
                business_day_cutoff_minutes,
            } => self.change(|profile| profile.business_day_cutoff_minutes = *business_day_cutoff_minutes),
            HallEvent::TableListed {
                table_id,
                label,
                light_device_id,
            } => {
                let listed = ListedTable {
                    label: label.clone(),
                    light_device_id: *light_device_id,
                };
                Arc::make_mut(&mut self.tables).insert(*table_id, listed);
            }
            HallEvent::TableDelisted { table_id } => {
                Arc::make_mut(&mut self.tables).remove(table_id);
            }
            HallEvent::DeviceListed { device_id, topic } => {
                Arc::make_mut(&mut self.devices).insert(*device_id, topic.clone());
            }
            HallEvent::DeviceDelisted { device_id } => {
                Arc::make_mut(&mut self.devices).remove(device_id);
            }
            HallEvent::GoodsListed { version, goods } => {
                self.goods = Arc::new(goods.clone());
                self.goods_version = *version;
            }
            HallEvent::DisplayLinkIssued {
                display_id,
                label,
                expires_at,
                at,
            } => {
                let displays = Arc::make_mut(&mut self.displays);
                displays.retain(|_, link| link.expires_at > *at);
                let link = DisplayLink {
                    label: label.clone(),
                    expires_at: *expires_at,
                    revoked: false,
                };
                displays.insert(*display_id, link);
            }
            HallEvent::DisplayLinkRevoked { display_id, .. } => {
                if let Some(link) = Arc::make_mut(&mut self.displays).get_mut(display_id) {
                    link.revoked = true;
                }
            }
            HallEvent::HallRetired { .. } => self.retired = true,
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut HallProfile)) {
        if let Some(profile) = &mut self.profile {
            change(Arc::make_mut(profile));
        }
    }
}
