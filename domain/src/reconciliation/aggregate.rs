//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Reconciliation, ReconciliationCommand, ReconciliationError, ReconciliationEvent, decide};

impl Aggregate for Reconciliation {
    const TYPE: &'static str = "Reconciliation";
    type Command = ReconciliationCommand;
    type Event = ReconciliationEvent;
    type Error = ReconciliationError;
    type Services = ();

    async fn handle(
        &mut self,
        command: ReconciliationCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), ReconciliationError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: ReconciliationEvent) {
        self.evolve(&event);
    }
}
