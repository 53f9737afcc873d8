//! The register's wire form in the stream `DESIRED`: one subject a record, of which the stream keeps the newest.

use baize_domain::device::LightChannel;
use baize_domain::ids::{DeviceId, HallId};
use serde::{Deserialize, Serialize};

use super::{Desired, Entry, Outcomes, Register, Registration};

/// Up to which position of `EVENTS` the records hold everything, and for which halls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// The position.
    pub position: u64,
    /// The halls that were followed; `None` is all. A bridge that follows others must read `EVENTS` anew.
    pub halls: Option<Vec<HallId>>,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// A device's set-up.
    Device {
        /// The device.
        device_id: DeviceId,
        /// How it was set up.
        #[serde(flatten)]
        registration: Registration,
        /// The log says that it is lost.
        #[serde(default)]
        is_offline: bool,
        /// It has left the hall for good.
        #[serde(default)]
        is_retired: bool,
        /// Position of the last event that said so.
        position: u64,
    },
    /// An output's desired state.
    Channel {
        /// The device.
        device_id: DeviceId,
        /// Its output.
        channel: u8,
        /// Where the device is, if known.
        hall_id: Option<HallId>,
        /// What is desired.
        #[serde(flatten)]
        desired: Desired,
        /// What is known about it.
        outcomes: Outcomes,
        /// Position of the last event that changed it.
        position: u64,
    },
    /// Written after everything up to its position.
    Resume(Resume),
}

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Device(DeviceId),
    Channel(LightChannel),
}

impl Record {
    /// What the record is about; the mark is about all.
    pub(super) fn key(&self) -> Option<Key> {
        match self {
            Self::Device { device_id, .. } => Some(Key::Device(*device_id)),
            Self::Channel { device_id, channel, .. } => Some(Key::Channel(LightChannel {
                device_id: *device_id,
                channel: *channel,
            })),
            Self::Resume(_) => None,
        }
    }

    /// Whether the record is about one of `halls`; `None` is all.
    pub(super) fn is_within(&self, halls: Option<&[HallId]>) -> bool {
        let hall_id = match self {
            Self::Device { registration, .. } => Some(registration.hall_id),
            Self::Channel { hall_id, .. } => *hall_id,
            Self::Resume(_) => None,
        };
        halls.is_none_or(|halls| hall_id.is_some_and(|hall_id| halls.contains(&hall_id)))
    }

    /// Where the record is kept: `desired.<shard>.<hall>.<device>.<output>`; `registered` stands for the device
    /// itself, and `desired.<shard>.resume` is the mark.
    pub fn subject(&self, shard: &str) -> String {
        match self {
            Self::Device {
                device_id,
                registration,
                ..
            } => format!("desired.{shard}.{}.{device_id}.registered", registration.hall_id),
            Self::Channel {
                device_id,
                channel,
                hall_id: Some(hall_id),
                ..
            } => format!("desired.{shard}.{hall_id}.{device_id}.{channel}"),
            Self::Channel {
                device_id,
                channel,
                hall_id: None,
                ..
            } => format!("desired.{shard}.-.{device_id}.{channel}"),
            Self::Resume(_) => resume_subject(shard),
        }
    }
}

/// Where the mark is kept.
pub(super) fn resume_subject(shard: &str) -> String {
    format!("desired.{shard}.resume")
}

impl Register {
    /// The record of a device's set-up.
    pub fn device_record(&self, device_id: DeviceId) -> Option<Record> {
        let device = self.device(device_id)?;
        let (registration, position) = device.registration.clone()?;
        Some(Record::Device {
            device_id,
            registration,
            is_offline: device.is_offline,
            is_retired: device.is_retired,
            position,
        })
    }

    /// The record of an output.
    pub fn channel_record(&self, light: LightChannel) -> Option<Record> {
        let device = self.device(light.device_id)?;
        let entry = device.channels.get(&light.channel)?;
        Some(Record::Channel {
            device_id: light.device_id,
            channel: light.channel,
            hall_id: device.registration.as_ref().map(|(known, _)| known.hall_id),
            desired: entry.desired,
            outcomes: entry.outcomes,
            position: entry.position,
        })
    }

    /// Every record.
    pub fn records(&self) -> impl Iterator<Item = Record> {
        self.devices().flat_map(move |(device_id, device)| {
            let lights = device.channels.keys().map(move |channel| LightChannel {
                device_id,
                channel: *channel,
            });
            let channels = lights.filter_map(|light| self.channel_record(light));
            self.device_record(device_id).into_iter().chain(channels)
        })
    }

    /// Takes in a record; of two about the same thing the newer counts, whatever the order.
    pub fn restore(&mut self, record: Record) {
        match record {
            Record::Device {
                device_id,
                registration,
                is_offline,
                is_retired,
                position,
            } => {
                if self.register(device_id, registration, position).is_some() {
                    let device = self.devices.entry(device_id).or_default();
                    (device.is_offline, device.is_retired) = (is_offline, is_retired);
                }
            }
            Record::Channel {
                device_id,
                channel,
                desired,
                outcomes,
                position,
                ..
            } => {
                let entry = Entry {
                    desired,
                    outcomes,
                    position,
                };
                self.desire(LightChannel { device_id, channel }, entry);
            }
            Record::Resume(_) => {}
        }
    }
}
