//! What happened to an identity.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::MemberId;

/// What is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum IdentityKind {
    /// A WeChat openid.
    Openid,
    /// A phone number.
    Phone,
}

/// Events of the stream `Identity/<identity_id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum IdentityEvent {
    /// Somebody has it now.
    IdentityClaimed {
        /// What it is.
        kind: IdentityKind,
        /// Who.
        member_id: MemberId,
        /// When.
        at: Timestamp,
    },
    /// Nobody has it any more.
    IdentityReleased {
        /// Who had it.
        member_id: MemberId,
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(IdentityEvent: IdentityClaimed, IdentityReleased);
