//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Complaint, ComplaintCommand, ComplaintError, ComplaintEvent, decide};

impl Aggregate for Complaint {
    const TYPE: &'static str = "Complaint";
    type Command = ComplaintCommand;
    type Event = ComplaintEvent;
    type Error = ComplaintError;
    type Services = ();

    async fn handle(
        &mut self,
        command: ComplaintCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), ComplaintError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: ComplaintEvent) {
        self.evolve(&event);
    }
}
