//! Devices of one hall that are lost together.

use std::collections::{BTreeMap, BTreeSet};

use baize_domain::ids::{DeviceId, HallId, derived};
use jiff::Timestamp;
use uuid::Uuid;

use super::TOGETHER;

/// A hall as far as its devices are lost.
#[derive(Clone, Debug, Default)]
pub struct Hall {
    devices: BTreeSet<DeviceId>,
    /// When each was given up that is lost now.
    lost: BTreeMap<DeviceId, Timestamp>,
    /// The latest incident, and when the last device of it was lost.
    incident: Option<(Uuid, Timestamp)>,
}

impl Hall {
    /// A device hangs in it.
    pub fn add(&mut self, device_id: DeviceId) {
        self.devices.insert(device_id);
    }

    /// A device has left it.
    pub fn remove(&mut self, device_id: DeviceId) {
        self.devices.remove(&device_id);
        self.lost.remove(&device_id);
    }

    /// A device was given up.
    pub fn lose(&mut self, device_id: DeviceId, now: Timestamp) {
        self.lost.insert(device_id, now);
    }

    /// A device was heard.
    pub fn hear(&mut self, device_id: DeviceId) {
        self.lost.remove(&device_id);
    }

    /// The incident in which a device was lost that was given up at `at`: more than half of the hall, and more than one, within ten seconds.
    pub fn incident(&mut self, hall_id: HallId, at: Timestamp) -> Option<Uuid> {
        let near = |other: &Timestamp| other.duration_since(at).unsigned_abs() <= TOGETHER;
        if let Some((incident_id, last)) = self.incident.filter(|(_, last)| near(last)) {
            self.incident = Some((incident_id, last.max(at)));
            return Some(incident_id);
        }
        let together: Vec<_> = self.lost.values().copied().filter(near).collect();
        let first = together.iter().min().copied()?;
        if together.len() < 2 || together.len() * 2 <= self.devices.len() {
            return None;
        }
        let incident_id = derived(&["incident", &hall_id.to_string(), &first.to_string()]);
        let last = together.iter().max().copied().unwrap_or(at);
        self.incident = Some((incident_id, last));
        Some(incident_id)
    }
}
