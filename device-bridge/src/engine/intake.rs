//! What is desired: events come in.

use std::time::{Duration, Instant};

use baize_domain::device::{DeviceEvent, LightChannel};
use baize_domain::ids::DeviceId;
use jiff::{SignedDuration, Timestamp};

use crate::events::{Feed, Received};
use crate::reconcile::{Pursuit, schedule};
use crate::register::Change;

use super::Engine;
use super::history::Thawed;
use super::station::Station;
use super::timers::Key;

/// What is older than this when it comes in, in real time, is no news.
const STALE_AFTER: Duration = Duration::from_secs(10);

impl Engine {
    pub(super) fn take_in(&mut self, feed: Feed) {
        match feed {
            Feed::CatchingUp => self.history.freeze(),
            Feed::CaughtUp => {
                let thawed = self.history.end();
                self.resume(thawed);
            }
            Feed::Event(received) => self.apply(received),
        }
    }

    fn apply(&mut self, received: Received) {
        let now = self.clock.now();
        self.history.goes_on();
        self.position = self.position.max(received.position);
        let change = self
            .register
            .apply(received.position, received.device_id, &received.event);
        let record = match change {
            Some(Change::Registered) => {
                self.settle_in(received.device_id, now);
                self.register.device_record(received.device_id)
            }
            Some(Change::Desired(light)) => {
                self.desire(light, &received, now);
                self.register.channel_record(light)
            }
            Some(Change::Health(device_id)) => {
                self.told_of(device_id);
                self.register.device_record(device_id)
            }
            Some(Change::Retired(device_id)) => {
                self.move_out(device_id);
                self.register.device_record(device_id)
            }
            Some(Change::Outcome(light)) => self.register.channel_record(light),
            None => None,
        };
        self.journal.note(received.position, record);
    }

    /// Makes room for a device and what is desired of it.
    pub(super) fn settle_in(&mut self, device_id: DeviceId, now: Timestamp) {
        let Some(device) = self.register.device(device_id) else {
            return;
        };
        let Some((registration, _)) = device.registration.as_ref().filter(|_| !device.is_retired) else {
            return;
        };
        let station = Station::new(registration, device.is_offline, now);
        self.halls.entry(registration.hall_id).or_default().add(device_id);
        self.timers
            .set(Key::Device(device_id), station.presence.wake_at().into());
        if let Some(former) = self.stations.insert(device_id, station) {
            self.topics.remove(&former.topic);
        }
        self.topics.insert(registration.topic.clone(), device_id);
        let channels: Vec<u8> = device.channels.keys().copied().collect();
        for channel in channels {
            self.restore(LightChannel { device_id, channel }, now);
        }
    }

    /// Forgets a device that has left: its topic may be another's.
    fn move_out(&mut self, device_id: DeviceId) {
        let Some(station) = self.stations.remove(&device_id) else {
            return;
        };
        if self.topics.get(&station.topic) == Some(&device_id) {
            self.topics.remove(&station.topic);
        }
        self.halls.entry(station.hall_id).or_default().remove(device_id);
        self.timers.set(Key::Device(device_id), None);
        self.timers.set(Key::Health(device_id), None);
    }

    /// Takes up what is desired from now on.
    fn desire(&mut self, light: LightChannel, received: &Received, now: Timestamp) {
        let DeviceEvent::LightDesired { issued_at, on, .. } = received.event else {
            return;
        };
        if self.history.is_frozen() {
            return self.history.touch(light);
        }
        if on && self.is_stale(issued_at, now) {
            self.history.doubt(light);
        } else {
            self.history.believe(light);
        }
        self.pursue(light, now, Some(received.at));
    }

    fn pursue(&mut self, light: LightChannel, now: Timestamp, since: Option<Instant>) {
        let seed = self.seed_of(light);
        let Some(entry) = self.register.entry(light) else {
            return;
        };
        let Some(station) = self.stations.get_mut(&light.device_id) else {
            return;
        };
        let new = || Pursuit::new(&entry.desired, now, seed);
        station.lamps.entry(light.channel).or_insert_with(new);
        self.step(light, now, since);
    }

    /// Takes up what was desired some time ago: asks first, when its turn comes.
    fn restore(&mut self, light: LightChannel, now: Timestamp) {
        let seed = self.seed_of(light);
        let Some(entry) = self.register.entry(light) else {
            return;
        };
        let Some(station) = self.stations.get_mut(&light.device_id) else {
            return;
        };
        station
            .lamps
            .insert(light.channel, Pursuit::restored(&entry.desired, now, seed));
        self.queue(light);
        self.step(light, now, None);
    }

    /// Goes on after a freeze, with what history came to.
    pub(super) fn resume(&mut self, thawed: Thawed) {
        let now = self.clock.now();
        for light in thawed.touched {
            let issued_at = self.register.entry(light).map(|entry| entry.desired.issued_at);
            let is_followed = self.pursuit(light).is_some_and(|pursuit| !pursuit.is_waiting());
            match issued_at {
                Some(issued_at) if is_followed || !self.is_stale(issued_at, now) => self.pursue(light, now, None),
                _ => self.restore(light, now),
            }
        }
        for light in thawed.deferred {
            self.step(light, now, None);
        }
    }

    /// Whether something issued then is no news any more.
    fn is_stale(&self, issued_at: Timestamp, now: Timestamp) -> bool {
        let age = now.duration_since(issued_at).max(SignedDuration::ZERO).unsigned_abs();
        self.clock.real_duration(age) > STALE_AFTER
    }

    fn seed_of(&self, light: LightChannel) -> u64 {
        let (high, low) = light.device_id.0.as_u64_pair();
        schedule::mix(self.seed ^ high ^ low.rotate_left(u32::from(light.channel)))
    }
}
