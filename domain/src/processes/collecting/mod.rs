//! A payment is collected (business rules 6): its orders are made, asked about, closed, and what becomes known is recorded.
//!
//! ```text
//! AttemptAsked ─► (close the order before it) ─► create ─┬─ presented ─► query after 5, 15, 30, 60 … s ─┬─ paid ─► record
//!                                                        ├─ unknown ──► query after 2, 4, 8 … s ────────┤
//!                                                        └─ declined, unavailable ─► record             └─ not paid, and wanted no more ─► close ─► record
//! timer expire ─► close what is open ─► ExpirePayment
//! ```
//!
//! Notifications are never waited for: every open order is asked about until it is paid or closed. An order about which nobody can tell for
//! `review_seconds` is somebody's to look at. What money that comes in is used for is decided where it is recorded, not here.

mod answers;
mod react;
mod route;
mod state;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::event::Event;

use super::{Effect, Input, ProcessManager, Route};

pub use state::{Stage, State, Tracked};

/// The process manager.
#[derive(Clone, Copy, Debug)]
pub struct Collecting;

/// Names of the steps and timers; the attempt's number follows, but for [`names::EXPIRE`].
pub mod names {
    /// Step: make the order.
    pub const CREATE: &str = "create-";
    /// Step: ask about the order.
    pub const QUERY: &str = "query-";
    /// Step: close the order.
    pub const CLOSE: &str = "close-";
    /// Step: record what ends the attempt.
    pub const RECORD: &str = "record-";
    /// Step: note how the attempt goes on.
    pub const NOTE: &str = "note-";
    /// Step: what could not be recorded is somebody's to look at.
    pub const REVIEW: &str = "review-";
    /// Timer: ask about the order.
    pub const POLL: &str = "poll-";
    /// Timer and step: the payment's time is over.
    pub const EXPIRE: &str = "expire";
}

impl ProcessManager for Collecting {
    const NAME: &'static str = "collecting";
    type State = State;

    fn route(aggregate_id: &str, event: &Event) -> Route {
        route::route(aggregate_id, event)
    }

    fn react(state: &mut State, input: &Input<'_>, now: Timestamp) -> Vec<Effect> {
        react::react(state, input, now)
    }
}
