//! Why a reconciliation refuses.

use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a reconciliation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReconciliationError {
    /// The day was never compared.
    #[error("the day was not reconciled yet")]
    NotFound,
    /// There is no such difference.
    #[error("there is no difference {0}")]
    UnknownDifference(u32),
    /// The difference is closed, or has vanished.
    #[error("difference {0} is not open")]
    NotOpen(u32),
    /// It cannot be closed as explained before it is.
    #[error("difference {0} was not explained")]
    NotExplained(u32),
    /// More differs than anybody could look through: it is not the bill of this system.
    #[error("{0} rows differ")]
    TooMany(usize),
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<ReconciliationError> for Refusal {
    fn from(error: ReconciliationError) -> Self {
        let message = error.to_string();
        let refuse = |kind, reason, next_step| Self::new(kind, reason, message.clone(), next_step);
        match error {
            ReconciliationError::NotFound => refuse(
                RefusalKind::NotFound,
                "RECONCILIATION_NOT_FOUND",
                "Wait for the daily run, or run `baize reconcile` for that day.",
            ),
            ReconciliationError::UnknownDifference(number) => refuse(
                RefusalKind::NotFound,
                "DIFFERENCE_NOT_FOUND",
                "Read the differences of the reconciliation again.",
            )
            .with("difference", number),
            ReconciliationError::NotOpen(number) => refuse(
                RefusalKind::Precondition,
                "DIFFERENCE_NOT_OPEN",
                "Nothing is left to do about it.",
            )
            .with("difference", number),
            ReconciliationError::NotExplained(number) => refuse(
                RefusalKind::Precondition,
                "DIFFERENCE_NOT_EXPLAINED",
                "Explain it first, or close it as corrected.",
            )
            .with("difference", number),
            ReconciliationError::TooMany(differences) => refuse(
                RefusalKind::Precondition,
                "TOO_MANY_DIFFERENCES",
                "Check that the provider's settings are those of this system's merchant.",
            )
            .with("differences", differences),
            ReconciliationError::Invalid(invalid) => invalid.into(),
        }
    }
}
