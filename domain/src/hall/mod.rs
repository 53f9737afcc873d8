//! A hall: its name, time zone, business day and policy.
//!
//! ```text
//! (nothing) ── HallRegistered ──► registered ──┐
//!                                   ▲          │ HallPolicyChanged
//!                                   └──────────┘
//! ```
//!
//! Invariants: the time zone is one that this program knows; the policy is within its limits. A session keeps the policy it opened
//! with, so a change never touches a running game.

mod aggregate;
mod commands;
pub mod decide;
mod errors;
mod events;
mod policy;
mod state;
#[cfg(test)]
mod tests;
mod zone;

pub use commands::HallCommand;
pub use decide::decide;
pub use errors::HallError;
pub use events::HallEvent;
pub use policy::HallPolicy;
pub use state::{Hall, HallProfile};
pub use zone::{time_zone, time_zone_or_utc};
