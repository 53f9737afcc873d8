//! Why a points account refuses.

use crate::ids::SessionId;
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a points account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointsAccountError {
    /// The session has earned nothing, or its points have expired.
    #[error("session {0} has no points that could go back")]
    NothingEarned(SessionId),
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
            PointsAccountError::Invalid(invalid) => invalid.into(),
        }
    }
}
