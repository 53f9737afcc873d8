//! What a payment can be asked.

use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::RefundId;
use crate::money::Fen;

use super::{Channel, Intent, OrderNo, OrderOutcome, PaymentResolution, Presentation};

/// Commands of a payment. What happens to wallet, journal and refunds beside it is decided in [`crate::units`].
#[derive(Clone, Debug, PartialEq)]
pub enum PaymentCommand {
    /// Begin an intent with its first attempt.
    Start {
        /// What is owed.
        intent: Box<Intent>,
        /// Through whom.
        channel: Channel,
        /// How the payer meets it.
        presentation: Presentation,
        /// When.
        at: Timestamp,
    },
    /// Try again, by another channel or in another way.
    Try {
        /// Through whom.
        channel: Channel,
        /// How the payer meets it.
        presentation: Presentation,
        /// When.
        at: Timestamp,
    },
    /// Record what became known of an order.
    Record {
        /// Who told it.
        channel: Channel,
        /// The order.
        order_no: OrderNo,
        /// What became known.
        outcome: OrderOutcome,
        /// Whether what is paid for can still be had.
        servable: bool,
        /// When.
        at: Timestamp,
    },
    /// The payer does not want to pay any more.
    Cancel {
        /// When.
        at: Timestamp,
    },
    /// Its time is over and no order of it can be paid.
    Expire {
        /// When.
        at: Timestamp,
    },
    /// Settle by hand what the system could not.
    Resolve {
        /// How.
        resolution: PaymentResolution,
        /// By whom.
        by: Uuid,
        /// Why.
        reason: String,
        /// Whether what is paid for can still be had.
        servable: bool,
        /// When.
        at: Timestamp,
    },
    /// Keep a part of what was paid for a refund.
    ReserveRefund {
        /// The refund.
        refund_id: RefundId,
        /// The attempt, counted from 1.
        attempt: u8,
        /// How much.
        amount: Fen,
        /// When.
        at: Timestamp,
    },
    /// A refund came to nothing: its part can be refunded again.
    ReleaseRefund {
        /// The refund.
        refund_id: RefundId,
        /// When.
        at: Timestamp,
    },
}
