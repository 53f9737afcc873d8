//! What a calendar can be asked.

use jiff::Timestamp;

use crate::ids::CalendarId;

use super::CalendarYear;

/// Commands of a calendar.
#[derive(Clone, Debug, PartialEq)]
pub enum CalendarCommand {
    /// Publish a year, or publish it anew.
    PublishYear {
        /// The calendar.
        calendar_id: CalendarId,
        /// The year: 2000–2100.
        year: i16,
        /// What was announced for it.
        content: CalendarYear,
        /// When.
        at: Timestamp,
    },
}
