//! What is told of the devices themselves.

use baize_domain::ids::DeviceId;
use jiff::{SignedDuration, Timestamp};

use crate::health::Finding;
use crate::reconcile::Health;
use crate::reports::Report;

use super::Engine;
use super::timers::Key;

/// What is told already is not known before all events are: until then nothing is told.
const FROZEN_PAUSE: SignedDuration = SignedDuration::from_secs(1);

impl Engine {
    /// The log says whether a device is lost.
    pub(super) fn told_of(&mut self, device_id: DeviceId) {
        let is_offline = self.register.device(device_id).is_some_and(|device| device.is_offline);
        if let Some(station) = self.stations.get_mut(&device_id) {
            station.watch.told(is_offline);
            if is_offline && station.presence.health() == Health::Online {
                station.watch.hear(self.clock.now());
            }
        }
        self.look_at_health(device_id);
    }

    /// A device was given up.
    pub(super) fn lose(&mut self, device_id: DeviceId, now: Timestamp) {
        let Some(station) = self.stations.get_mut(&device_id) else {
            return;
        };
        let found = station.watch.lose(station.presence.heard_at(), now);
        self.halls.entry(station.hall_id).or_default().lose(device_id, now);
        self.tell(device_id, found);
        self.look_at_health(device_id);
    }

    /// Sets the timer to when there is something to be told.
    pub(super) fn look_at_health(&mut self, device_id: DeviceId) {
        let Some(station) = self.stations.get(&device_id) else {
            return;
        };
        if station.presence.health() == Health::Online {
            self.halls.entry(station.hall_id).or_default().hear(device_id);
        }
        self.timers.set(Key::Health(device_id), station.watch.wake_at());
    }

    /// Tells what is due.
    pub(super) fn judge(&mut self, device_id: DeviceId, now: Timestamp) {
        let Some(station) = self.stations.get_mut(&device_id) else {
            return;
        };
        // Who is not connected hears nobody.
        if self.link.is_none() {
            return;
        }
        if self.history.is_frozen() {
            return self.timers.set(Key::Health(device_id), Some(now + FROZEN_PAUSE));
        }
        let hall_id = station.hall_id;
        let hall = self.halls.entry(hall_id).or_default();
        let found = station.watch.step(now, |at| hall.incident(hall_id, at));
        self.tell(device_id, found);
        self.look_at_health(device_id);
    }

    fn tell(&self, device_id: DeviceId, finding: Option<Finding>) {
        if let Some(finding) = finding {
            self.outbox.push(Report::Health { device_id, finding });
        }
    }
}
