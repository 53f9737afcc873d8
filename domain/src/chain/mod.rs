//! A chain: the company that runs halls, and the levels that its customers can have.
//!
//! ```text
//! (nothing) ── ChainRegistered, LevelsDefined 1 ──► registered ──┐
//!                                                     ▲          │ ChainRenamed, LevelsDefined n, PointsPolicyChanged,
//!                                                     │          │ TopUpTiersDefined, PaymentPolicyChanged
//!                                                     └──────────┘
//! ```
//!
//! Invariants: `guest` and `member` are always among the levels; a level is never taken away, since members have it; versions of the
//! levels count 1, 2, 3, …

mod aggregate;
mod commands;
pub mod decide;
mod errors;
mod events;
mod levels;
mod state;
#[cfg(test)]
mod tests;

pub use commands::ChainCommand;
pub use decide::decide;
pub use errors::ChainError;
pub use events::ChainEvent;
pub use levels::{LEVELS_MAX, Level, LevelPolicy, SPENDING_DAYS_MAX, earned_by};
pub use state::{Chain, ChainProfile};
