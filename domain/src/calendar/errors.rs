//! Why a calendar refuses.

use crate::ids::CalendarId;
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Nothing was ever published of it.
    #[error("there is no calendar {0}")]
    NotFound(CalendarId),
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<CalendarError> for Refusal {
    fn from(error: CalendarError) -> Self {
        let message = error.to_string();
        match error {
            CalendarError::NotFound(calendar_id) => Self::new(
                RefusalKind::NotFound,
                "CALENDAR_NOT_FOUND",
                message,
                "Publish a year of the calendar first, or name another.",
            )
            .with("calendar_id", calendar_id),
            CalendarError::Invalid(invalid) => invalid.into(),
        }
    }
}
