//! After a session moved to another table: the light it left goes off when it has lingered long enough (business rules 4).
//!
//! ```text
//! SessionTransferred ─► timer light-off ─► SwitchOffLight ─► over
//! ```
//!
//! One instance for each move. A light that the session has come back to meanwhile is left on: its time is not over.

mod react;
mod route;
mod state;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::event::Event;

use super::{Effect, Input, ProcessManager, Route};

pub use state::State;

/// The process manager.
#[derive(Clone, Copy, Debug)]
pub struct Moving;

/// Names of the steps and timers.
pub mod names {
    /// Step and timer: switch the light off.
    pub const LIGHT_OFF: &str = "light-off";
}

impl ProcessManager for Moving {
    const NAME: &'static str = "moving";
    type State = State;

    fn route(aggregate_id: &str, event: &Event) -> Route {
        route::route(aggregate_id, event)
    }

    fn react(state: &mut State, input: &Input<'_>, _now: Timestamp) -> Vec<Effect> {
        react::react(state, input)
    }
}
