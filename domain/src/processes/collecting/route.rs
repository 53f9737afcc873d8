//! Which events concern the collecting of a payment: the payment's own, but for its refunds.

use uuid::Uuid;

use crate::event::Event;
use crate::payment::PaymentEvent;
use crate::processes::Route;

pub(super) fn route(aggregate_id: &str, event: &Event) -> Route {
    let (Event::Payment(event), Ok(intent_id)) = (event, Uuid::parse_str(aggregate_id)) else {
        return Route::Ignore;
    };
    match event {
        // Either may be heard first.
        PaymentEvent::PaymentStarted { .. } | PaymentEvent::AttemptAsked { .. } => Route::Start(intent_id),
        PaymentEvent::AttemptPresented { .. }
        | PaymentEvent::AttemptUnknown { .. }
        | PaymentEvent::RefundReserved { .. }
        | PaymentEvent::RefundReleased { .. } => Route::Ignore,
        PaymentEvent::AttemptPaid { .. }
        | PaymentEvent::AttemptClosed { .. }
        | PaymentEvent::AttemptFailed { .. }
        | PaymentEvent::AttemptUnclear { .. }
        | PaymentEvent::PaymentSucceeded { .. }
        | PaymentEvent::PaymentFailed { .. }
        | PaymentEvent::PaymentExpired { .. }
        | PaymentEvent::PaymentCancelled { .. }
        | PaymentEvent::PaymentConflicted { .. }
        | PaymentEvent::PaymentResolved { .. } => Route::Continue(intent_id),
    }
}
