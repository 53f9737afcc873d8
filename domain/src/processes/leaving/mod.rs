//! A guest who paid through a provider leaves: what is left goes back to where it came from.
//!
//! ```text
//! PaymentStarted by a guest ─► waiting ── session settled, cancelled or lapsed ─► ReturnLeftover ─► over
//! ```
//!
//! An instance stands for the session that is paid for. Money of a payment that could not be served goes back without this.

mod react;
mod route;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::ids::MemberId;

use super::{Effect, Input, ProcessManager, Route};

/// The process manager.
#[derive(Clone, Copy, Debug)]
pub struct Leaving;

/// State of one guest's session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Who pays.
    pub guest: Option<MemberId>,
}

/// Step: give back what is left.
pub const RETURN: &str = "return";

impl ProcessManager for Leaving {
    const NAME: &'static str = "leaving";
    type State = State;

    fn route(aggregate_id: &str, event: &Event) -> Route {
        route::route(aggregate_id, event)
    }

    fn react(state: &mut State, input: &Input<'_>, _now: Timestamp) -> Vec<Effect> {
        react::react(state, input)
    }
}
