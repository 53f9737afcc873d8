//! What a refund can be asked.

use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::RefundId;
use crate::payment::Channel;

use super::{RefundOutcome, RefundRequest};

/// Commands of a refund. What happens to wallet, journal and payment beside it is decided in [`crate::units`].
#[derive(Clone, Debug, PartialEq)]
pub enum RefundCommand {
    /// Money is to go back.
    Request {
        /// What.
        request: Box<RefundRequest>,
        /// Whether somebody else has to approve it first.
        needs_approval: bool,
        /// When.
        at: Timestamp,
    },
    /// Approve it.
    Approve {
        /// Who.
        by: Uuid,
        /// When.
        at: Timestamp,
    },
    /// Reject it.
    Reject {
        /// Who.
        by: Uuid,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Record what became known.
    Record {
        /// Who told it.
        channel: Channel,
        /// What.
        outcome: RefundOutcome,
        /// When.
        at: Timestamp,
    },
    /// Ask again under the same number.
    Retry {
        /// By whom.
        by: Uuid,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Let another refund take its place.
    Replace {
        /// That one.
        replacement_id: RefundId,
        /// By whom.
        by: Uuid,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Note that the money was given back in another way.
    SettleByHand {
        /// By whom.
        by: Uuid,
        /// Why, and how.
        reason: String,
        /// When.
        at: Timestamp,
    },
}
