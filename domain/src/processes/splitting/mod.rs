//! The splitting of a bill (business rules 7): links end, everybody is charged at the same time, what could not be paid is tried again, and what was
//! set aside is moved to the opener or back.
//!
//! ```text
//! SplitStarted ─► timer confirm ─► StallSplit            timer end ─► LapseSplit
//! ChargingBegan ─► ChargeShare for each, at once ─► ShareFailed ─► timer retry-N ─► ChargeShare …
//! SplitCompleted ─► DeliverShare for each ─┬─► ReturnLeftover for each who took part (guests have it back) ─► over
//! SplitCancelled ─► ReturnShare for each ──┘
//! ```
//!
//! What begins or ends something begins an instance too, should it come first or once more: what is done twice is done once.

mod react;
mod route;
mod state;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::event::Event;

use super::{Effect, Input, ProcessManager, Route};

pub use state::{Over, State};

/// The process manager.
#[derive(Clone, Copy, Debug)]
pub struct Splitting;

/// Names of the steps and timers; round and share, or person, follow.
pub mod names {
    /// Timer and step: links are over.
    pub const STALL: &str = "stall-";
    /// Timer and step: its time is over.
    pub const LAPSE: &str = "lapse-";
    /// Step: take a share.
    pub const CHARGE: &str = "charge-";
    /// Timer: try a share again.
    pub const RETRY: &str = "retry-";
    /// Step: move a share to the opener, or back.
    pub const MOVE: &str = "move-";
    /// Timer: try once more to move what could not be.
    pub const AGAIN: &str = "again-";
    /// Step: give a guest back what is left.
    pub const LEFTOVER: &str = "leftover-";
}

impl ProcessManager for Splitting {
    const NAME: &'static str = "splitting";
    type State = State;

    fn route(aggregate_id: &str, event: &Event) -> Route {
        route::route(aggregate_id, event)
    }

    fn react(state: &mut State, input: &Input<'_>, now: Timestamp) -> Vec<Effect> {
        react::react(state, input, now)
    }
}
