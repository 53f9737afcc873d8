//! Openings that wait for their payment (business rules 3): each is tried when it begins to wait and whenever the member's wallet is credited,
//! and given up when its time is over.
//!
//! ```text
//! OpeningAwaited ─► PayOpening ── TOP_UP_REQUIRED ──► waiting ── TopUpCredited ─► PayOpening ─► over
//!                       │                               └─────── timer ─────────► LapseOpening ─► over
//!                       └── accepted ─► over
//! ```
//!
//! An instance stands for one member, since that is whom money is credited to. A provider's capture can take the place of `TopUpCredited`,
//! and so can the wallet of a guest who turned out to be the member.

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
pub struct Paying;

/// Names of the steps; a session's id follows. Timers are named by the session's id.
pub mod names {
    /// Step: begin the session if the money is there.
    pub const PAY: &str = "pay-";
    /// Step: let go of the table.
    pub const LAPSE: &str = "lapse-";
}

impl ProcessManager for Paying {
    const NAME: &'static str = "paying";
    type State = State;

    fn route(aggregate_id: &str, event: &Event) -> Route {
        route::route(aggregate_id, event)
    }

    fn react(state: &mut State, input: &Input<'_>, _now: Timestamp) -> Vec<Effect> {
        react::react(state, input)
    }
}
