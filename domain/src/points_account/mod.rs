//! A member's points: lots with their expiry, what a reversal left owed, and what each session has earned so far.
//!
//! ```text
//! PointsEarned … (each goes into the lot of its expiry; what is owed is met first)
//!     ├─► PointsReversed   (money of a session went back: its points go, what is no longer there is owed)
//!     ├─► PointsRedeemed ─► PointsRestored   (given for a gift; the redemption was cancelled)
//!     ├─► PointsExpired    (the lots whose time is over are gone)
//!     └─► PointsForfeited  (the person was forgotten)
//! ```
//!
//! Invariants: the balance is the sum of the lots and never negative; it is also the sum of all entries; while something is owed the balance is
//! nothing. A session's points are those of what was paid for it less what went back, however often either is told. The state is
//! bounded: lots share expiries at the ends of months, and sessions are forgotten when their points expire.

mod aggregate;
mod commands;
pub mod decide;
mod errors;
mod events;
mod lots;
mod policy;
mod state;
#[cfg(test)]
mod tests;

pub use commands::PointsAccountCommand;
pub use decide::decide;
pub use errors::PointsAccountError;
pub use events::PointsAccountEvent;
pub use lots::{PointsLots, PointsShare};
pub use policy::PointsPolicy;
pub use state::{Earning, PaidSession, PointsAccount};
