//! What an identity can be asked.

use jiff::Timestamp;

use crate::ids::MemberId;

use super::IdentityKind;

/// Commands of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityCommand {
    /// Give it to somebody.
    Claim {
        /// What it is.
        kind: IdentityKind,
        /// Who wants it.
        member_id: MemberId,
        /// When.
        at: Timestamp,
    },
    /// Take it back from somebody.
    Release {
        /// Who had it.
        member_id: MemberId,
        /// When.
        at: Timestamp,
    },
}
