//! While a session is played: warnings before a prepaid end and the close at it; postpaid, the renewal of the hold, the warning when it
//! cannot be renewed, and the close when it is used up (business rules 4).
//!
//! While the clock stands nothing is due but the end of the longest pause.
//!
//! One timer, `next`, is always set to the next instant at which something may be due; when it goes off, however late, whatever is due is
//! done. So nothing depends on which of several timers goes off first. Only the session decides whether it is really over: a close that
//! lost a race with an extension is refused, and the refusal tells the new end.

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
pub struct Running;

/// Names of the steps and of the timer.
pub mod names {
    /// Step: close the session.
    pub const CLOSE: &str = "close";
    /// Step: let the clock go on.
    pub const RESUME: &str = "resume";
    /// Step: raise the hold.
    pub const RENEW: &str = "renew";
    /// Step: warn that the hold runs short. Warnings before a prepaid end are `warn-30`, `warn-5` and so on.
    pub const WARN_SHORT: &str = "warn-short";
    /// Timer: something may be due.
    pub const NEXT: &str = "next";
}

impl ProcessManager for Running {
    const NAME: &'static str = "running";
    type State = State;

    fn route(aggregate_id: &str, event: &Event) -> Route {
        route::route(aggregate_id, event)
    }

    fn react(state: &mut State, input: &Input<'_>, now: Timestamp) -> Vec<Effect> {
        react::react(state, input, now)
    }
}
