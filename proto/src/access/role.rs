//! What a caller is to the system.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a caller is to the system. One token has one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Plays, and sees what is their own.
    Customer,
    /// Works in the halls that the token names.
    Staff,
    /// Owns the chain that the token names.
    Owner,
    /// Reads everything, changes nothing.
    Auditor,
    /// A device bridge: reports what devices did.
    Device,
    /// Runs the system.
    Operator,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Customer,
        Self::Staff,
        Self::Owner,
        Self::Auditor,
        Self::Device,
        Self::Operator,
    ];

    /// The name, as tokens and the record have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::Owner => "owner",
            Self::Auditor => "auditor",
            Self::Device => "device",
            Self::Operator => "operator",
        }
    }

    /// How long a token of this role may be good for. A token cannot be taken back before it expires.
    pub fn lifetime_max(self) -> Duration {
        const HOUR: u64 = 3_600;
        match self {
            Self::Customer => Duration::from_secs(15 * 60),
            Self::Staff | Self::Owner | Self::Auditor | Self::Operator => Duration::from_secs(12 * HOUR),
            Self::Device => Duration::from_secs(24 * HOUR),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no role's.
#[derive(Debug, thiserror::Error)]
#[error("is none of customer, staff, owner, auditor, device, operator")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let named = Self::ALL.into_iter().find(|role| role.as_str() == text);
        named.ok_or(UnknownRole)
    }
}
