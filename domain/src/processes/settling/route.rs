//! Which events concern a settlement: the session's close begins it, its settlement ends it.

use crate::event::Event;
use crate::processes::{Route, session_of};
use crate::session::TableSessionEvent;

pub(super) fn route(aggregate_id: &str, event: &Event) -> Route {
    let (Event::TableSession(event), Some(session_id)) = (event, session_of(aggregate_id)) else {
        return Route::Ignore;
    };
    match event {
        TableSessionEvent::SessionClosed { .. } => Route::Start(session_id.0),
        TableSessionEvent::SessionSettled { .. } => Route::Continue(session_id.0),
        _ => Route::Ignore,
    }
}
