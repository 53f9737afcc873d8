//! A level that was reached by spending is looked at again when its time is over (business rules 8).
//!
//! ```text
//! LevelReached, LevelKept, LevelLost to a level with an end ─► timer ─► ReviewLevel ─► LevelKept, LevelLost …
//! LevelLost to one without, LevelChanged, GuestMerged, PersonErased ─► over
//! ```
//!
//! An instance stands for one member. What comes late or twice does no harm: the command knows when the level ends.

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
pub struct Levelling;

/// Names of the steps and timers.
pub mod names {
    /// Step and timer: look at the level.
    pub const REVIEW: &str = "review";
}

impl ProcessManager for Levelling {
    const NAME: &'static str = "levelling";
    type State = State;

    fn route(aggregate_id: &str, event: &Event) -> Route {
        route::route(aggregate_id, event)
    }

    fn react(state: &mut State, input: &Input<'_>, _now: Timestamp) -> Vec<Effect> {
        react::react(state, input)
    }
}
