//! An openid or a phone number, and the one person who has it.
//!
//! ```text
//! (free) ── IdentityClaimed ──► owned
//!    ▲                            │
//!    └──── IdentityReleased ──────┘
//! ```
//!
//! The stream's id is a keyed hash of chain, kind and value, so that the same phone number always meets the same stream and the log never
//! holds the number.
//!
//! Invariant: it has at most one owner. Who registers with it writes to its stream in the same unit of work; of two who do so at once, one
//! is told that it is taken.

mod aggregate;
mod commands;
pub mod decide;
mod errors;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::IdentityCommand;
pub use decide::decide;
pub use errors::IdentityError;
pub use events::{IdentityEvent, IdentityKind};
pub use state::Identity;
