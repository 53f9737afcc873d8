//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{TariffPlan, TariffPlanCommand, TariffPlanError, TariffPlanEvent, decide};

impl Aggregate for TariffPlan {
    const TYPE: &'static str = "TariffPlan";
    type Command = TariffPlanCommand;
    type Event = TariffPlanEvent;
    type Error = TariffPlanError;
    type Services = ();

    async fn handle(
        &mut self,
        command: TariffPlanCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), TariffPlanError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: TariffPlanEvent) {
        self.evolve(&event);
    }
}
