//! Which events concern a move: the one that tells of it.

use crate::event::Event;
use crate::ids::derived;
use crate::processes::Route;
use crate::session::TableSessionEvent;

pub(super) fn route(aggregate_id: &str, event: &Event) -> Route {
    match event {
        Event::TableSession(TableSessionEvent::SessionTransferred { at, .. }) => {
            Route::Start(derived(&["moving", aggregate_id, &at.to_string()]))
        }
        _ => Route::Ignore,
    }
}
