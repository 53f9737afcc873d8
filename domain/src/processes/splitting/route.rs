//! Which events concern the splitting of a bill.

use uuid::Uuid;

use crate::event::Event;
use crate::processes::Route;
use crate::split::SplitEvent;

pub(super) fn route(aggregate_id: &str, event: &Event) -> Route {
    let (Event::BillSplit(event), Ok(split)) = (event, Uuid::parse_str(aggregate_id)) else {
        return Route::Ignore;
    };
    match event {
        SplitEvent::SplitStarted { .. }
        | SplitEvent::ChargingBegan { .. }
        | SplitEvent::SplitCompleted { .. }
        | SplitEvent::SplitCancelled { .. } => Route::Start(split),
        SplitEvent::ShareRemoved { .. } | SplitEvent::ShareTakenOver { .. } | SplitEvent::ShareFailed { .. } => {
            Route::Continue(split)
        }
        SplitEvent::ShareConfirmed { .. }
        | SplitEvent::ShareDeclined { .. }
        | SplitEvent::SplitStalled { .. }
        | SplitEvent::SharePaid { .. }
        | SplitEvent::OpenerAsked { .. }
        | SplitEvent::ShareDelivered { .. }
        | SplitEvent::ShareReturned { .. } => Route::Ignore,
    }
}
