//! The register: what is desired of every output now. Not a queue: of a device that was away, only the newest
//! desired state matters.
//!
//! It is a fold of the events of the aggregate `Device`. Of each output the highest `rev` counts; a lower or equal
//! one is ignored, so events may come twice or late without harm. [`store`] keeps it over restarts.

pub(crate) mod disk;
mod record;
pub mod store;

use std::collections::{BTreeMap, HashMap};

use baize_domain::device::{DesireReason, DeviceEvent, Driver, FailureKind, LightChannel};
use baize_domain::ids::{DeviceId, HallId, SessionId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use record::{Record, Resume};

/// What is desired of one output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// Monotone per device.
    pub rev: u64,
    /// On or off; see [`Desired::is_on_at`] for what it means now.
    pub on: bool,
    /// For which session.
    pub session_id: Option<SessionId>,
    /// On means off from this instant.
    pub not_after: Option<Timestamp>,
    /// Why.
    pub reason: DesireReason,
    /// When.
    pub issued_at: Timestamp,
}

impl Desired {
    /// Whether the light is to be on at `now`. Without a session or a test, or without an end, it never is.
    pub fn is_on_at(&self, now: Timestamp) -> bool {
        self.on
            && (self.session_id.is_some() || self.reason == DesireReason::Testing)
            && self.not_after.is_some_and(|end| now < end)
    }

    /// Whether it was to be on and its time is over at `now`.
    pub fn is_over_at(&self, now: Timestamp) -> bool {
        self.on && self.not_after.is_some_and(|end| now >= end)
    }
}

/// What the log already holds about a desired state, so that it is not reported again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcomes {
    /// It was confirmed.
    pub confirmed: bool,
    /// Its time ran out and the light was seen off.
    pub expired: bool,
    /// It was reported late.
    pub late: bool,
    /// The device was reported unreachable.
    pub unreachable: bool,
    /// The device was reported to contradict.
    pub mismatch: bool,
    /// How often it was confirmed after it had been reported unreachable or to contradict.
    pub recoveries: u32,
}

impl Outcomes {
    /// It was confirmed: what was wrong before is over.
    pub fn confirm(&mut self) {
        if self.unreachable || self.mismatch {
            self.recoveries += 1;
        }
        (self.confirmed, self.unreachable, self.mismatch) = (true, false, false);
    }

    /// It was missed: that it was confirmed before is over, unless it is only late.
    pub fn fail(&mut self, kind: FailureKind) {
        match kind {
            FailureKind::Late => self.late = true,
            FailureKind::Unreachable => (self.confirmed, self.unreachable) = (false, true),
            FailureKind::Mismatch => (self.confirmed, self.mismatch) = (false, true),
        }
    }
}

/// A device as it was set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Where it is.
    pub hall_id: HallId,
    /// The language it speaks.
    pub driver: Driver,
    /// Its MQTT topic.
    pub topic: String,
    /// How many outputs it has.
    pub channels: u8,
}

/// One output's newest desired state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is desired.
    pub desired: Desired,
    /// What is already known about it.
    pub outcomes: Outcomes,
    /// Position of the last event that changed the entry.
    pub position: u64,
}

/// A device and what is desired of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// How it was set up, and the position of that event; not known before its `DeviceRegistered` was read.
    pub registration: Option<(Registration, u64)>,
    /// Its outputs of which something was ever desired.
    pub channels: BTreeMap<u8, Entry>,
    /// The log says that it is lost.
    pub is_offline: bool,
    /// It has left the hall for good: its topic may be another's by now.
    pub is_retired: bool,
}

/// What an event changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The device's set-up.
    Registered,
    /// What is desired of an output.
    Desired(LightChannel),
    /// What is known about an output's desired state.
    Outcome(LightChannel),
    /// Whether the device is lost.
    Health(DeviceId),
    /// The device has left.
    Retired(DeviceId),
}

/// The register.
#[derive(Clone, Debug, Default)]
pub struct Register {
    devices: HashMap<DeviceId, Device>,
}

impl Register {
    /// A device, if any event named it.
    pub fn device(&self, device_id: DeviceId) -> Option<&Device> {
        self.devices.get(&device_id)
    }

    /// An output's entry, if anything was ever desired of it.
    pub fn entry(&self, light: LightChannel) -> Option<&Entry> {
        self.devices.get(&light.device_id)?.channels.get(&light.channel)
    }

    /// All devices.
    pub fn devices(&self) -> impl Iterator<Item = (DeviceId, &Device)> {
        self.devices.iter().map(|(id, device)| (*id, device))
    }

    /// Takes in the event at `position`. `None`: it changed nothing.
    pub fn apply(&mut self, position: u64, device_id: DeviceId, event: &DeviceEvent) -> Option<Change> {
        match event {
            DeviceEvent::DeviceRegistered {
                hall_id,
                driver,
                topic,
                channels,
                ..
            } => {
                let registration = Registration {
                    hall_id: *hall_id,
                    driver: *driver,
                    topic: topic.clone(),
                    channels: *channels,
                };
                self.register(device_id, registration, position)
            }
            // Nothing is desired of it any more: it was dark when it left, and stays in the register as something that is off.
            DeviceEvent::DeviceRetired { .. } => self
                .mark(position, device_id, |device| device.is_retired = true)
                .then_some(Change::Retired(device_id)),
            DeviceEvent::LightDesired {
                channel,
                rev,
                on,
                session_id,
                not_after,
                reason,
                issued_at,
            } => {
                let desired = Desired {
                    rev: *rev,
                    on: *on,
                    session_id: *session_id,
                    not_after: *not_after,
                    reason: *reason,
                    issued_at: *issued_at,
                };
                let light = LightChannel {
                    device_id,
                    channel: *channel,
                };
                let entry = Entry {
                    desired,
                    outcomes: Outcomes::default(),
                    position,
                };
                self.desire(light, entry).then_some(Change::Desired(light))
            }
            DeviceEvent::LightConfirmed { channel, rev, .. } => {
                self.learn(position, device_id, *channel, *rev, Outcomes::confirm)
            }
            DeviceEvent::LightExpired { channel, rev, .. } => {
                self.learn(position, device_id, *channel, *rev, |known| known.expired = true)
            }
            DeviceEvent::LightFailed { channel, rev, kind, .. } => {
                self.learn(position, device_id, *channel, *rev, |known| known.fail(*kind))
            }
            DeviceEvent::DeviceWentOffline { .. } => self
                .mark(position, device_id, |device| device.is_offline = true)
                .then_some(Change::Health(device_id)),
            DeviceEvent::DeviceCameBack { .. } => self
                .mark(position, device_id, |device| device.is_offline = false)
                .then_some(Change::Health(device_id)),
            // Told, and of no consequence for what is desired.
            DeviceEvent::DeviceFlapped { .. } => None,
        }
    }

    fn register(&mut self, device_id: DeviceId, registration: Registration, position: u64) -> Option<Change> {
        let device = self.devices.entry(device_id).or_default();
        if device
            .registration
            .as_ref()
            .is_some_and(|(_, known)| *known >= position)
        {
            return None;
        }
        device.registration = Some((registration, position));
        Some(Change::Registered)
    }

    /// Changes what is known of a device as a whole; false if that is no news.
    fn mark(&mut self, position: u64, device_id: DeviceId, mark: impl FnOnce(&mut Device)) -> bool {
        let Some(device) = self.devices.get_mut(&device_id) else {
            return false;
        };
        match &mut device.registration {
            Some((_, known)) if *known < position => *known = position,
            _ => return false,
        }
        mark(device);
        true
    }

    /// Takes `entry` if its `rev` is higher than what is known of the output.
    fn desire(&mut self, light: LightChannel, entry: Entry) -> bool {
        let channels = &mut self.devices.entry(light.device_id).or_default().channels;
        match channels.get(&light.channel) {
            Some(known) if known.desired.rev >= entry.desired.rev => false,
            _ => {
                channels.insert(light.channel, entry);
                true
            }
        }
    }

    fn learn(
        &mut self,
        position: u64,
        device_id: DeviceId,
        channel: u8,
        rev: u64,
        mark: impl FnOnce(&mut Outcomes),
    ) -> Option<Change> {
        let entry = self.devices.get_mut(&device_id)?.channels.get_mut(&channel)?;
        if entry.desired.rev != rev {
            return None;
        }
        let before = entry.outcomes;
        mark(&mut entry.outcomes);
        if entry.outcomes == before {
            return None;
        }
        entry.position = entry.position.max(position);
        Some(Change::Outcome(LightChannel { device_id, channel }))
    }
}

#[cfg(test)]
mod tests;
