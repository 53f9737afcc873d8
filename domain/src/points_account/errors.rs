//! Why a points account refuses.

use crate::ids::SessionId;
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a points account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointsAccountError {
    /// The session has earned nothing, or its points have expired.
    #[error("session {0} has no points that could go back")]
    NothingEarned(SessionId),
    /// There are too few.
    #[error("{shortfall} points are lacking")]
    NotEnough {
        /// What is needed.
        needed: u64,
        /// What there is.
        available: u64,
        /// The difference.
        shortfall: u64,
    },
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<PointsAccountError> for Refusal {
    fn from(error: PointsAccountError) -> Self {
        let message = error.to_string();
        match error {
            PointsAccountError::NothingEarned(session_id) => Self::new(
                RefusalKind::NotFound,
                "NO_POINTS_EARNED",
                message,
                "Check the session and the member; points that have expired need not go back.",
            )
            .with("session_id", session_id),
            PointsAccountError::NotEnough {
                needed,
                available,
                shortfall,
            } => Self::new(
                RefusalKind::Precondition,
                "NOT_ENOUGH_POINTS",
                message,
                "Choose a gift that costs less, or play on: points are earned with what is paid.",
            )
            .with("needed_points", needed)
            .with("available_points", available)
            .with("shortfall_points", shortfall),
            PointsAccountError::Invalid(invalid) => invalid.into(),
        }
    }
}
