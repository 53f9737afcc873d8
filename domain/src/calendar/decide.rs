//! What a calendar decides.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday, date};

use crate::ids::CalendarId;
use crate::refusal::InvalidField;

use super::{Calendar, CalendarCommand, CalendarError, CalendarEvent, CalendarYear, DayKind, SpecialDay};

/// Years that a calendar may have.
pub const YEARS: RangeInclusive<i16> = 2000..=2100;
/// Special days of a year, at most.
pub const DAYS_MAX: usize = 366;
/// Characters of a holiday's name, at most.
pub const NAME_CHARS_MAX: usize = 50;
/// Characters of a source, at most.
pub const SOURCE_CHARS_MAX: usize = 200;

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(calendar: &Calendar, command: CalendarCommand) -> Result<Vec<CalendarEvent>, CalendarError> {
    match command {
        CalendarCommand::PublishYear {
            calendar_id,
            year,
            content,
            at,
        } => publish_year(calendar, calendar_id, year, content, at),
    }
}

/// Publishes a year; what is in force already changes nothing.
///
/// # Errors
/// [`CalendarError::Invalid`].
pub fn publish_year(
    calendar: &Calendar,
    calendar_id: CalendarId,
    year: i16,
    content: CalendarYear,
    at: Timestamp,
) -> Result<Vec<CalendarEvent>, CalendarError> {
    if let Some(fault) = faults(year, &content).into_iter().next() {
        return Err(fault.into());
    }
    if calendar.years.get(&year).is_some_and(|known| **known == content) {
        return Ok(Vec::new());
    }
    Ok(vec![CalendarEvent::CalendarYearPublished {
        calendar_id,
        year,
        source: content.source,
        days: content.days,
        at,
    }])
}

/// All that is wrong with a year. A holiday around New Year may reach into the December before and the January after.
pub fn faults(year: i16, content: &CalendarYear) -> Vec<InvalidField> {
    let unless = InvalidField::unless;
    let mut checks = vec![
        unless(YEARS.contains(&year), "year", "must be 2000 to 2100"),
        InvalidField::unless_text(&content.source, SOURCE_CHARS_MAX, "source"),
        unless(
            (1..=DAYS_MAX).contains(&content.days.len()),
            "days",
            "must be 1 to 366 days",
        ),
    ];
    let near = near(year);
    for (index, day) in content.days.iter().take(DAYS_MAX).enumerate() {
        checks.extend(check_day(day, index, &near, &content.days[..index]));
    }
    checks.into_iter().filter_map(Result::err).collect()
}

/// The days that a year's announcement may speak of.
fn near(year: i16) -> RangeInclusive<Date> {
    let year = year.clamp(*YEARS.start(), *YEARS.end());
    date(year - 1, 12, 1)..=date(year + 1, 1, 31)
}

fn check_day(
    day: &SpecialDay,
    index: usize,
    near: &RangeInclusive<Date>,
    before: &[SpecialDay],
) -> [Result<(), InvalidField>; 4] {
    let path = |field: &str| format!("days[{index}].{field}");
    let unless = InvalidField::unless;
    let weekend = matches!(day.date.weekday(), Weekday::Saturday | Weekday::Sunday);
    [
        unless(
            near.contains(&day.date),
            &path("date"),
            "must be in the year, or in the month before or after it",
        ),
        unless(
            before.iter().all(|other| other.date != day.date),
            &path("date"),
            "must be named once",
        ),
        unless(
            day.kind == DayKind::Holiday || weekend,
            &path("kind"),
            "must be a holiday: only a Saturday or Sunday is made a workday",
        ),
        InvalidField::unless_text(&day.name, NAME_CHARS_MAX, &path("name")),
    ]
}
