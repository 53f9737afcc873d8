//! Why a redemption refuses.

use crate::ids::RedemptionId;
use crate::refusal::{Refusal, RefusalKind};

/// An error of a redemption.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedemptionError {
    /// There is no such redemption.
    #[error("there is no such redemption")]
    NotFound,
    /// The id is taken by another.
    #[error("redemption {0} exists with other content")]
    Exists(RedemptionId),
    /// The code is another's.
    #[error("the pick-up code is not that of the redemption")]
    WrongCode,
    /// It was handed over.
    #[error("the gift was handed over")]
    HandedOver,
    /// It was cancelled.
    #[error("the redemption was cancelled")]
    Cancelled,
}

impl From<RedemptionError> for Refusal {
    fn from(error: RedemptionError) -> Self {
        let message = error.to_string();
        let refuse = |kind, reason, next_step| Self::new(kind, reason, message.clone(), next_step);
        match error {
            RedemptionError::NotFound => refuse(
                RefusalKind::NotFound,
                "REDEMPTION_NOT_FOUND",
                "Check the redemption's id.",
            ),
            RedemptionError::Exists(redemption_id) => refuse(
                RefusalKind::AlreadyExists,
                "REDEMPTION_EXISTS",
                "Use a new id for another redemption.",
            )
            .with("redemption_id", redemption_id),
            RedemptionError::WrongCode => refuse(
                RefusalKind::Precondition,
                "PICK_UP_CODE_WRONG",
                "Ask the customer to show the code of this redemption.",
            ),
            RedemptionError::HandedOver => refuse(
                RefusalKind::Precondition,
                "REDEMPTION_HANDED_OVER",
                "What was handed over cannot be cancelled.",
            ),
            RedemptionError::Cancelled => refuse(
                RefusalKind::Precondition,
                "REDEMPTION_CANCELLED",
                "Redeem the gift again.",
            ),
        }
    }
}
