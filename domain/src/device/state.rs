//! What a device is.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{DeviceId, HallId, SessionId};

use super::{DesireReason, DeviceEvent, Driver, FailureKind};

/// A device of which nothing is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offline {
    /// Since when.
    pub since: Timestamp,
    /// It was lost together with more than half of its hall.
    pub with_others: bool,
}

/// What is wrong with a light, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A desired state was missed, and nothing better was heard since.
    Failed(FailureKind, Timestamp),
    /// The device is not there.
    Offline(Timestamp),
}

/// A device, registered or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// What was registered; nothing before.
    pub profile: Option<Arc<DeviceProfile>>,
    /// The newest `rev` of any output.
    pub rev: u64,
    /// The outputs, the first at index 0.
    pub outputs: Vec<Output>,
    /// Whether it left the hall for good.
    #[serde(default)]
    pub retired: bool,
    /// Nothing is heard of it.
    #[serde(default)]
    pub offline: Option<Offline>,
    /// It came and went, and does not count as back before.
    #[serde(default)]
    pub held_until: Option<Timestamp>,
}

/// What is known of a registered device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceProfile {
    /// The device.
    pub device_id: DeviceId,
    /// Where it is.
    pub hall_id: HallId,
    /// The language it speaks.
    pub driver: Driver,
    /// Its MQTT topic.
    pub topic: String,
    /// How many outputs it has, 1–32.
    pub channels: u8,
}

/// One output of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The newest desired state; none before the first.
    pub desired: Option<Desired>,
    /// What became of it.
    pub standing: Standing,
    /// Since when it is missed, other than being late.
    #[serde(default)]
    pub failed_at: Option<Timestamp>,
}

/// A desired state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// Monotone per device.
    pub rev: u64,
    /// On or off.
    pub on: bool,
    /// For which session.
    pub session_id: Option<SessionId>,
    /// On means off from this instant.
    pub not_after: Option<Timestamp>,
    /// Why.
    pub reason: DesireReason,
    /// When it was asked for.
    pub issued_at: Timestamp,
}

/// What became of a desired state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// Nothing heard yet.
    #[default]
    Pending,
    /// The device confirmed it.
    Confirmed,
    /// It was on, and its time is over.
    Expired,
    /// It was missed.
    Failed(FailureKind),
}

impl Device {
    /// The output of that number, counted from 1.
    pub fn output(&self, channel: u8) -> Option<&Output> {
        self.outputs.get(usize::from(channel).checked_sub(1)?)
    }

    /// Whether the light is confirmed on for that session.
    pub fn is_lit_for(&self, channel: u8, session_id: SessionId) -> bool {
        self.output(channel).is_some_and(|output| {
            output.standing == Standing::Confirmed
                && output
                    .desired
                    .is_some_and(|desired| desired.on && desired.session_id == Some(session_id))
        })
    }

    /// What is wrong with a light now, the worst first. A device that was lost together with half of its hall is the hall's trouble, and so is
    /// what it could not be told.
    pub fn troubles(&self, channel: u8) -> impl Iterator<Item = Trouble> {
        let is_halls = self.offline.is_some_and(|offline| offline.with_others);
        let failed = self.output(channel).and_then(|output| match output.standing {
            Standing::Failed(FailureKind::Unreachable) if is_halls => None,
            Standing::Failed(kind) if kind != FailureKind::Late => Some(Trouble::Failed(kind, output.failed_at?)),
            _ => None,
        });
        let offline = self.offline.filter(|_| !is_halls);
        failed
            .into_iter()
            .chain(offline.map(|offline| Trouble::Offline(offline.since)))
    }

    /// Folds an event in.
    pub fn evolve(&mut self, event: &DeviceEvent) {
        match event {
            DeviceEvent::DeviceRegistered {
                device_id,
                hall_id,
                driver,
                topic,
                channels,
            } => {
                self.profile = Some(Arc::new(DeviceProfile {
                    device_id: *device_id,
                    hall_id: *hall_id,
                    driver: *driver,
                    topic: topic.clone(),
                    channels: *channels,
                }));
                self.outputs.resize(usize::from(*channels), Output::default());
            }
            DeviceEvent::DeviceRetired { .. } => self.retired = true,
            DeviceEvent::LightDesired {
                channel,
                rev,
                on,
                session_id,
                not_after,
                reason,
                issued_at,
            } => {
                self.rev = self.rev.max(*rev);
                if let Some(output) = self.output_mut(*channel) {
                    *output = Output {
                        desired: Some(Desired {
                            rev: *rev,
                            on: *on,
                            session_id: *session_id,
                            not_after: *not_after,
                            reason: *reason,
                            issued_at: *issued_at,
                        }),
                        standing: Standing::Pending,
                        failed_at: None,
                    };
                }
            }
            DeviceEvent::LightConfirmed { channel, rev, .. } => {
                self.stand(*channel, *rev, Standing::Confirmed);
            }
            DeviceEvent::LightExpired { channel, rev, .. } => {
                self.stand(*channel, *rev, Standing::Expired);
            }
            DeviceEvent::LightFailed {
                channel, rev, kind, at, ..
            } => {
                self.stand(*channel, *rev, Standing::Failed(*kind));
                if *kind != FailureKind::Late
                    && let Some(output) = self.output_mut(*channel)
                    && output.standing == Standing::Failed(*kind)
                {
                    output.failed_at.get_or_insert(*at);
                }
            }
            DeviceEvent::DeviceWentOffline { incident_id, at, .. } => {
                self.offline = Some(Offline {
                    since: *at,
                    with_others: incident_id.is_some(),
                });
            }
            DeviceEvent::DeviceCameBack { .. } => self.offline = None,
            DeviceEvent::DeviceFlapped { hold_until, .. } => self.held_until = Some(*hold_until),
        }
    }

    fn output_mut(&mut self, channel: u8) -> Option<&mut Output> {
        self.outputs.get_mut(usize::from(channel).checked_sub(1)?)
    }

    fn stand(&mut self, channel: u8, rev: u64, standing: Standing) {
        if let Some(output) = self.output_mut(channel)
            && output.desired.is_some_and(|desired| desired.rev == rev)
        {
            output.standing = standing;
            if !matches!(standing, Standing::Failed(_)) {
                output.failed_at = None;
            }
        }
    }
}
