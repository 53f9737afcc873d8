//! What the lights did, told to command-api: the same door as everybody's commands.
//!
//! A report is sent until it is accepted or refused. Its id follows from what it says, so a repeat is recognised.
//! Of an output only the newest desired state is reported on: about an older one nobody can do anything any more.

mod outbox;
mod sender;

use baize_domain::device::{FailureKind, LightChannel};
use baize_domain::ids::derived;
use jiff::Timestamp;
use uuid::Uuid;

use crate::reconcile::Outcome;

pub(crate) use outbox::Outbox;
pub(crate) use sender::Sender;

/// What is to be told about one output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The output.
    pub light: LightChannel,
    /// Which desired state.
    pub rev: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
}

impl Report {
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
        ])
    }
}
