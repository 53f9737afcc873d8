//! What devices say, and whose turn it is to be spoken to.

use baize_domain::device::LightChannel;
use baize_domain::ids::DeviceId;
use jiff::Timestamp;

use crate::drivers::{self, Signal};
use crate::mqtt::Happening;
use crate::reconcile::Health;

use super::Engine;
use super::recovery::{Recovery, Urgency};
use super::timers::Key;

impl Engine {
    pub(super) fn react(&mut self, happening: Happening, now: Timestamp) {
        match happening {
            Happening::Up(link) => {
                self.link = Some(link);
                self.recover(now);
            }
            Happening::Down => self.link = None,
            Happening::Message { topic, payload } => self.listen(&topic, &payload, now),
        }
    }

    /// A new connection: nothing that was known before it is known now.
    fn recover(&mut self, now: Timestamp) {
        self.recovery = Recovery::new(now);
        let mut lights = Vec::new();
        for (device_id, station) in &mut self.stations {
            station.forget(now);
            self.timers
                .set(Key::Device(*device_id), station.presence.wake_at().into());
            let channels = station.lamps.keys();
            lights.extend(channels.map(|channel| LightChannel {
                device_id: *device_id,
                channel: *channel,
            }));
        }
        for light in lights {
            self.queue(light);
            self.step(light, now, None);
        }
    }

    fn listen(&mut self, topic: &str, payload: &[u8], now: Timestamp) {
        let heard = drivers::all().iter().find_map(|driver| {
            let device_id = *self.topics.get(driver.device_topic(topic)?)?;
            // Who may speak in another kind's language under this topic is not this device.
            let is_its_own = self.stations.get(&device_id)?.driver.kind() == driver.kind();
            is_its_own.then(|| (device_id, driver.decode(topic, payload)))
        });
        let Some((device_id, signals)) = heard else { return };
        let Some(station) = self.stations.get_mut(&device_id) else {
            return;
        };
        self.garbage += signals.iter().filter(|signal| **signal == Signal::Garbage).count() as u64;
        let is_back = station.hear(&signals, now);
        self.look_at_health(device_id);
        let Some(station) = self.stations.get(&device_id) else {
            return;
        };
        self.timers
            .set(Key::Device(device_id), station.presence.wake_at().into());
        let channels: Vec<u8> = station.lamps.keys().copied().collect();
        for channel in channels {
            let light = LightChannel { device_id, channel };
            if is_back {
                self.queue(light);
            }
            self.step(light, now, None);
        }
    }

    /// Lets the outputs whose turn has come go on.
    pub(super) fn release(&mut self, now: Timestamp) {
        if self.link.is_some() && !self.history.is_frozen() {
            while let Some(light) = self.recovery.take(now) {
                let Some(pursuit) = self.pursuit_mut(light).filter(|pursuit| pursuit.is_waiting()) else {
                    continue;
                };
                pursuit.release(now);
                self.recovery.spend(now);
                self.step(light, now, None);
            }
        }
        let next = self
            .recovery
            .next_at()
            .filter(|_| self.link.is_some() && !self.history.is_frozen());
        self.timers.set(Key::Recovery, next);
    }

    pub(super) fn queue(&mut self, light: LightChannel) {
        let Some(entry) = self.register.entry(light) else {
            return;
        };
        let Some(pursuit) = self.pursuit(light) else { return };
        let urgency = match (pursuit.is_on(), entry.outcomes.confirmed) {
            (false, _) => Urgency::Off,
            (true, false) => Urgency::Awaited,
            (true, true) => Urgency::On,
        };
        self.recovery.queue(light, urgency);
    }

    /// Asks a device that is silent.
    pub(super) fn watch(&mut self, device_id: DeviceId, now: Timestamp) {
        let Some(station) = self.stations.get_mut(&device_id) else {
            return;
        };
        let Some(link) = &self.link else {
            // A new connection starts the watch anew.
            return self.timers.set(Key::Device(device_id), None);
        };
        let was = station.presence.health();
        let asks = station.presence.step(now);
        let is_lost = was != Health::Offline && station.presence.health() == Health::Offline;
        if asks {
            self.correlation = self.correlation.wrapping_add(1);
            for frame in station.driver.query(&station.topic, 1, self.correlation) {
                link.publish(frame, None);
            }
        }
        self.timers
            .set(Key::Device(device_id), station.presence.wake_at().into());
        let channels: Vec<u8> = station.lamps.keys().copied().collect();
        if is_lost {
            self.lose(device_id, now);
        }
        for channel in channels {
            self.step(LightChannel { device_id, channel }, now, None);
        }
    }
}
