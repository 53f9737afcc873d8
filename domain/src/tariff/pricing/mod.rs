//! From prices and stretches of time to money.
//!
//! A session is a row of stretches: a pause is the gap between two, a change of tables begins another, perhaps by another tariff. Played time
//! is counted through all of them and billed in whole steps. A step that has begun is billed whole, by the tariff and from the instant at
//! which it began, as if it were played through; what is left of it after a pause or at the next table is not billed again. The
//! minutes of a step are shared out over the bands by the hall's clock: each belongs to the band in force when it begins. Every run of
//! minutes in one band is a line, rounded once, half-up.
//!
//! Within one night time costs at most the overnight price. Then each tariff's cap holds for all that was played by it, the highest of the tariffs' minimums for the session. The level's discount is
//! taken off what play costs by then, in a line of its own. Goods are added as they are.
//!
//! **Invariant:** the price depends only on the tariffs, the zone and where the steps begin, and never falls as time grows. (Billing
//! the unplayed rest of a step at the price of the *real* end would break that: with a step of 60 minutes and a cheap band about to
//! begin, playing longer would cost less.) So what a hold covers can be told in advance, and a quote is what the bill will say.

mod course;
mod meter;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::money::Fen;
use crate::session::{Bill, BillLine, GoodsLine};

use super::{Discount, PinnedTariff, Tariff};
pub use course::{Course, Quote, minutes_between};
use meter::Meter;

/// A session lasts at most 24 hours; nothing is sold or secured beyond.
pub const PLAY_MINUTES_MAX: u32 = 1440;

/// Uninterrupted time at one table by one version of a tariff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch<'a> {
    /// The prices.
    pub prices: &'a PinnedTariff,
    /// From, inclusive.
    pub from: Timestamp,
    /// To, exclusive; no time at all unless it is after `from`.
    pub to: Timestamp,
}

/// The bill for play over `stretches`, in the order in which they were played, paid afterwards. Time costs nothing within the grace of the first tariff.
pub fn bill(zone: &TimeZone, stretches: &[Stretch<'_>], discount: Option<&Discount>, goods: &[GoodsLine]) -> Bill {
    let mut meter = Meter::new(zone);
    if !within_grace(stretches) {
        for stretch in stretches {
            meter.play(stretch);
        }
    }
    finish(meter.lines(), discount, goods)
}

/// Whether the whole of `stretches` is so short that play costs nothing.
pub fn within_grace(stretches: &[Stretch<'_>]) -> bool {
    let Some(first) = stretches.first() else {
        return true;
    };
    let played: i128 = stretches.iter().map(played).sum();
    played <= i128::from(first.prices.tariff.grace_seconds) * 1_000_000_000
}

/// `minutes` rounded up to whole steps: what a purchase of `minutes` gives, as it is what it costs.
pub fn whole_steps(tariff: &Tariff, minutes: u32) -> u32 {
    let step = step_minutes(tariff);
    minutes.div_ceil(step).saturating_mul(step)
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

/// Puts the discount and the goods behind the lines of play.
fn finish(mut lines: Vec<BillLine>, discount: Option<&Discount>, goods: &[GoodsLine]) -> Bill {
    let play: Fen = lines.iter().map(BillLine::amount).sum();
    lines.extend(discount.and_then(|discount| discount_line(discount, play)));
    lines.extend(goods.iter().cloned().map(BillLine::Goods));
    Bill {
        total: lines.iter().map(BillLine::amount).sum(),
        lines,
    }
}

/// The discount on what play costs, if there is any.
pub fn discount_line(discount: &Discount, play: Fen) -> Option<BillLine> {
    let amount = -discount.off(play);
    (amount != Fen::ZERO).then(|| BillLine::Discount {
        level: discount.level.clone(),
        rate: discount.rate,
        amount,
    })
}

/// Nanoseconds of a stretch.
fn played(stretch: &Stretch<'_>) -> i128 {
    (stretch.to.as_nanosecond() - stretch.from.as_nanosecond()).max(0)
}

/// The step, which validation keeps above 0; so does this for streams that were written otherwise.
fn step_minutes(tariff: &Tariff) -> u32 {
    tariff.step_minutes.max(1)
}
