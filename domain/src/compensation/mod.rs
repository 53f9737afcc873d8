//! What the staff give back of what a game cost: one stream for each session, so that all of it together is never more than was paid.
//!
//! ```text
//! CompensationAsked ─┬─ (small) ─────────────────────────────► given
//!                    └─► waiting ─┬─ CompensationApproved ───► given
//!                                 └─ CompensationRejected ───► rejected
//! ```
//!
//! Invariants: what is given and what waits never sum to more than was paid for the session; who asks is not who approves or rejects; what was
//! given is never taken back. The money is credited in the same unit of work as the event that gives it.

mod aggregate;
mod commands;
pub mod decide;
mod errors;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::CompensationCommand;
pub use decide::decide;
pub use errors::CompensationError;
pub use events::{CompensationEvent, CompensationTerms};
pub use state::{Compensation, Part, Stage};
