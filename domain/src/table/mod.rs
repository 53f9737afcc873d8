//! A billiard table: where it stands, what lights it, and who has it.
//!
//! ```text
//! (nothing) ── TableRegistered ──► idle ◄── TableReleased ── occupied
//!                                   │ └──── TableOccupied ────► ▲
//!                                   │                           │
//!               MaintenanceStarted  ▼                           │ may start under a running
//!                               maintenance ◄───────────────────┘ session: it plays to its end
//!                                   └── MaintenanceEnded ──► idle (or still occupied)
//! ```
//!
//! Maintenance with a repair ends when the repair's test is passed, and in no other way.
//!
//! Label, class, tariff plan and code may change at any time, the light while nobody plays. `TableRetired`, from idle or maintenance, is
//! the end.
//!
//! Invariants: at most one session at a time; none begins under maintenance. The state has a constant size however long the stream.

mod aggregate;
mod class;
mod commands;
pub mod decide;
mod errors;
mod events;
mod free;
mod state;
#[cfg(test)]
mod tests;

pub use class::TableClass;
pub use commands::{TableChange, TableCommand};
pub use decide::decide;
pub use errors::TableError;
pub use events::TableEvent;
pub use free::{FreeTable, FreeTables};
pub use state::{Maintenance, Table, TableProfile};
