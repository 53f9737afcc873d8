//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Staff, StaffCommand, StaffError, StaffEvent, decide};

impl Aggregate for Staff {
    const TYPE: &'static str = "Staff";
    type Command = StaffCommand;
    type Event = StaffEvent;
    type Error = StaffError;
    type Services = ();

    async fn handle(&mut self, command: StaffCommand, (): &(), sink: &EventSink<Self>) -> Result<(), StaffError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: StaffEvent) {
        self.evolve(&event);
    }
}
