//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Redemption, RedemptionCommand, RedemptionError, RedemptionEvent, decide};

impl Aggregate for Redemption {
    const TYPE: &'static str = "Redemption";
    type Command = RedemptionCommand;
    type Event = RedemptionEvent;
    type Error = RedemptionError;
    type Services = ();

    async fn handle(
        &mut self,
        command: RedemptionCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), RedemptionError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: RedemptionEvent) {
        self.evolve(&event);
    }
}
