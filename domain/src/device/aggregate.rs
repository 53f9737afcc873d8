//! The bridge to cqrs-es: its store, upcasters and test framework work on this aggregate.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Device, DeviceCommand, DeviceError, DeviceEvent, decide};

impl Aggregate for Device {
    const TYPE: &'static str = "Device";
    type Command = DeviceCommand;
    type Event = DeviceEvent;
    type Error = DeviceError;
    type Services = ();

    async fn handle(&mut self, command: DeviceCommand, (): &(), sink: &EventSink<Self>) -> Result<(), DeviceError> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: DeviceEvent) {
        self.evolve(&event);
    }
}
