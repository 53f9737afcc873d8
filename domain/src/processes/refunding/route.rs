//! Which events concern a refund that goes out: its own.

use uuid::Uuid;

use crate::event::Event;
use crate::processes::Route;
use crate::refund::RefundEvent;

pub(super) fn route(aggregate_id: &str, event: &Event) -> Route {
    let (Event::Refund(event), Ok(refund_id)) = (event, Uuid::parse_str(aggregate_id)) else {
        return Route::Ignore;
    };
    match event {
        // The approval may be heard of first.
        RefundEvent::RefundRequested { .. } | RefundEvent::RefundApproved { .. } => Route::Start(refund_id),
        RefundEvent::RefundRejected { .. }
        | RefundEvent::RefundSucceeded { .. }
        | RefundEvent::RefundFailed { .. }
        | RefundEvent::RefundRetried { .. }
        | RefundEvent::RefundReplaced { .. }
        | RefundEvent::RefundSettledByHand { .. } => Route::Continue(refund_id),
        RefundEvent::RefundSent { .. } => Route::Ignore,
    }
}
