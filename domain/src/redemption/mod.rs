//! A redemption: points for a piece of a gift, fetched at the counter with a code.
//!
//! ```text
//! RedemptionMade ──► waiting at the counter ──┬── RedemptionHandedOver
//!                                             └── RedemptionCancelled (the points are restored)
//! ```
//!
//! Invariants: it ends once and in one way. It is made, handed over and cancelled in one unit of work with the piece and the points.

mod aggregate;
mod commands;
pub mod decide;
mod errors;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::RedemptionCommand;
pub use decide::decide;
pub use errors::RedemptionError;
pub use events::{RedemptionEvent, RedemptionTerms};
pub use state::{Redemption, RedemptionPhase};
