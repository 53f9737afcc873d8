//! Process managers behind one type, so that the runner handles any number of them alike.

use std::marker::PhantomData;

use baize_domain::Event;
use baize_domain::processes::{Effect, Input, ProcessManager, Route};
use jiff::Timestamp;

/// A [`ProcessManager`], its state hidden.
pub trait Manager: Send + Sync {
    /// Stable name, part of ids and rows.
    fn name(&self) -> &'static str;

    /// Whether the event concerns the process, and which instance.
    fn route(&self, aggregate_id: &str, event: &Event) -> Route;

    /// The state of an instance that has seen nothing.
    fn begin(&self) -> Box<dyn State>;

    /// A state as it was stored.
    fn restore(&self, stored: &str) -> Result<Box<dyn State>, serde_json::Error>;
}

/// The state of one instance.
pub trait State: Send + Sync {
    /// Takes one input.
    fn react(&mut self, input: &Input<'_>, now: Timestamp) -> Vec<Effect>;

    /// The text that [`Manager::restore`] reads.
    fn store(&self) -> Result<String, serde_json::Error>;
}

/// `P`, as the runner wants it.
pub fn manager<P: ProcessManager + 'static>() -> Box<dyn Manager> {
    Box::new(Of::<P>(PhantomData))
}

struct Of<P>(PhantomData<fn() -> P>);

struct StateOf<P: ProcessManager>(P::State);

impl<P: ProcessManager + 'static> Manager for Of<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn route(&self, aggregate_id: &str, event: &Event) -> Route {
        P::route(aggregate_id, event)
    }

    fn begin(&self) -> Box<dyn State> {
        Box::new(StateOf::<P>(P::State::default()))
    }

    fn restore(&self, stored: &str) -> Result<Box<dyn State>, serde_json::Error> {
        Ok(Box::new(StateOf::<P>(serde_json::from_str(stored)?)))
    }
}

impl<P: ProcessManager + 'static> State for StateOf<P> {
    fn react(&mut self, input: &Input<'_>, now: Timestamp) -> Vec<Effect> {
        P::react(&mut self.0, input, now)
    }

    fn store(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.0)
    }
}
