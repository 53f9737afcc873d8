//! Why a repair refuses.

use crate::ids::RepairId;
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a repair.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RepairError {
    /// There is no such repair.
    #[error("there is no such repair")]
    NotFound,
    /// The id is taken by another.
    #[error("repair {0} is of another table")]
    Exists(RepairId),
    /// Nobody has begun.
    #[error("nobody sees to the repair yet")]
    NotStarted,
    /// The work is not done.
    #[error("the repair is not completed")]
    NotCompleted,
    /// The light is being tested.
    #[error("the light is being tested")]
    UnderTest,
    /// The test was passed.
    #[error("the repair is over")]
    Closed,
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<RepairError> for Refusal {
    fn from(error: RepairError) -> Self {
        let message = error.to_string();
        let precondition = |reason, next_step| Self::new(RefusalKind::Precondition, reason, message.clone(), next_step);
        match error {
            RepairError::NotFound => Self::new(
                RefusalKind::NotFound,
                "REPAIR_NOT_FOUND",
                message,
                "Choose one of the hall's open repairs.",
            ),
            RepairError::Exists(repair_id) => Self::new(
                RefusalKind::AlreadyExists,
                "REPAIR_EXISTS",
                message,
                "Use a new id for another repair.",
            )
            .with("repair_id", repair_id),
            RepairError::NotStarted => precondition("REPAIR_NOT_STARTED", "Start the repair first."),
            RepairError::NotCompleted => {
                precondition("REPAIR_NOT_COMPLETED", "Complete the repair, then test the light.")
            }
            RepairError::UnderTest => precondition("REPAIR_UNDER_TEST", "Wait for the result of the test."),
            RepairError::Closed => precondition("REPAIR_CLOSED", "Report the fault anew."),
            RepairError::Invalid(invalid) => invalid.into(),
        }
    }
}
