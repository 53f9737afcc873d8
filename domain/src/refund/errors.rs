//! Why a refund refuses.

use crate::ids::RefundId;
use crate::money::Fen;
use crate::payment::AMOUNT_UNCONFIRMED;
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a refund.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefundError {
    /// There is no such refund, or it is another provider's.
    #[error("there is no such refund")]
    NotFound,
    /// The id is taken by a refund of something else.
    #[error("refund {0} exists with other content")]
    Exists(RefundId),
    /// A notification tells of another amount than was asked.
    #[error("told that {told} went back, which is not what was asked")]
    AmountUnconfirmed {
        /// What is said to have gone back.
        told: Fen,
    },
    /// Who asked for a refund cannot approve or reject it.
    #[error("who asked for the refund cannot decide on it")]
    SamePerson,
    /// It does not wait for anybody's word.
    #[error("the refund does not wait for approval")]
    NotWaiting,
    /// It is under way, or over.
    #[error("the refund has not failed")]
    NotFailed,
    /// The provider may still pay it out under its number.
    #[error("the refund may still be paid out under its number")]
    NotClosed,
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<RefundError> for Refusal {
    fn from(error: RefundError) -> Self {
        let message = error.to_string();
        let refuse = |reason, next_step| Self::new(RefusalKind::Precondition, reason, message.clone(), next_step);
        match error {
            RefundError::NotFound => Self::new(
                RefusalKind::NotFound,
                "REFUND_NOT_FOUND",
                message,
                "Check the refund's id.",
            ),
            RefundError::Exists(refund_id) => Self::new(
                RefusalKind::AlreadyExists,
                "REFUND_EXISTS",
                message,
                "Use a new id for what is a new refund.",
            )
            .with("refund_id", refund_id),
            RefundError::AmountUnconfirmed { .. } => {
                refuse(AMOUNT_UNCONFIRMED, "Ask the provider how the refund stands.")
            }
            RefundError::SamePerson => refuse("SECOND_PERSON_REQUIRED", "Let somebody else decide on it."),
            RefundError::NotWaiting => refuse("REFUND_NOT_WAITING", "Look at how the refund stands."),
            RefundError::NotFailed => refuse("REFUND_NOT_FAILED", "Look at how the refund stands."),
            RefundError::NotClosed => refuse(
                "REFUND_NOT_CLOSED",
                "Try again under the same number: two numbers could pay twice.",
            ),
            RefundError::Invalid(invalid) => invalid.into(),
        }
    }
}
