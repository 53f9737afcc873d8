//! Old shapes of events, made new when they are read.

use std::sync::Arc;

use cqrs_es::persist::{EventUpcaster, SerializedEvent};

/// The upcasters of all aggregates, applied in order. Each turns one event into one event.
#[derive(Clone, Default)]
pub struct Upcasters(Arc<[Box<dyn EventUpcaster>]>);

impl Upcasters {
    /// Upcasters in the order they are applied: older shapes first.
    pub fn new(upcasters: Vec<Box<dyn EventUpcaster>>) -> Self {
        Self(upcasters.into())
    }

    /// Events are read as they were written.
    pub fn none() -> Self {
        Self::default()
    }

    /// Brings the event to its newest shape.
    pub fn upcast(&self, event: SerializedEvent) -> SerializedEvent {
        self.0.iter().fold(event, |event, upcaster| {
            if upcaster.can_upcast(&event.event_type, &event.event_version) {
                upcaster.upcast(event)
            } else {
                event
            }
        })
    }
}
