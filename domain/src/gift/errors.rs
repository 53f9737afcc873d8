//! Why a gift refuses.

use crate::ids::GiftId;
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a gift.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GiftError {
    /// There is no such gift.
    #[error("there is no such gift")]
    NotFound,
    /// The id is taken by another gift.
    #[error("gift {0} exists with other content")]
    Exists(GiftId),
    /// It can be had no more.
    #[error("the gift is no longer in the catalogue")]
    Retired,
    /// Every piece is gone or held.
    #[error("no piece of the gift is left")]
    OutOfStock,
    /// Fewer were found than are promised.
    #[error("{found} pieces were counted, but {held} are set aside")]
    CountBelowHeld {
        /// What was counted.
        found: u64,
        /// What is set aside.
        held: u64,
    },
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<GiftError> for Refusal {
    fn from(error: GiftError) -> Self {
        let message = error.to_string();
        let refuse = |kind, reason, next_step| Self::new(kind, reason, message.clone(), next_step);
        match error {
            GiftError::NotFound => refuse(
                RefusalKind::NotFound,
                "GIFT_NOT_FOUND",
                "Check the gift's id, or register the gift first.",
            ),
            GiftError::Exists(gift_id) => refuse(
                RefusalKind::AlreadyExists,
                "GIFT_EXISTS",
                "Use a new id, or change the existing gift.",
            )
            .with("gift_id", gift_id),
            GiftError::Retired => refuse(
                RefusalKind::Precondition,
                "GIFT_RETIRED",
                "Choose another gift of the catalogue.",
            ),
            GiftError::OutOfStock => refuse(
                RefusalKind::Precondition,
                "OUT_OF_STOCK",
                "Choose another gift, or come back when it is in stock again.",
            ),
            GiftError::CountBelowHeld { found, held } => refuse(
                RefusalKind::Precondition,
                "COUNT_BELOW_HELD",
                "Cancel redemptions that cannot be handed out, then count again.",
            )
            .with("found", found)
            .with("held", held),
            GiftError::Invalid(invalid) => invalid.into(),
        }
    }
}
