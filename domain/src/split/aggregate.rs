//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{BillSplit, SplitCommand, SplitError, SplitEvent, decide};

impl Aggregate for BillSplit {
    const TYPE: &'static str = "BillSplit";
    type Command = SplitCommand;
    type Event = SplitEvent;
    type Error = SplitError;
    type Services = ();

    async fn handle(&mut self, command: SplitCommand, (): &(), sink: &EventSink<Self>) -> Result<(), SplitError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: SplitEvent) {
        self.evolve(&event);
    }
}
