//! Money goes back (business rules 6): a refund is sent when it may be, asked about until it has arrived, and sent again under its number
//! when somebody says so.
//!
//! ```text
//! RefundRequested, RefundApproved, RefundRetried ─► refund ─┬─ processing, unknown ─► query ─┬─ succeeded ─► record ─► over
//!                                                           │      ▲                         ├─ not found ─► refund again
//!                                                           │      └── after a while ────────┘
//!                                                           └─ declined, closed, abnormal ─► record: somebody must look
//! ```

mod react;
mod route;
mod state;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::event::Event;

use super::{Effect, Input, ProcessManager, Route};

pub use state::{Stage, State};

/// The process manager.
#[derive(Clone, Copy, Debug)]
pub struct Refunding;

/// Names of the steps and timers.
pub mod names {
    /// Step: send the refund.
    pub const REFUND: &str = "refund";
    /// Step: ask about it.
    pub const QUERY: &str = "query";
    /// Step: record what became of it.
    pub const RECORD: &str = "record";
    /// Step: note that it is under way.
    pub const NOTE: &str = "note";
    /// Timer: ask about it, or send it again.
    pub const POLL: &str = "poll";
}

impl ProcessManager for Refunding {
    const NAME: &'static str = "refunding";
    type State = State;

    fn route(aggregate_id: &str, event: &Event) -> Route {
        route::route(aggregate_id, event)
    }

    fn react(state: &mut State, input: &Input<'_>, now: Timestamp) -> Vec<Effect> {
        react::react(state, input, now)
    }
}
