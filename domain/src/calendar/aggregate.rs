//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Calendar, CalendarCommand, CalendarError, CalendarEvent, decide};

impl Aggregate for Calendar {
    const TYPE: &'static str = "Calendar";
    type Command = CalendarCommand;
    type Event = CalendarEvent;
    type Error = CalendarError;
    type Services = ();

    async fn handle(&mut self, command: CalendarCommand, (): &(), sink: &EventSink<Self>) -> Result<(), CalendarError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: CalendarEvent) {
        self.evolve(&event);
    }
}
