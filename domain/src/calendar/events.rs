//! What happened to a calendar.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::CalendarId;

/// What is special about a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum DayKind {
    /// A day off, as a public holiday or next to one.
    Holiday,
    /// A Saturday or Sunday on which work makes up for a day off (调休).
    AdjustedWorkday,
}

/// A special day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SpecialDay {
    /// The day, in the halls' local time.
    pub date: Date,
    /// What is special about it.
    pub kind: DayKind,
    /// The holiday that it belongs to, such as `春节`: 1–50 characters.
    pub name: String,
}

/// Events of the stream `Calendar/<calendar_id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum CalendarEvent {
    /// The special days of a year were announced, or announced anew: these replace all that were announced for it before.
    CalendarYearPublished {
        /// The calendar.
        calendar_id: CalendarId,
        /// The year of the announcement.
        year: i16,
        /// Where it was announced: the announcement's address or title.
        source: String,
        /// Its special days.
        days: Vec<SpecialDay>,
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(CalendarEvent: CalendarYearPublished);
