//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{PointsAccount, PointsAccountCommand, PointsAccountError, PointsAccountEvent, decide};

impl Aggregate for PointsAccount {
    const TYPE: &'static str = "PointsAccount";
    type Command = PointsAccountCommand;
    type Event = PointsAccountEvent;
    type Error = PointsAccountError;
    type Services = ();

    async fn handle(
        &mut self,
        command: PointsAccountCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), PointsAccountError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: PointsAccountEvent) {
        self.evolve(&event);
    }
}
