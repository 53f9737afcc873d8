//! Which band is in force when, by the clock on the hall's wall.
//!
//! Where the zone's offset changes, the wall clock jumps and so does the band: an hour that the clock skips is never billed, an hour that
//! it shows twice is billed twice, each time by what the clock shows.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Hours, PinnedTariff};

const SECOND: i128 = 1_000_000_000;
const MINUTE: i128 = 60 * SECOND;
const DAY: i128 = 1440 * MINUTE;

/// A run of whole minutes at one price. A minute belongs to the band in force when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// What its minutes cost.
    pub rate: Rate,
    /// First minute, counted from 0.
    pub from_minute: u32,
    /// Minute after the last.
    pub to_minute: u32,
}

/// What is in force at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rate {
    /// Index of the band; none outside all bands.
    pub band: Option<usize>,
    /// Index of the overnight price and the day on which its night begins; none outside all nights.
    pub night: Option<(usize, i64)>,
}

/// Shares `minutes` that begin at `from` out over the bands and nights. Neighbours differ in them.
pub(super) fn spans(prices: &PinnedTariff, zone: &TimeZone, from: Timestamp, minutes: u32) -> Vec<Span> {
    if minutes == 0 {
        return Vec::new();
    }
    let tariff = &prices.tariff;
    if tariff.bands.is_empty() && tariff.overnights.is_empty() {
        return vec![Span {
            rate: Rate::default(),
            from_minute: 0,
            to_minute: minutes,
        }];
    }
    let mut spans: Vec<Span> = Vec::with_capacity(4);
    let mut clock = WallClock::new(zone, from);
    let mut minute = 0;
    while minute < minutes {
        let begins = from.as_nanosecond() + i128::from(minute) * MINUTE;
        let (rate, until) = clock.rate_at(prices, begins);
        let next = ceil_div(until - from.as_nanosecond(), MINUTE).clamp(i128::from(minute) + 1, i128::from(minutes));
        let next = u32::try_from(next).unwrap_or(minutes);
        match spans.last_mut() {
            Some(last) if last.rate == rate => last.to_minute = next,
            _ => spans.push(Span {
                rate,
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

    /// What is in force at `at`, and until when it is so at least.
    fn rate_at(&mut self, prices: &PinnedTariff, at: i128) -> (Rate, i128) {
        if at >= self.changes_at {
            self.set(Timestamp::from_nanosecond(at).unwrap_or(Timestamp::MAX));
        }
        let local = at + self.offset;
        let day = local.div_euclid(DAY);
        let minute = local.rem_euclid(DAY) / MINUTE;
        let begun_on = |hours: &Hours| hours.begun_on(&prices.days, i64::try_from(day).unwrap_or(i64::MAX), minute);
        let tariff = &prices.tariff;
        let nights = tariff.overnights.iter().enumerate();
        let rate = Rate {
            band: tariff.bands.iter().position(|band| begun_on(&band.hours).is_some()),
            night: nights
                .filter_map(|(index, night)| Some((index, begun_on(&night.hours)?)))
                .next(),
        };
        let bands = tariff.bands.iter().map(|band| &band.hours);
        let boundary = bands
            .chain(tariff.overnights.iter().map(|night| &night.hours))
            .flat_map(|hours| [i128::from(hours.from_minute), i128::from(hours.to_minute)])
            .filter(|boundary| *boundary > minute)
            .min()
            .unwrap_or(1440)
            .min(1440);
        let until = day * DAY + boundary * MINUTE - self.offset;
        (rate, until.min(self.changes_at))
    }
}

const fn ceil_div(dividend: i128, divisor: i128) -> i128 {
    -(-dividend).div_euclid(divisor)
}
