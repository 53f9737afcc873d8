//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Journal, JournalCommand, JournalError, JournalEvent, decide};

impl Aggregate for Journal {
    const TYPE: &'static str = "Journal";
    type Command = JournalCommand;
    type Event = JournalEvent;
    type Error = JournalError;
    type Services = ();

    async fn handle(&mut self, command: JournalCommand, (): &(), sink: &EventSink<Self>) -> Result<(), JournalError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: JournalEvent) {
        self.evolve(&event);
    }
}
