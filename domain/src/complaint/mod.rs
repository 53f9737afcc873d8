//! A complaint: what a customer is not content with, about a session or a hall, and what the staff say to it.
//!
//! ```text
//! ComplaintFiled ─► open ─── ComplaintAnswered ──► answered ─┬─ ComplaintAnswered ─► answered
//!                    ▲  (ComplaintAssigned in both)          └─ ComplaintClosed ──► closed
//!                    └───────────── ComplaintReopened (once) ───────────────────────┘
//! ```
//!
//! Invariants: nothing is closed that was not answered since it was last open; a complaint is reopened once at most. What people write is
//! sealed under the key of whoever complains, also what the staff answer: who is forgotten takes all of it along.

mod aggregate;
mod commands;
pub mod decide;
mod errors;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::{ComplaintCommand, Grievance};
pub use decide::decide;
pub use errors::ComplaintError;
pub use events::{Category, ComplaintEvent, ComplaintTerms, Promised};
pub use state::{Complaint, Phase, Said, Speaker};
