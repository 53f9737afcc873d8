//! Counts the minutes of a session, in whole steps, and knows what the first so many of them cost.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::money::Fen;
use crate::session::BillLine;
use crate::tariff::schedule::{Rate, spans};
use crate::tariff::{PinnedTariff, Tariff};

use super::{Stretch, minutes_after, played, step_minutes};

pub(super) const MINUTE: i128 = 60_000_000_000;

/// Billed minutes, one after the other, and the time played that they are billed for.
pub(super) struct Meter<'a> {
    zone: &'a TimeZone,
    /// Each tariff once, in the order in which they come.
    tariffs: Vec<&'a PinnedTariff>,
    runs: Vec<Run>,
    /// Minutes in `runs`.
    pub billed: u32,
    /// Nanoseconds played.
    pub played: i128,
}

/// Minutes at one price.
struct Run {
    /// Index in `tariffs`.
    tariff: usize,
    /// What is in force.
    rate: Rate,
    from: Timestamp,
    minutes: u32,
}

impl<'a> Meter<'a> {
    pub fn new(zone: &'a TimeZone) -> Self {
        Self {
            zone,
            tariffs: Vec::new(),
            runs: Vec::new(),
            billed: 0,
            played: 0,
        }
    }

    /// Bills what of a stretch is not billed yet.
    pub fn play(&mut self, stretch: &Stretch<'a>) {
        let from = self.next_minute(stretch.from);
        self.played += played(stretch);
        let unbilled = self.played - i128::from(self.billed) * MINUTE;
        if unbilled <= 0 {
            return;
        }
        let step = step_minutes(&stretch.prices.tariff);
        let length = i128::from(step) * MINUTE;
        let steps = u32::try_from((unbilled + length - 1) / length).unwrap_or(u32::MAX);
        self.bill(stretch.prices, from, steps.saturating_mul(step));
    }

    /// Bills `minutes`, the first of which begins at `from`.
    pub fn bill(&mut self, prices: &'a PinnedTariff, from: Timestamp, minutes: u32) {
        if minutes == 0 {
            return;
        }
        let same = |known: &&PinnedTariff| known.plan_id == prices.plan_id && known.version == prices.version;
        let tariff = self.tariffs.iter().position(same).unwrap_or_else(|| {
            self.tariffs.push(prices);
            self.tariffs.len() - 1
        });
        self.runs
            .extend(spans(prices, self.zone, from, minutes).into_iter().map(|span| Run {
                tariff,
                rate: span.rate,
                from: minutes_after(from, span.from_minute),
                minutes: span.to_minute - span.from_minute,
            }));
        self.billed = self.billed.saturating_add(minutes);
    }

    /// The first instant of a stretch that begins at `from` which no step covers yet.
    pub fn next_minute(&self, from: Timestamp) -> Timestamp {
        let covered = (i128::from(self.billed) * MINUTE - self.played).max(0);
        Timestamp::from_nanosecond(from.as_nanosecond().saturating_add(covered)).unwrap_or(Timestamp::MAX)
    }

    /// What all minutes cost, line by line.
    pub fn lines(&self) -> Vec<BillLine> {
        let mut lines: Vec<BillLine> = self.runs.iter().map(|run| self.line(run)).collect();
        let (capped, reductions) = self.capped(self.billed);
        lines.extend(reductions);
        let minimum = self.minimum(self.billed);
        if minimum > capped {
            lines.push(BillLine::MinimumCharge {
                amount: minimum - capped,
            });
        }
        lines
    }

    /// What the first `minutes` cost: the sum of their lines.
    pub fn price_of_first(&self, minutes: u32) -> Fen {
        let (capped, _) = self.capped(minutes);
        capped.max(self.minimum(minutes))
    }

    /// What the first `minutes` cost within the prices of nights and the caps, and the lines that take off what is above.
    fn capped(&self, minutes: u32) -> (Fen, Vec<BillLine>) {
        let mut sums = vec![Fen::ZERO; self.tariffs.len()];
        let mut nights: BTreeMap<(usize, usize, i64), Fen> = BTreeMap::new();
        for (run, minutes) in self.first(minutes) {
            let amount = amount(self.named_price(run).1, minutes);
            sums[run.tariff] += amount;
            if let Some((overnight, day)) = run.rate.night {
                *nights.entry((run.tariff, overnight, day)).or_default() += amount;
            }
        }
        let mut reductions = Vec::new();
        for ((tariff, overnight, _), sum) in nights {
            let overnight = &self.tariffs[tariff].tariff.overnights[overnight];
            if sum > overnight.price {
                let amount = overnight.price - sum;
                sums[tariff] += amount;
                reductions.push(BillLine::Overnight {
                    name: overnight.name.clone(),
                    amount,
                });
            }
        }
        for (tariff, sum) in self.tariffs.iter().zip(&mut sums) {
            if let Some(cap) = tariff.tariff.cap.filter(|cap| *sum > *cap) {
                reductions.push(BillLine::Cap { amount: cap - *sum });
                *sum = cap;
            }
        }
        (sums.into_iter().sum(), reductions)
    }

    /// The highest minimum of the tariffs that the first `minutes` were played by.
    fn minimum(&self, minutes: u32) -> Fen {
        self.first(minutes)
            .map(|(run, _)| self.tariff(run).minimum)
            .max()
            .unwrap_or_default()
    }

    /// The runs of the first `minutes`, and how many of their minutes belong to them.
    fn first(&self, minutes: u32) -> impl Iterator<Item = (&Run, u32)> {
        let mut left = minutes;
        self.runs.iter().map_while(move |run| {
            let taken = run.minutes.min(left);
            left -= taken;
            (taken > 0).then_some((run, taken))
        })
    }

    fn line(&self, run: &Run) -> BillLine {
        let (name, price_per_hour) = self.named_price(run);
        BillLine::Time {
            band: name.to_owned(),
            from: run.from,
            to: minutes_after(run.from, run.minutes),
            minutes: run.minutes,
            price_per_hour,
            amount: amount(price_per_hour, run.minutes),
        }
    }

    fn named_price(&self, run: &Run) -> (&str, Fen) {
        let tariff = self.tariff(run);
        run.rate
            .band
            .and_then(|index| tariff.bands.get(index))
            .map_or((tariff.name.as_str(), tariff.price_per_hour), |band| {
                (band.name.as_str(), band.price_per_hour)
            })
    }

    fn tariff(&self, run: &Run) -> &Tariff {
        &self.tariffs[run.tariff].tariff
    }
}

/// `price_per_hour · minutes / 60`, rounded half-up, exact: no fraction is ever held in between.
fn amount(price_per_hour: Fen, minutes: u32) -> Fen {
    let doubled = price_per_hour.0.saturating_mul(i64::from(minutes)).saturating_mul(2);
    Fen(doubled.saturating_add(60).div_euclid(120))
}
