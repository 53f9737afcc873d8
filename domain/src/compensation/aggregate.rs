//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Compensation, CompensationCommand, CompensationError, CompensationEvent, decide};

impl Aggregate for Compensation {
    const TYPE: &'static str = "Compensation";
    type Command = CompensationCommand;
    type Event = CompensationEvent;
    type Error = CompensationError;
    type Services = ();

    async fn handle(
        &mut self,
        command: CompensationCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), CompensationError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: CompensationEvent) {
        self.evolve(&event);
    }
}
