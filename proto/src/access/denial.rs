//! Why a caller was not let in, and how that is told.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::{Role, TokenError};

/// The domain of all reasons.
const DOMAIN: &str = "baize";

/// Why a caller was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// Nobody knows who it is.
    #[error(transparent)]
    Unauthenticated(#[from] TokenError),
    /// The role may not call the method.
    #[error("a token of the role {0} does not do here")]
    WrongRole(Role),
    /// The role may, but not for what belongs to others; or there is no such thing.
    #[error("that is not yours, or there is no such thing")]
    NotYours,
    /// The contract has no such method, or says nothing of who may call it.
    #[error("nobody may call that")]
    Nobody,
}

impl Denial {
    /// Stable reason.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unauthenticated(error) => error.reason(),
            Self::WrongRole(_) => "ROLE_NOT_ALLOWED",
            Self::NotYours => "NOT_YOURS",
            Self::Nobody => "METHOD_NOT_ALLOWED",
        }
    }

    /// Whether nobody knows who it is.
    pub fn is_unauthenticated(self) -> bool {
        matches!(self, Self::Unauthenticated(_))
    }

    fn code(self) -> Code {
        match self {
            Self::Unauthenticated(_) => Code::Unauthenticated,
            Self::Nobody => Code::Unimplemented,
            Self::WrongRole(_) | Self::NotYours => Code::PermissionDenied,
        }
    }

    /// What to do about it.
    fn next_step(self) -> &'static str {
        match self {
            Self::Unauthenticated(TokenError::Expired) => "Your login has expired. Log in again.",
            Self::Unauthenticated(_) => "Log in first.",
            Self::WrongRole(_) | Self::NotYours | Self::Nobody => "You are not allowed to do that.",
        }
    }
}

impl From<Denial> for Status {
    fn from(denial: Denial) -> Self {
        let mut details = ErrorDetails::with_error_info(denial.reason(), DOMAIN, HashMap::new());
        details.set_localized_message("en", denial.next_step());
        Self::with_error_details(denial.code(), denial.to_string(), details)
    }
}
