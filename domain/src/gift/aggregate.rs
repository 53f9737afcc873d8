//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Gift, GiftCommand, GiftError, GiftEvent, decide};

impl Aggregate for Gift {
    const TYPE: &'static str = "Gift";
    type Command = GiftCommand;
    type Event = GiftEvent;
    type Error = GiftError;
    type Services = ();

    async fn handle(&mut self, command: GiftCommand, (): &(), sink: &EventSink<Self>) -> Result<(), GiftError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: GiftEvent) {
        self.evolve(&event);
    }
}
