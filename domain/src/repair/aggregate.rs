//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Repair, RepairCommand, RepairError, RepairEvent, decide};

impl Aggregate for Repair {
    const TYPE: &'static str = "Repair";
    type Command = RepairCommand;
    type Event = RepairEvent;
    type Error = RepairError;
    type Services = ();

    async fn handle(&mut self, command: RepairCommand, (): &(), sink: &EventSink<Self>) -> Result<(), RepairError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: RepairEvent) {
        self.evolve(&event);
    }
}
