//! Money that goes back through the provider that it came from.
//!
//! ```text
//! RefundRequested ─┬─ (small, or by a rule) ─► approved ─► RefundSent ─► sent ─► RefundSucceeded ─► succeeded
//!                  └─► requested ─┬─ RefundApproved ─► approved   │       │
//!                                 └─ RefundRejected ─► rejected   └───────┴─ RefundFailed ─► failed: somebody must look
//!
//! failed ─┬─ RefundRetried ─► approved, under the same number
//!         ├─ RefundReplaced ─► replaced: another refund, under a number of its own, takes its place
//!         └─ RefundSettledByHand ─► settled by hand: the money was given back in another way
//! ```
//!
//! Invariants: who asks is not who approves; what succeeded is never changed; the refunds of an order never sum to more than was paid, which
//! is guarded by the payment's stream in the same unit of work. That money left after all, though it was given back in another way meanwhile,
//! is recorded too.

mod aggregate;
mod commands;
pub mod decide;
mod errors;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::RefundCommand;
pub use decide::decide;
pub use errors::RefundError;
pub use events::{RefundBasis, RefundEvent, RefundFailure, RefundOutcome, RefundRequest, RefundResolution};
pub use state::{Refund, Stage};
