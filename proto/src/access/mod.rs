//! Who may call what: tokens, the keys that vouch for them, and the rights that the contract gives.
//!
//! A caller shows a token ([`Verifier`]), signed with a key of the [`KeyRing`]; whoever lets people in makes it
//! ([`Signer`]). One layer lets calls in ([`Guard`]) by the policy that the contract gives each method ([`Policies`]);
//! whoever reads a thing asks whether it is the caller's ([`Access::permit`]). The algorithm is fixed to EdDSA over Ed25519: what a token says about its own algorithm is compared with
//! that, never followed.

mod bearing;
mod claims;
mod console;
mod crypto;
mod denial;
mod display;
mod folder;
mod guard;
mod keys;
mod policy;
mod rights;
mod role;
mod ticket;
mod token;

pub use bearing::{Badge, Bearing};
pub use claims::{Claims, HALLS_MAX};
pub use denial::Denial;
pub use display::{display_link, display_subject};
pub use folder::{KeyFolder, KeyFolderError, KeyState};
pub use guard::{Guard, Guarded, denied};
pub use keys::{Key, KeyError, KeyRing, Keys};
pub use policy::{Policies, Policy, PolicyError, Scope};
pub use rights::{Access, Belonging};
pub use role::Role;
pub use token::{IssueError, Signer, TokenError, Verifier};

#[cfg(test)]
mod tests;
