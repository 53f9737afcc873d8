//! A repair: what is wrong with a table's light, who sees to it, and the test that ends it.
//!
//! ```text
//! RepairOpened ──► open ── RepairStarted ──► started ── RepairCompleted ──► completed ── RepairTestStarted ──► testing
//!                   ▲                          ▲                              │             │         │
//!                   │                          └────── RepairStarted ─────────┘             │         └── RepairTestPassed ──► closed
//!                   └────────────────────────────────────────────────────── RepairTestFailed
//! ```
//!
//! Invariants: it ends only by a test that was passed; of several tests only the latest can pass or fail. The table is off sale from the opening to
//! the end, which are written together with the table's maintenance.

mod aggregate;
mod commands;
pub mod decide;
mod errors;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::RepairCommand;
pub use decide::decide;
pub use errors::RepairError;
pub use events::{Fault, RepairEvent, Ticket};
pub use state::{Repair, RepairPhase};
