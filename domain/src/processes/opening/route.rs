//! Which events concern an opening. The instance is the session; a light tells which session it is on for.

use crate::device::DeviceEvent;
use crate::event::Event;
use crate::processes::{Route, session_of};
use crate::session::TableSessionEvent;

pub(super) fn route(aggregate_id: &str, event: &Event) -> Route {
    match event {
        Event::TableSession(event) => {
            let Some(session_id) = session_of(aggregate_id) else {
                return Route::Ignore;
            };
            match event {
                TableSessionEvent::SessionOpened { .. } => Route::Start(session_id.0),
                TableSessionEvent::BillingStarted { .. }
                | TableSessionEvent::SessionClosed { .. }
                | TableSessionEvent::SessionCancelled { .. } => Route::Continue(session_id.0),
                _ => Route::Ignore,
            }
        }
        Event::Device(DeviceEvent::LightConfirmed {
            on: true,
            session_id: Some(session_id),
            ..
        }) => Route::Continue(session_id.0),
        _ => Route::Ignore,
    }
}
