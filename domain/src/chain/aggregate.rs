//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Chain, ChainCommand, ChainError, ChainEvent, decide};

impl Aggregate for Chain {
    const TYPE: &'static str = "Chain";
    type Command = ChainCommand;
    type Event = ChainEvent;
    type Error = ChainError;
    type Services = ();

    async fn handle(&mut self, command: ChainCommand, (): &(), sink: &EventSink<Self>) -> Result<(), ChainError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: ChainEvent) {
        self.evolve(&event);
    }
}
