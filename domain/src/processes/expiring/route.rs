//! Which events concern expiries: new points, and that there are none any more.

use uuid::Uuid;

use crate::event::Event;
use crate::points_account::PointsAccountEvent;
use crate::processes::Route;

pub(super) fn route(aggregate_id: &str, event: &Event) -> Route {
    let (Event::PointsAccount(event), Ok(member)) = (event, Uuid::parse_str(aggregate_id)) else {
        return Route::Ignore;
    };
    match event {
        PointsAccountEvent::PointsEarned { .. }
        | PointsAccountEvent::PointsGranted { .. }
        | PointsAccountEvent::PointsRestored { .. } => Route::Start(member),
        PointsAccountEvent::PointsForfeited { .. } => Route::Continue(member),
        PointsAccountEvent::PointsReversed { .. }
        | PointsAccountEvent::PointsRedeemed { .. }
        | PointsAccountEvent::PointsExpired { .. } => Route::Ignore,
    }
}
