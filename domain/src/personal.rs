//! Personal data as the log may keep it: sealed under a key of that person alone. Who destroys the key has erased the person, in every copy of
//! the log. This crate neither seals nor opens.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::IdentityId;

/// A sealed text: an openid, a phone number, a nickname. Opaque here.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Sealed(pub String);

/// Not even the ciphertext is for logs: it would outlive the log's own copies.
impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// Something that only one person at a time can have: the id by which it is recognised, and the thing itself, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Identifier {
    /// By which it is recognised.
    pub identity_id: IdentityId,
    /// What it is, sealed for the person who has it.
    pub sealed: Sealed,
}
