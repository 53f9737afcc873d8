//! From a light that fails to the decision whether it is a fault: looked at now, and again as long as it may come back (business rules 9).
//!
//! ```text
//! LightFailed, DeviceWentOffline ─► CheckLight ─► over
//!                                    │     ▲
//!                 FAULT_NOT_CERTAIN  ▼     │ timer
//!                                   waiting
//! ```
//!
//! An instance stands for one device, and looks at each of its outputs by itself. The command decides from what is true by then: a light that has
//! come back is no fault, and a table that is under repair is left alone. Devices that were lost together with half of their hall are not looked at: that is the
//! hall's trouble, and no repair of theirs would end it.

mod react;
mod route;
mod state;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::event::Event;

use super::{Effect, Input, ProcessManager, Route};

pub use state::{Look, State};

/// The process manager.
#[derive(Clone, Copy, Debug)]
pub struct Faulting;

impl ProcessManager for Faulting {
    const NAME: &'static str = "faulting";
    type State = State;

    fn route(aggregate_id: &str, event: &Event) -> Route {
        route::route(aggregate_id, event)
    }

    fn react(state: &mut State, input: &Input<'_>, now: Timestamp) -> Vec<Effect> {
        react::react(state, input, now)
    }
}
