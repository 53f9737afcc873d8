//! Why a hall refuses.

use crate::ids::HallId;
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a hall.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HallError {
    /// There is no such hall.
    #[error("there is no such hall")]
    NotFound,
    /// The id is taken by a hall with other content.
    #[error("hall {0} exists with other content")]
    Exists(HallId),
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<HallError> for Refusal {
    fn from(error: HallError) -> Self {
        let message = error.to_string();
        match error {
            HallError::NotFound => Self::new(
                RefusalKind::NotFound,
                "HALL_NOT_FOUND",
                message,
                "Check the hall's id, or register the hall first.",
            ),
            HallError::Exists(hall_id) => Self::new(
                RefusalKind::AlreadyExists,
                "HALL_EXISTS",
                message,
                "Use a new id, or change the existing hall.",
            )
            .with("hall_id", hall_id),
            HallError::Invalid(invalid) => invalid.into(),
        }
    }
}
