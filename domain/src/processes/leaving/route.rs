//! Which events concern a guest who pays through a provider: that it begins, and how the session ends.

use crate::event::Event;
use crate::payment::{PaymentEvent, Purpose};
use crate::processes::{Route, session_of};
use crate::session::TableSessionEvent;

pub(super) fn route(aggregate_id: &str, event: &Event) -> Route {
    match event {
        Event::Payment(PaymentEvent::PaymentStarted { intent, .. }) if intent.guest => match intent.purpose {
            Purpose::Opening { session_id } => Route::Start(session_id.0),
            // Of what pays a bill nothing is left; of what pays a share it goes back when the split is over.
            Purpose::Bill { .. } | Purpose::TopUp { .. } | Purpose::Share { .. } => Route::Ignore,
        },
        Event::TableSession(
            TableSessionEvent::SessionSettled { .. }
            | TableSessionEvent::SessionCancelled { .. }
            | TableSessionEvent::OpeningLapsed { .. },
        ) => session_of(aggregate_id).map_or(Route::Ignore, |session_id| Route::Continue(session_id.0)),
        _ => Route::Ignore,
    }
}
