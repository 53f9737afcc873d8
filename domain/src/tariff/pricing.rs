//! From a tariff and a span of time to money.
//!
//! A session is billed in whole steps from its start; a part step is billed whole, as if it had been played to its end. The billed minutes
//! are shared out over the bands by the hall's clock, minute by minute: each belongs to the band in force when it begins. Every run of
//! minutes in one band is a line, rounded once, half-up. Then the minimum or the cap adjusts the sum.
//!
//! **Invariant:** the price depends only on the tariff, the zone, the start and the number of steps, and never falls as time grows. (Billing
//! the unplayed rest of a step at the price of the *real* end would break that: with a step of 60 minutes and a cheap band about to
//! begin, playing longer would cost less.) So what a hold covers can be told in advance, and a quote is what the bill will say.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::money::Fen;
use crate::session::{Bill, BillLine};

use super::Tariff;
use super::schedule::{Stretch, stretches};

/// A session lasts at most 24 hours; nothing is sold or secured beyond.
pub const PLAY_MINUTES_MAX: u32 = 1440;

const MINUTE: i128 = 60_000_000_000;

/// The bill for play from `from` to `to`, paid afterwards. Nothing within the grace, and nothing for no time.
pub fn bill(tariff: &Tariff, zone: &TimeZone, from: Timestamp, to: Timestamp) -> Bill {
    let played = to.as_nanosecond() - from.as_nanosecond();
    if played <= 0 || within_grace(tariff, from, to) {
        return Bill::default();
    }
    let step = i128::from(step_minutes(tariff)) * MINUTE;
    let steps = u32::try_from((played + step - 1) / step).unwrap_or(u32::MAX);
    price(tariff, zone, from, steps.saturating_mul(step_minutes(tariff)))
}

/// The price of `minutes` bought beforehand, from `from` on: whole steps, minimum and cap as always, no grace. The lines tell how it comes about.
pub fn price_prepaid(tariff: &Tariff, zone: &TimeZone, from: Timestamp, minutes: u32) -> Bill {
    price(tariff, zone, from, whole_steps(tariff, minutes))
}

/// `minutes` rounded up to whole steps: what a purchase of `minutes` gives, as it is what it costs.
pub fn whole_steps(tariff: &Tariff, minutes: u32) -> u32 {
    let step = step_minutes(tariff);
    minutes.div_ceil(step).saturating_mul(step)
}

/// Whether play that began at `from` and ends at `to` costs nothing because it was so short.
pub fn within_grace(tariff: &Tariff, from: Timestamp, to: Timestamp) -> bool {
    let played = to.as_nanosecond() - from.as_nanosecond();
    tariff.grace_seconds > 0 && played <= i128::from(tariff.grace_seconds) * 1_000_000_000
}

/// Until when `amount` covers play from `from` on: the last instant whose bill is not above it, at most [`PLAY_MINUTES_MAX`] away.
pub fn covered_until(tariff: &Tariff, zone: &TimeZone, from: Timestamp, amount: Fen) -> Timestamp {
    let step = step_minutes(tariff);
    let horizon = longest(tariff);
    let stretches = stretches(tariff, zone, from, horizon);
    let affordable = |steps: u32| total(tariff, &stretches, steps * step) <= amount;
    // The price never falls, so the first step that is too dear can be searched for.
    let (mut covered, mut too_dear) = (0, horizon / step + 1);
    while covered + 1 < too_dear {
        let middle = covered.midpoint(too_dear);
        if affordable(middle) {
            covered = middle;
        } else {
            too_dear = middle;
        }
    }
    minutes_after(from, covered * step).max(seconds_after(from, tariff.grace_seconds))
}

/// The most minutes that a session may be secured for: whole steps within [`PLAY_MINUTES_MAX`].
pub fn longest(tariff: &Tariff) -> u32 {
    PLAY_MINUTES_MAX / step_minutes(tariff) * step_minutes(tariff)
}

/// What something will cost, before anything is committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The minutes asked for, in whole steps.
    pub minutes: u32,
    /// The price if bought beforehand.
    pub prepaid: Bill,
    /// The bill if paid afterwards and closed after the minutes asked for.
    pub postpaid: Bill,
    /// What is set aside at opening if paid afterwards.
    pub hold: Fen,
}

/// Quotes `minutes` of play from `from` on, with a hold for `hold_minutes`.
pub fn quote(tariff: &Tariff, zone: &TimeZone, from: Timestamp, minutes: u32, hold_minutes: u32) -> Quote {
    Quote {
        minutes: whole_steps(tariff, minutes),
        prepaid: price_prepaid(tariff, zone, from, minutes),
        postpaid: bill(tariff, zone, from, minutes_after(from, minutes)),
        hold: price_prepaid(tariff, zone, from, hold_minutes).total,
    }
}

/// `at` and so many minutes, saturating at the end of time.
pub fn minutes_after(at: Timestamp, minutes: u32) -> Timestamp {
    seconds_after(at, minutes.saturating_mul(60))
}

/// `at` and so many seconds, saturating at the end of time.
pub fn seconds_after(at: Timestamp, seconds: u32) -> Timestamp {
    at.saturating_add(std::time::Duration::from_secs(u64::from(seconds)))
        .unwrap_or(Timestamp::MAX)
}

/// Prices the first `minutes` of a session, already whole steps.
fn price(tariff: &Tariff, zone: &TimeZone, from: Timestamp, minutes: u32) -> Bill {
    let stretches = stretches(tariff, zone, from, minutes);
    let mut lines: Vec<BillLine> = stretches
        .iter()
        .map(|stretch| {
            let (name, price_per_hour) = named_price(tariff, stretch.band);
            let minutes = stretch.to_minute - stretch.from_minute;
            BillLine::Time {
                band: name.to_owned(),
                from: minutes_after(from, stretch.from_minute),
                to: minutes_after(from, stretch.to_minute),
                minutes,
                price_per_hour,
                amount: amount(price_per_hour, minutes),
            }
        })
        .collect();
    let sum: Fen = lines.iter().map(BillLine::amount).sum();
    let total = adjusted(tariff, sum, minutes);
    if total > sum {
        lines.push(BillLine::MinimumCharge { amount: total - sum });
    } else if total < sum {
        lines.push(BillLine::Cap { amount: total - sum });
    }
    Bill { lines, total }
}

/// The total of [`price`] for the first `minutes` of `stretches`, without the lines.
fn total(tariff: &Tariff, stretches: &[Stretch], minutes: u32) -> Fen {
    let sum = stretches
        .iter()
        .take_while(|stretch| stretch.from_minute < minutes)
        .map(|stretch| {
            let (_, price_per_hour) = named_price(tariff, stretch.band);
            amount(price_per_hour, stretch.to_minute.min(minutes) - stretch.from_minute)
        })
        .sum();
    adjusted(tariff, sum, minutes)
}

/// The minimum and the cap. Validation sees to it that the cap is not below the minimum.
fn adjusted(tariff: &Tariff, sum: Fen, minutes: u32) -> Fen {
    if minutes == 0 {
        return Fen::ZERO;
    }
    let raised = sum.max(tariff.minimum);
    tariff.cap.map_or(raised, |cap| raised.min(cap))
}

fn named_price(tariff: &Tariff, band: Option<usize>) -> (&str, Fen) {
    band.and_then(|index| tariff.bands.get(index))
        .map_or((tariff.name.as_str(), tariff.price_per_hour), |band| {
            (band.name.as_str(), band.price_per_hour)
        })
}

/// `price_per_hour · minutes / 60`, rounded half-up, exact: no fraction is ever held in between.
fn amount(price_per_hour: Fen, minutes: u32) -> Fen {
    let doubled = price_per_hour.0.saturating_mul(i64::from(minutes)).saturating_mul(2);
    Fen(doubled.saturating_add(60).div_euclid(120))
}

/// The step, which validation keeps above 0; so does this for streams that were written otherwise.
fn step_minutes(tariff: &Tariff) -> u32 {
    tariff.step_minutes.max(1)
}
