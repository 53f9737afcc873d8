//! What the lights did, told to command-api: the same door as everybody's commands.
//!
//! A report is sent until it is accepted or refused. Its id follows from what it says, so a repeat is recognised.
//! Of an output only the newest desired state is reported on, and of a device its newest health: about older ones nobody can do anything any more.

pub(crate) mod disk;
mod outbox;
mod sender;

use baize_domain::device::{FailureKind, LightChannel};
use baize_domain::ids::{DeviceId, derived};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::health::Finding;
use crate::reconcile::Outcome;

pub(crate) use outbox::Outbox;
pub(crate) use sender::Sender;

/// What is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Report {
    /// About one output.
    Light(LightReport),
    /// About a device.
    Health {
        /// The device.
        device_id: DeviceId,
        /// What is found.
        finding: Finding,
    },
}

/// What a report is about: of two about the same, the newer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Light(LightChannel),
    Presence(DeviceId),
    Flapping(DeviceId),
}

impl Report {
    /// The same for the same thing, for ever.
    pub fn request_id(&self) -> Uuid {
        match self {
            Self::Light(report) => report.request_id(),
            Self::Health { device_id, finding } => {
                let (kind, at) = match finding {
                    Finding::Offline { at, .. } => ("offline", at),
                    Finding::Back { at } => ("back", at),
                    Finding::Flapping { at, .. } => ("flapping", at),
                };
                derived(&["health", &device_id.to_string(), kind, &at.to_string()])
            }
        }
    }

    pub(crate) fn subject(&self) -> Subject {
        match self {
            Self::Light(report) => Subject::Light(report.light),
            Self::Health { device_id, finding } => match finding {
                Finding::Offline { .. } | Finding::Back { .. } => Subject::Presence(*device_id),
                Finding::Flapping { .. } => Subject::Flapping(*device_id),
            },
        }
    }

    /// What is newer has a higher one.
    pub(crate) fn order(&self) -> u64 {
        match self {
            Self::Light(report) => report.rev,
            Self::Health { finding, .. } => {
                let (Finding::Offline { at, .. } | Finding::Back { at } | Finding::Flapping { at, .. }) = finding;
                u64::try_from(at.as_microsecond()).unwrap_or(0)
            }
        }
    }
}

/// What is to be told about one output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LightReport {
    /// The output.
    pub light: LightChannel,
    /// Which desired state.
    pub rev: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// How often the state had been confirmed anew by then.
    pub recoveries: u32,
    /// When.
    pub at: Timestamp,
}

impl LightReport {
    /// The same for the same output, desired state and outcome, for ever.
    pub fn request_id(&self) -> Uuid {
        let outcome = match self.outcome {
            Outcome::Confirmed { on: true, .. } => "on",
            Outcome::Confirmed { on: false, .. } => "off",
            Outcome::Expired => "expired",
            Outcome::Failed(FailureKind::Late) => "late",
            Outcome::Failed(FailureKind::Unreachable) => "unreachable",
            Outcome::Failed(FailureKind::Mismatch) => "mismatch",
        };
        derived(&[
            "light",
            &self.light.device_id.to_string(),
            &self.light.channel.to_string(),
            &self.rev.to_string(),
            outcome,
            &self.recoveries.to_string(),
        ])
    }
}
