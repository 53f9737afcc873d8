//! What a person may do in a chain: works in some of its halls, or owns it.
//!
//! ```text
//! (nothing) ── RoleGranted ──► holds it ── RoleRevoked ──► holds it no more
//!                              ▲    │ RoleGranted (other halls)  │
//!                              └────┘◄───────── RoleGranted ─────┘
//! ```
//!
//! One stream for a person in a chain. Invariants: somebody who works in a chain works in at least one hall of it; who owns it names no halls;
//! a revocation has a reason.

mod aggregate;
mod commands;
pub mod decide;
mod errors;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::StaffCommand;
pub use decide::{HALLS_MAX, decide};
pub use errors::StaffError;
pub use events::StaffEvent;
pub use state::{Staff, StaffRole};
