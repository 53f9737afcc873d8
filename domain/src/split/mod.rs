//! A split: one bill, shared by those who played (business rules 7). Its opener has paid the bill, or owes it; the others pay their shares to the
//! opener, all of them or nobody.
//!
//! ```text
//! SplitStarted ─► confirming ── all confirmed: ChargingBegan ─► charging ── all paid: SplitCompleted ─► completed (ShareDelivered …)
//!    ▲   links      │  ShareConfirmed, ShareDeclined              │  SharePaid, ShareFailed …, OpenerAsked
//!    │              │  time over: SplitStalled                    │  ShareTakenOver
//!    │              │  ShareRemoved, ShareTakenOver               │
//!    └─ SplitStarted again (re-split: nothing is paid yet)        │
//!                   └───────────────┬─────────────────────────────┘
//!                                   ▼ the opener, or nobody for too long
//!                          SplitCancelled ─► cancelled (ShareReturned …) ─► may be started again
//! ```
//!
//! What somebody has paid is set aside in the own wallet until it is known whether all have: delivered to the opener's wallet then, or back in the
//! lots that it came from. Nothing is taken from the opener for what the opener has paid already.
//!
//! Invariants: the shares that stand sum to the bill; a person has at most one share; nobody is charged what that person has not confirmed; a share
//! is paid at most once and is then delivered or returned, never both; a bill is split to its end at most once.

mod aggregate;
mod commands;
pub mod decide;
mod division;
mod errors;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::SplitCommand;
pub use decide::{DECIDE_MINUTES, RETRIES_MAX, RETRY_SECONDS, decide};
pub use division::{Division, PEOPLE_MAX};
pub use errors::SplitError;
pub use events::{CancelCause, ShareTerms, SplitEvent, SplitTerms};
pub use state::{BillSplit, OPENER, Phase, Share, ShareState};
