//! Why a chain refuses.

use crate::ids::ChainId;
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// There is no such chain.
    #[error("there is no such chain")]
    NotFound,
    /// The id is taken by a chain with another name.
    #[error("chain {0} exists with other content")]
    Exists(ChainId),
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<ChainError> for Refusal {
    fn from(error: ChainError) -> Self {
        let message = error.to_string();
        match error {
            ChainError::NotFound => Self::new(
                RefusalKind::NotFound,
                "CHAIN_NOT_FOUND",
                message,
                "Check the chain's id, or register the chain first.",
            ),
            ChainError::Exists(chain_id) => Self::new(
                RefusalKind::AlreadyExists,
                "CHAIN_EXISTS",
                message,
                "Use a new id, or rename the existing chain.",
            )
            .with("chain_id", chain_id),
            ChainError::Invalid(invalid) => invalid.into(),
        }
    }
}
