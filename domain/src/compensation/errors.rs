//! Why a compensation is refused.

use crate::ids::CompensationId;
use crate::money::Fen;
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a session's compensations.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompensationError {
    /// There is no such compensation of the session.
    #[error("there is no such compensation")]
    NotFound,
    /// The id is taken by another.
    #[error("compensation {0} exists with other content")]
    Exists(CompensationId),
    /// More than what was paid and not yet given back.
    #[error("only {left} of what was paid can still be given back")]
    TooMuch {
        /// What can be.
        left: Fen,
    },
    /// As many as a session can have.
    #[error("the session was compensated too often")]
    TooMany,
    /// Who asked for it cannot decide on it.
    #[error("who asked for the compensation cannot decide on it")]
    SamePerson,
    /// It was given, or rejected.
    #[error("the compensation does not wait for approval")]
    NotWaiting,
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<CompensationError> for Refusal {
    fn from(error: CompensationError) -> Self {
        let message = error.to_string();
        let refuse = |reason, next_step| Self::new(RefusalKind::Precondition, reason, message.clone(), next_step);
        match error {
            CompensationError::NotFound => Self::new(
                RefusalKind::NotFound,
                "COMPENSATION_NOT_FOUND",
                message,
                "Check the ids of the session and the compensation.",
            ),
            CompensationError::Exists(compensation_id) => Self::new(
                RefusalKind::AlreadyExists,
                "COMPENSATION_EXISTS",
                message,
                "Use a new id for another compensation.",
            )
            .with("compensation_id", compensation_id),
            CompensationError::TooMuch { left } => {
                refuse("COMPENSATION_TOO_MUCH", "Give back at most what is left.").with("left_fen", left.0)
            }
            CompensationError::TooMany => refuse("COMPENSATION_TOO_MANY", "Look at what was given for the session."),
            CompensationError::SamePerson => refuse("SECOND_PERSON_REQUIRED", "Let somebody else decide on it."),
            CompensationError::NotWaiting => refuse("COMPENSATION_NOT_WAITING", "Look at how it stands."),
            CompensationError::Invalid(invalid) => invalid.into(),
        }
    }
}
