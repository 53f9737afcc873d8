//! A calendar of public holidays and adjusted workdays (调休), as a government announces them year by year.
//!
//! ```text
//! (nothing) ── CalendarYearPublished 2026 ──► published ──┐
//!                                               ▲         │ CalendarYearPublished 2027, or 2026 corrected
//!                                               └─────────┘
//! ```
//!
//! Invariants: a day is special in one way at most; what was announced for a later year wins. A session keeps the days that it can reach, as
//! they were when it was opened ([`Calendar::days`]), so a correction never alters a running bill. Days that nobody announced are plain
//! weekdays.

mod aggregate;
mod commands;
pub mod decide;
mod errors;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::CalendarCommand;
pub use decide::decide;
pub use errors::CalendarError;
pub use events::{CalendarEvent, DayKind, SpecialDay};
pub use state::{Calendar, CalendarYear};
