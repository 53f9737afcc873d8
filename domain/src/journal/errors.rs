//! Why the journal refuses.

use crate::ids::TransactionId;
use crate::money::Fen;
use crate::refusal::{Refusal, RefusalKind};

/// An error of the journal. None but [`JournalError::Exists`] can be caused from outside: entries are made by this program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// Debits and credits differ.
    #[error("the entries do not sum to zero but to {0}")]
    Unbalanced(Fen),
    /// Fewer than two entries, an entry of nothing, or an account twice.
    #[error("a transaction needs two or more entries, each of its own account and none of nothing")]
    Malformed,
    /// The id is taken by a transaction with other content.
    #[error("transaction {0} was posted with other content")]
    Exists(TransactionId),
}

impl From<JournalError> for Refusal {
    fn from(error: JournalError) -> Self {
        let message = error.to_string();
        match error {
            JournalError::Unbalanced(sum) => Self::new(
                RefusalKind::Precondition,
                "TRANSACTION_UNBALANCED",
                message,
                "Report this as a fault of the program.",
            )
            .with("sum_fen", sum.0),
            JournalError::Malformed => Self::new(
                RefusalKind::Precondition,
                "TRANSACTION_MALFORMED",
                message,
                "Report this as a fault of the program.",
            ),
            JournalError::Exists(transaction_id) => Self::new(
                RefusalKind::AlreadyExists,
                "TRANSACTION_EXISTS",
                message,
                "Use a new id for what is a new payment.",
            )
            .with("transaction_id", transaction_id),
        }
    }
}
