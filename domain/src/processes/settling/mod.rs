//! After a session was closed: it is settled, and its light goes off when it has lingered long enough (business rules 5).
//!
//! ```text
//! SessionClosed ─► SettleSession, again after a while if refused ─┐
//!            └───► timer light-off ─► SwitchOffLight ─────────────┴─► over
//! ```

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
pub struct Settling;

/// Names of the steps and timers.
pub mod names {
    /// Step: take the bill from the wallet.
    pub const SETTLE: &str = "settle";
    /// Step and timer: switch the light off.
    pub const LIGHT_OFF: &str = "light-off";
    /// Timer: try again to settle.
    pub const SETTLE_AGAIN: &str = "settle-again";
}

impl ProcessManager for Settling {
    const NAME: &'static str = "settling";
    type State = State;

    fn route(aggregate_id: &str, event: &Event) -> Route {
        route::route(aggregate_id, event)
    }

    fn react(state: &mut State, input: &Input<'_>, now: Timestamp) -> Vec<Effect> {
        react::react(state, input, now)
    }
}
