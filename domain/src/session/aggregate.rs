//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{TableSession, TableSessionCommand, TableSessionError, TableSessionEvent, decide};

impl Aggregate for TableSession {
    const TYPE: &'static str = "TableSession";
    type Command = TableSessionCommand;
    type Event = TableSessionEvent;
    type Error = TableSessionError;
    type Services = ();

    async fn handle(
        &mut self,
        command: TableSessionCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), TableSessionError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: TableSessionEvent) {
        self.evolve(&event);
    }
}
