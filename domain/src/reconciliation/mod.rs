//! The reconciliation of one provider's bill of one day with our books.
//!
//! ```text
//! ReconciliationStarted, BillCompared ─► compared ── every difference closed or vanished ─► ReconciliationFinished
//!                            ▲               │                                                      │
//!                            └─ RerunAsked ──┴◄── DifferencesReopened, DifferencesOpened ───────────┘
//!
//! each difference:  open ─► explained ─► closed        open ─► closed (corrected)        any but closed ─► vanished
//! ```
//!
//! What [`compare`] finds equal is only counted and summed; what differs gets a number that it keeps, whatever later runs find.
//!
//! Invariants: every row of both books is counted exactly once; what the bill sums to less what our books sum to is the sum of the
//! differences; the same bill and the same books again change nothing; what the provider keeps is posted once.

mod aggregate;
mod commands;
pub mod compare;
pub mod decide;
mod errors;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::ReconciliationCommand;
pub use compare::{
    BillLine, BookLine, Comparison, Difference, DifferenceKind, FeeRate, Fees, Row, RowKind, Standing, Sums, compare,
};
pub use decide::decide;
pub use errors::ReconciliationError;
pub use events::{Closing, Numbered, ReconciliationEvent};
pub use state::{Compared, Known, Reconciliation, Status};
