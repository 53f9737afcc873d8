//! What was paid for a session earns points (business rules 8): whenever principal was taken for it, at its settlement or later.
//!
//! ```text
//! HoldCaptured, PrepaidSettled, GoodsCharged, DebtPaid ─► EarnPoints … ─► over when each was answered
//! ```
//!
//! Which points a payment earns, and whether its payer earns at all, is the command's to decide; it is told by the payment's own id, so a repeat
//! changes nothing.

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
pub struct Earning;

impl ProcessManager for Earning {
    const NAME: &'static str = "earning";
    type State = State;

    fn route(_aggregate_id: &str, event: &Event) -> Route {
        route::route(event)
    }

    fn react(state: &mut State, input: &Input<'_>, _now: Timestamp) -> Vec<Effect> {
        react::react(state, input)
    }
}
