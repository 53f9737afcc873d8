//! The journal: double entry, one stream per transaction, so that posting never contends.
//!
//! ```text
//! (nothing) ── TransactionPosted ──► posted, for ever
//! ```
//!
//! Invariants: the entries of a transaction sum to zero; none is zero; no account appears twice. The transaction's id is derived from what
//! it was posted for, so a repeat meets its own stream and posts nothing.

mod aggregate;
mod commands;
pub mod decide;
mod errors;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::JournalCommand;
pub use decide::decide;
pub use errors::JournalError;
pub use events::{Account, Entry, JournalEvent, Source};
pub use state::{Journal, Transaction};
