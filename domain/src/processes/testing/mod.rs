//! A light is tested after its repair: ON and OFF three times, each confirmed by the device itself before the next.
//!
//! ```text
//! RepairTestStarted ─► ON ─► OFF ─► ON ─► OFF ─► ON ─► OFF ─► PassTest ─► over
//!                       │ not confirmed in time, or refused
//!                       └─► FailTest, and OFF once more ─► over
//! ```
//!
//! The states are desired like any other: the bridge sends them until they are read back, and the device goes off by itself if nothing else does. An
//! instance stands for one output of one device.

mod react;
mod route;
mod state;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::event::Event;

use super::{Effect, Input, ProcessManager, Route};

pub use state::{State, Test};

/// Commands of a test: ON and OFF, three times.
pub const STEPS: u32 = 6;
/// How long a tested light may burn at the most, in seconds.
pub const BURNS_SECONDS_MAX: u32 = 60;

/// The process manager.
#[derive(Clone, Copy, Debug)]
pub struct Testing;

/// Names of the steps and timers.
pub mod names {
    /// Step: the test was passed.
    pub const PASS: &str = "pass";
    /// Step: it was not.
    pub const FAIL: &str = "fail";
    /// Step: off, after a test that was not passed.
    pub const OFF: &str = "off";
    /// Timer: the device has not answered.
    pub const ANSWER: &str = "answer";
}

impl ProcessManager for Testing {
    const NAME: &'static str = "testing";
    type State = State;

    fn route(aggregate_id: &str, event: &Event) -> Route {
        route::route(aggregate_id, event)
    }

    fn react(state: &mut State, input: &Input<'_>, now: Timestamp) -> Vec<Effect> {
        react::react(state, input, now)
    }
}
