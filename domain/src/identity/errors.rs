//! Why an identity refuses.

use crate::refusal::{Refusal, RefusalKind};

use super::IdentityKind;

/// An error of an identity. Whose it is stays untold: the answer must not say who is a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Somebody else has it.
    #[error("the {} belongs to another person", name(.0))]
    Taken(IdentityKind),
}

const fn name(kind: &IdentityKind) -> &'static str {
    match kind {
        IdentityKind::Openid => "WeChat account",
        IdentityKind::Phone => "phone number",
    }
}

impl From<IdentityError> for Refusal {
    fn from(error: IdentityError) -> Self {
        let IdentityError::Taken(kind) = error;
        let reason = match kind {
            IdentityKind::Openid => "OPENID_BELONGS_TO_MEMBER",
            IdentityKind::Phone => "PHONE_BELONGS_TO_MEMBER",
        };
        Self::new(
            RefusalKind::Precondition,
            reason,
            error.to_string(),
            "If both are you, merge the guest into the member.",
        )
    }
}
