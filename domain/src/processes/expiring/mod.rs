//! Points whose time is over go by themselves (business rules 8), also when nobody looks at them.
//!
//! ```text
//! PointsEarned, PointsGranted, PointsRestored ─► timer of the first expiry ─► ExpirePoints ─► timer of the next, or over
//! ```
//!
//! An instance stands for one member.

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
pub struct Expiring;

/// Names of the steps and timers.
pub mod names {
    /// Step and timer: drop what has expired.
    pub const EXPIRE: &str = "expire";
}

impl ProcessManager for Expiring {
    const NAME: &'static str = "expiring";
    type State = State;

    fn route(aggregate_id: &str, event: &Event) -> Route {
        route::route(aggregate_id, event)
    }

    fn react(state: &mut State, input: &Input<'_>, now: Timestamp) -> Vec<Effect> {
        react::react(state, input, now)
    }
}
