//! Who may call what: tokens, the keys that vouch for them, and the rights that the contract gives.
//!
//! A caller shows a token ([`Verifier`]), signed with a key of the [`KeyRing`]; whoever lets people in makes it
//! ([`Signer`]). The algorithm is fixed to EdDSA over Ed25519: what a token says about its own algorithm is compared with
//! that, never followed.

mod claims;
mod crypto;
mod folder;
mod keys;
mod role;
mod token;

pub use claims::{Claims, HALLS_MAX};
pub use folder::{KeyFolder, KeyFolderError, KeyState};
pub use keys::{Key, KeyError, KeyRing, Keys};
pub use role::Role;
pub use token::{IssueError, Signer, TokenError, Verifier};

#[cfg(test)]
mod tests;
