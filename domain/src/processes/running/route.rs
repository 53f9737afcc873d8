//! Which events concern a running session: its own.

use crate::event::Event;
use crate::processes::{Route, session_of};
use crate::session::TableSessionEvent;

pub(super) fn route(aggregate_id: &str, event: &Event) -> Route {
    let (Event::TableSession(event), Some(session_id)) = (event, session_of(aggregate_id)) else {
        return Route::Ignore;
    };
    match event {
        TableSessionEvent::SessionOpened { .. } => Route::Start(session_id.0),
        TableSessionEvent::BillingStarted { .. }
        | TableSessionEvent::SessionExtended { .. }
        | TableSessionEvent::HoldRenewed { .. }
        | TableSessionEvent::SessionTransferred { .. }
        | TableSessionEvent::SessionPaused { .. }
        | TableSessionEvent::SessionResumed { .. }
        | TableSessionEvent::SessionClosed { .. }
        | TableSessionEvent::SessionCancelled { .. } => Route::Continue(session_id.0),
        TableSessionEvent::OpeningAwaited { .. }
        | TableSessionEvent::OpeningLapsed { .. }
        | TableSessionEvent::GoodsAdded { .. }
        | TableSessionEvent::GoodsRemoved { .. }
        | TableSessionEvent::CustomerWarned { .. }
        | TableSessionEvent::SessionSettled { .. } => Route::Ignore,
    }
}
