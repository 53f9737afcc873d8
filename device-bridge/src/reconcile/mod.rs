//! The reconciler: what to do about one output, given what is desired, what is reported and the time.
//!
//! Pure: no clock, no I/O, no randomness. Time comes in with each call, actions go out, and [`Step::wake_at`] says
//! when to ask again. Every path to a switched-on light goes through [`Desired::is_on_at`] at the moment of sending.
//!
//! ```text
//!            new rev, time over                    answer as desired
//!  settled ───────────────────────► chase ──────────────────────────► settled
//!     │    contrary report: ask, then command  │ ▲
//!     └────────────────────────────────────────┘ └ attempts at 0, 0.5, 1.1 s, then after 2, 4, 8 … 60 s
//! ```

mod chase;
pub mod presence;
mod pursuit;
pub mod schedule;

use std::time::Duration;

use baize_domain::device::FailureKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::register::{Desired, Outcomes};

pub use presence::{Health, Presence};
pub use pursuit::Pursuit;

/// Everything outside a pursuit that its next step depends on.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// What is desired.
    pub desired: &'a Desired,
    /// What the log already holds about it.
    pub known: Outcomes,
    /// Whether the device is there.
    pub health: Health,
    /// Whether there is a connection to the broker.
    pub is_connected: bool,
    /// False while the register may be behind the log: then only OFF is sent.
    pub may_switch_on: bool,
    /// The longest time after which the device can go off by itself, if it can.
    pub dead_man_max: Option<Duration>,
    /// The time.
    pub now: Timestamp,
}

/// What is to be reported about a desired state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It is so.
    Confirmed {
        /// On or off.
        on: bool,
        /// How many times it was sent.
        attempts: u32,
    },
    /// Its time is over and the light is off.
    Expired,
    /// It was missed.
    Failed(FailureKind),
}

/// A command to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    /// On or off.
    pub on: bool,
    /// With `on`: go off by yourself after this long.
    pub dead_man: Option<Duration>,
}

/// What to do now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// A command to send.
    pub switch: Option<Switch>,
    /// Whether to ask for the state, after the command.
    pub query: bool,
    /// What to report.
    pub outcomes: Vec<Outcome>,
    /// How often the state had been confirmed anew by then: what is told once more has a number of its own.
    pub recoveries: u32,
    /// When to step again, if nothing happens before.
    pub wake_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests;
