//! Which band is in force when, by the clock on the hall's wall.
//!
//! Where the zone's offset changes, the wall clock jumps and so does the band: an hour that the clock skips is never billed, an hour that
//! it shows twice is billed twice, each time by what the clock shows.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Band, Tariff, Weekday};

const SECOND: i128 = 1_000_000_000;
const MINUTE: i128 = 60 * SECOND;
const DAY: i128 = 1440 * MINUTE;

/// A run of whole minutes at one price. A minute belongs to the band in force when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Index of the band; none outside all bands.
    pub band: Option<usize>,
    /// First minute, counted from 0.
    pub from_minute: u32,
    /// Minute after the last.
    pub to_minute: u32,
}

/// Shares `minutes` that begin at `from` out over the bands. Neighbours differ in their band.
pub(super) fn spans(tariff: &Tariff, zone: &TimeZone, from: Timestamp, minutes: u32) -> Vec<Span> {
    if minutes == 0 {
        return Vec::new();
    }
    if tariff.bands.is_empty() {
        return vec![Span {
            band: None,
            from_minute: 0,
            to_minute: minutes,
        }];
    }
    let mut spans: Vec<Span> = Vec::with_capacity(4);
    let mut clock = WallClock::new(zone, from);
    let mut minute = 0;
    while minute < minutes {
        let begins = from.as_nanosecond() + i128::from(minute) * MINUTE;
        let (band, until) = clock.band_at(&tariff.bands, begins);
        let next = ceil_div(until - from.as_nanosecond(), MINUTE).clamp(i128::from(minute) + 1, i128::from(minutes));
        let next = u32::try_from(next).unwrap_or(minutes);
        match spans.last_mut() {
            Some(last) if last.band == band => last.to_minute = next,
            _ => spans.push(Span {
                band,
                from_minute: minute,
                to_minute: next,
            }),
        }
        minute = next;
    }
    spans
}

/// The zone's offset around an instant that only moves forward.
struct WallClock<'a> {
    zone: &'a TimeZone,
    /// Nanoseconds to add to UTC.
    offset: i128,
    /// From when on `offset` no longer holds.
    changes_at: i128,
}

impl<'a> WallClock<'a> {
    fn new(zone: &'a TimeZone, at: Timestamp) -> Self {
        let mut clock = Self {
            zone,
            offset: 0,
            changes_at: i128::MIN,
        };
        clock.set(at);
        clock
    }

    fn set(&mut self, at: Timestamp) {
        self.offset = i128::from(self.zone.to_offset(at).seconds()) * SECOND;
        self.changes_at = self
            .zone
            .following(at)
            .next()
            .map_or(i128::MAX, |transition| transition.timestamp().as_nanosecond());
    }

    /// The band in force at `at`, and until when it is so at least.
    fn band_at(&mut self, bands: &[Band], at: i128) -> (Option<usize>, i128) {
        if at >= self.changes_at {
            self.set(Timestamp::from_nanosecond(at).unwrap_or(Timestamp::MAX));
        }
        let local = at + self.offset;
        let day = local.div_euclid(DAY);
        let minute = local.rem_euclid(DAY) / MINUTE;
        let band = bands.iter().position(|band| covers(band, weekday(day), minute));
        let boundary = bands
            .iter()
            .flat_map(|band| [i128::from(band.from_minute), i128::from(band.to_minute)])
            .filter(|boundary| *boundary > minute)
            .min()
            .unwrap_or(1440)
            .min(1440);
        let until = day * DAY + boundary * MINUTE - self.offset;
        (band, until.min(self.changes_at))
    }
}

/// Whether a band covers a minute of a day. The part after midnight belongs to the weekday on which the band begins.
fn covers(band: &Band, today: usize, minute: i128) -> bool {
    let (from, to) = (i128::from(band.from_minute), i128::from(band.to_minute));
    let begins_on = |day: usize| band.weekdays.iter().any(|weekday| index(*weekday) == day);
    if from < to {
        minute >= from && minute < to && begins_on(today)
    } else {
        (minute >= from && begins_on(today)) || (minute < to && begins_on((today + 6) % 7))
    }
}

/// Monday is 0. Day 0 of the epoch was a Thursday.
fn weekday(day: i128) -> usize {
    usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

const fn index(weekday: Weekday) -> usize {
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

const fn ceil_div(dividend: i128, divisor: i128) -> i128 {
    -(-dividend).div_euclid(divisor)
}
