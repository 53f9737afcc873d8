//! When who has to be looked at.

use std::collections::{BTreeSet, HashMap};

use baize_domain::device::LightChannel;
use baize_domain::ids::DeviceId;
use jiff::Timestamp;

/// Who.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Key {
    Recovery,
    Lamp(Output),
    Device(DeviceId),
    Health(DeviceId),
}

/// A [`LightChannel`] with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Output(DeviceId, u8);

impl From<LightChannel> for Output {
    fn from(light: LightChannel) -> Self {
        Self(light.device_id, light.channel)
    }
}

impl From<Output> for LightChannel {
    fn from(Output(device_id, channel): Output) -> Self {
        Self { device_id, channel }
    }
}

/// One instant for each key.
#[derive(Debug, Default)]
pub(super) struct Timers {
    by_key: HashMap<Key, Timestamp>,
    by_time: BTreeSet<(Timestamp, Key)>,
}

impl Timers {
    pub fn set(&mut self, key: Key, at: Option<Timestamp>) {
        let before = match at {
            Some(at) => self.by_key.insert(key, at),
            None => self.by_key.remove(&key),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.by_time.remove(&(before, key));
        }
        if let Some(at) = at {
            self.by_time.insert((at, key));
        }
    }

    pub fn first(&self) -> Option<Timestamp> {
        Some(self.by_time.first()?.0)
    }

    /// Takes out everything that is due.
    pub fn due(&mut self, now: Timestamp) -> Vec<Key> {
        let mut due = Vec::new();
        while let Some((at, key)) = self.by_time.first().copied().filter(|(at, _)| *at <= now) {
            self.by_time.remove(&(at, key));
            self.by_key.remove(&key);
            due.push(key);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_one_instant_and_what_is_due_is_taken_out() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let lamp = |channel| Key::Lamp(Output(DeviceId::default(), channel));
        let mut timers = Timers::default();
        timers.set(lamp(1), Some(at(5)));
        timers.set(lamp(1), Some(at(3)));
        timers.set(lamp(2), Some(at(4)));
        timers.set(lamp(3), Some(at(1)));
        timers.set(lamp(3), None);
        assert_eq!(timers.first(), Some(at(3)));
        assert_eq!(timers.due(at(4)), [lamp(1), lamp(2)]);
        assert!(timers.due(at(9)).is_empty());
        assert_eq!(timers.first(), None);
    }
}
