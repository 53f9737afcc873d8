//! Which events concern waiting openings: that one begins to wait, and that its member's wallet was credited.

use uuid::Uuid;

use crate::event::Event;
use crate::processes::Route;
use crate::session::TableSessionEvent;
use crate::wallet::WalletEvent;

pub(super) fn route(aggregate_id: &str, event: &Event) -> Route {
    match event {
        Event::TableSession(TableSessionEvent::OpeningAwaited { awaited, .. }) => {
            Route::Start(awaited.asked.member_id.0)
        }
        Event::Wallet(WalletEvent::TopUpCredited { .. } | WalletEvent::WalletTakenOver { .. }) => {
            Uuid::parse_str(aggregate_id).map_or(Route::Ignore, Route::Continue)
        }
        _ => Route::Ignore,
    }
}
