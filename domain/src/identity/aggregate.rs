//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Identity, IdentityCommand, IdentityError, IdentityEvent, decide};

impl Aggregate for Identity {
    const TYPE: &'static str = "Identity";
    type Command = IdentityCommand;
    type Event = IdentityEvent;
    type Error = IdentityError;
    type Services = ();

    async fn handle(&mut self, command: IdentityCommand, (): &(), sink: &EventSink<Self>) -> Result<(), IdentityError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: IdentityEvent) {
        self.evolve(&event);
    }
}
