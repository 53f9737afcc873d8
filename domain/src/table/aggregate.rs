//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Table, TableCommand, TableError, TableEvent, decide};

impl Aggregate for Table {
    const TYPE: &'static str = "Table";
    type Command = TableCommand;
    type Event = TableEvent;
    type Error = TableError;
    type Services = ();

    async fn handle(&mut self, command: TableCommand, (): &(), sink: &EventSink<Self>) -> Result<(), TableError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: TableEvent) {
        self.evolve(&event);
    }
}
