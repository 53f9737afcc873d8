//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Hall, HallCommand, HallError, HallEvent, decide};

impl Aggregate for Hall {
    const TYPE: &'static str = "Hall";
    type Command = HallCommand;
    type Event = HallEvent;
    type Error = HallError;
    type Services = ();

    async fn handle(&mut self, command: HallCommand, (): &(), sink: &EventSink<Self>) -> Result<(), HallError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: HallEvent) {
        self.evolve(&event);
    }
}
