//! From a session's opening to its light: billing starts when the light is confirmed or after the policy's delay; without a light in time the
//! session is cancelled (business rules 3).
//!
//! ```text
//! SessionOpened ─► waiting ── LightConfirmed ────────────► StartBilling(LightConfirmed) ─► over
//!                   │  │
//!                   │  └─ timer billing-start ─► StartBilling(Deadline) ─► billing, still waiting for the light
//!                   └──── timer light-timeout ─► CancelSession ─► over (or, if the light was confirmed after all, as above)
//! ```
//!
//! A light that is confirmed after the session was given up starts nothing.

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
pub struct Opening;

/// Names of the steps and timers.
pub mod names {
    /// Step: start billing, since the light is on.
    pub const START_BILLING_LIGHT: &str = "start-billing-light";
    /// Step: start billing, since the delay is over.
    pub const START_BILLING_DEADLINE: &str = "start-billing-deadline";
    /// Step: give the session up.
    pub const CANCEL: &str = "cancel";
    /// Timer: the latest start of billing.
    pub const BILLING_START: &str = "billing-start";
    /// Timer: the light should be on by now.
    pub const LIGHT_TIMEOUT: &str = "light-timeout";
}

impl ProcessManager for Opening {
    const NAME: &'static str = "opening";
    type State = State;

    fn route(aggregate_id: &str, event: &Event) -> Route {
        route::route(aggregate_id, event)
    }

    fn react(state: &mut State, input: &Input<'_>, _now: Timestamp) -> Vec<Effect> {
        react::react(state, input)
    }
}
