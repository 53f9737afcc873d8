//! What happened to a payment.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::RefundId;
use crate::money::Fen;

use super::{Decline, Intent, Order, Paid, PaymentResolution, Presented};

/// Why an attempt came to nothing before it could be paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum AttemptFailure {
    /// The provider said no. Counts towards the attempts that an intent has.
    Declined {
        /// Why, in our words.
        why: Decline,
        /// Why, in the provider's; never personal.
        code: String,
    },
    /// The provider cannot be used now: `CHANNEL_UNAVAILABLE`. Others can.
    ChannelUnavailable,
}

/// What is done with money that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Use {
    /// It goes to what it was paid for, through the payer's wallet.
    Served,
    /// It goes back: what it was paid for can no longer be had, or was paid otherwise.
    Returned,
    /// It waits for somebody to look: it is not what was asked.
    Suspended,
}

/// Why a payment came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum PaymentFailure {
    /// As many attempts were declined as it may have.
    DeclinedTooOften,
    /// When the money came, what it was for was over or paid otherwise; it goes back.
    NothingToPayFor,
}

/// Events of the stream `Payment/<intent_id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum PaymentEvent {
    /// Something is to be paid.
    PaymentStarted {
        /// What.
        intent: Box<Intent>,
        /// When.
        at: Timestamp,
    },
    /// An attempt begins. The order that is open before it is closed first.
    AttemptAsked {
        /// Counted from 1 within the intent.
        attempt: u8,
        /// What is asked of the provider.
        order: Order,
        /// When.
        at: Timestamp,
    },
    /// The provider made the order: it waits for its payer.
    AttemptPresented {
        /// The attempt.
        attempt: u8,
        /// What the payer needs.
        presented: Presented,
        /// When.
        at: Timestamp,
    },
    /// Nobody knows whether the provider made the order; it is asked.
    AttemptUnknown {
        /// The attempt.
        attempt: u8,
        /// When.
        at: Timestamp,
    },
    /// The order was paid. This never changes again.
    AttemptPaid {
        /// The attempt.
        attempt: u8,
        /// What was paid.
        paid: Paid,
        /// What is done with it.
        used: Use,
        /// When it became known.
        at: Timestamp,
    },
    /// The order was not paid and cannot be any more.
    AttemptClosed {
        /// The attempt.
        attempt: u8,
        /// When.
        at: Timestamp,
    },
    /// The attempt came to nothing.
    AttemptFailed {
        /// The attempt.
        attempt: u8,
        /// Why.
        failure: AttemptFailure,
        /// When.
        at: Timestamp,
    },
    /// For too long nobody could tell how the order stands: somebody must look.
    AttemptUnclear {
        /// The attempt.
        attempt: u8,
        /// When.
        at: Timestamp,
    },
    /// What was owed is paid.
    PaymentSucceeded {
        /// By which attempt.
        attempt: u8,
        /// When.
        at: Timestamp,
    },
    /// It came to nothing.
    PaymentFailed {
        /// Why.
        why: PaymentFailure,
        /// When.
        at: Timestamp,
    },
    /// Its time is over.
    PaymentExpired {
        /// When.
        at: Timestamp,
    },
    /// The payer does not want to pay.
    PaymentCancelled {
        /// When.
        at: Timestamp,
    },
    /// What was paid is not what was asked: somebody must look.
    PaymentConflicted {
        /// The attempt that was paid.
        attempt: u8,
        /// When.
        at: Timestamp,
    },
    /// Somebody looked, and settled it by hand.
    PaymentResolved {
        /// How.
        resolution: PaymentResolution,
        /// By whom.
        by: Uuid,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// A part of what was paid is kept for a refund.
    RefundReserved {
        /// The refund.
        refund_id: RefundId,
        /// The attempt.
        attempt: u8,
        /// How much.
        amount: Fen,
        /// When.
        at: Timestamp,
    },
    /// A refund came to nothing; its part can be refunded again.
    RefundReleased {
        /// The refund.
        refund_id: RefundId,
        /// When.
        at: Timestamp,
    },
}

impl PaymentEvent {
    /// When it became known here.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::PaymentStarted { at, .. }
            | Self::AttemptAsked { at, .. }
            | Self::AttemptPresented { at, .. }
            | Self::AttemptUnknown { at, .. }
            | Self::AttemptPaid { at, .. }
            | Self::AttemptClosed { at, .. }
            | Self::AttemptFailed { at, .. }
            | Self::AttemptUnclear { at, .. }
            | Self::PaymentSucceeded { at, .. }
            | Self::PaymentFailed { at, .. }
            | Self::PaymentExpired { at, .. }
            | Self::PaymentCancelled { at, .. }
            | Self::PaymentConflicted { at, .. }
            | Self::PaymentResolved { at, .. }
            | Self::RefundReserved { at, .. }
            | Self::RefundReleased { at, .. } => *at,
        }
    }
}

crate::event::domain_events!(PaymentEvent: PaymentStarted, AttemptAsked, AttemptPresented, AttemptUnknown, AttemptPaid, AttemptClosed, AttemptFailed, AttemptUnclear, PaymentSucceeded, PaymentFailed, PaymentExpired, PaymentCancelled, PaymentConflicted, PaymentResolved, RefundReserved, RefundReleased);
