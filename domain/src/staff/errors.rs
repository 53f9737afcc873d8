//! Why a grant or a revocation is refused.

use crate::ids::HallId;
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error about a person's roles.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StaffError {
    /// The person has never had a role in the chain.
    #[error("the person has no role in this chain")]
    NotFound,
    /// The person does not have the role that they want to act in.
    #[error("the role was not granted, or was revoked")]
    RoleNotGranted,
    /// A hall is another chain's.
    #[error("hall {0} is not of this chain")]
    HallOfAnotherChain(HallId),
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<StaffError> for Refusal {
    fn from(error: StaffError) -> Self {
        let message = error.to_string();
        match error {
            StaffError::NotFound => Self::new(
                RefusalKind::NotFound,
                "STAFF_NOT_FOUND",
                message,
                "Check the person's id and the chain's.",
            ),
            StaffError::RoleNotGranted => Self::new(
                RefusalKind::Precondition,
                "ROLE_NOT_GRANTED",
                message,
                "Ask the chain's owner to grant the role.",
            ),
            StaffError::HallOfAnotherChain(hall_id) => Self::new(
                RefusalKind::Precondition,
                "HALL_OF_ANOTHER_CHAIN",
                message,
                "Name halls of the chain only.",
            )
            .with("hall_id", hall_id),
            StaffError::Invalid(invalid) => invalid.into(),
        }
    }
}
