//! Hours of some days, by the clock on the hall's wall.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::calendar::DayKind;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Some hours of some days, in the hall's local time. A day counts if its weekday is named, or if it is special in a way that is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Hours {
    /// The weekdays on which they begin.
    pub weekdays: Vec<Weekday>,
    /// The kinds of special days on which they begin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub day_kinds: Vec<DayKind>,
    /// First minute after local midnight, 0–1439.
    pub from_minute: u16,
    /// Minute after local midnight at which they end, 1–1440; at or below `from_minute` they run across midnight.
    pub to_minute: u16,
}

/// Special days, as a session keeps them.
pub type Days = BTreeMap<Date, DayKind>;

impl Hours {
    /// The day on which the hours begin that cover a minute of `today`, if any do. What is after midnight belongs to the day before.
    pub(super) fn begun_on(&self, days: &Days, today: i64, minute: i128) -> Option<i64> {
        let (from, to) = (i128::from(self.from_minute), i128::from(self.to_minute));
        let yesterday = today - 1;
        if from < to {
            (minute >= from && minute < to && self.begin_on(days, today)).then_some(today)
        } else if minute >= from && self.begin_on(days, today) {
            Some(today)
        } else {
            (minute < to && self.begin_on(days, yesterday)).then_some(yesterday)
        }
    }

    /// When the hours end that cover `at`, if any do. A wall clock that skips the end shows it as late as it can.
    pub fn end_after(&self, days: &Days, zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
        let local = at.to_zoned(zone.clone());
        let minute = i128::from(local.hour()) * 60 + i128::from(local.minute());
        let begun = self.begun_on(days, epoch_day(local.date()), minute)?;
        let last = if self.from_minute < self.to_minute {
            begun
        } else {
            begun + 1
        };
        let (last, minutes) = match self.to_minute {
            1440 => (last + 1, 0),
            minutes => (last, minutes),
        };
        let clock = civil_date(last)?.at(i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?, 0, 0);
        let end = zone.to_ambiguous_timestamp(clock).compatible().ok()?;
        // Where the clock goes back, the minute may come a second time.
        Some(if end > at {
            end
        } else {
            zone.to_ambiguous_timestamp(clock).later().ok()?
        })
    }

    fn begin_on(&self, days: &Days, day: i64) -> bool {
        let special = || days.get(&civil_date(day)?);
        self.weekdays.iter().any(|weekday| index(*weekday) == weekday_of(day))
            || (!self.day_kinds.is_empty()
                && !days.is_empty()
                && special().is_some_and(|kind| self.day_kinds.contains(kind)))
    }
}

/// Days since 1970-01-01.
pub(super) fn epoch_day(date: Date) -> i64 {
    date.duration_since(Date::constant(1970, 1, 1)).as_secs() / 86_400
}

fn civil_date(day: i64) -> Option<Date> {
    Date::constant(1970, 1, 1)
        .checked_add(jiff::Span::new().try_days(day).ok()?)
        .ok()
}

/// Monday is 0. Day 0 of the epoch was a Thursday.
fn weekday_of(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

const fn index(weekday: Weekday) -> i64 {
    match weekday {
        Weekday::Monday => 0,
        Weekday::Tuesday => 1,
        Weekday::Wednesday => 2,
        Weekday::Thursday => 3,
        Weekday::Friday => 4,
        Weekday::Saturday => 5,
        Weekday::Sunday => 6,
    }
}
