//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Refund, RefundCommand, RefundError, RefundEvent, decide};

impl Aggregate for Refund {
    const TYPE: &'static str = "Refund";
    type Command = RefundCommand;
    type Event = RefundEvent;
    type Error = RefundError;
    type Services = ();

    async fn handle(&mut self, command: RefundCommand, (): &(), sink: &EventSink<Self>) -> Result<(), RefundError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: RefundEvent) {
        self.evolve(&event);
    }
}
