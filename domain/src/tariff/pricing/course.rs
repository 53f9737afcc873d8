//! A session as it goes on: what more time costs, and how far an amount reaches.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::money::Fen;
use crate::session::{Bill, GoodsLine};
use crate::tariff::{Discount, PinnedTariff};

use super::meter::{MINUTE, Meter};
use super::{PLAY_MINUTES_MAX, Stretch, bill, finish, minutes_after, step_minutes, whole_steps};

/// What was played so far, and by which prices play goes on from when.
#[derive(Clone, Copy, Debug)]
pub struct Course<'a> {
    /// The hall's time zone.
    pub zone: &'a TimeZone,
    /// The stretches that are over, in order.
    pub past: &'a [Stretch<'a>],
    /// The prices of the stretch that is being played, or begins.
    pub prices: &'a PinnedTariff,
    /// When it began, or begins.
    pub from: Timestamp,
    /// What the person's level takes off.
    pub discount: Option<&'a Discount>,
    /// What was put on the bill besides play.
    pub goods: &'a [GoodsLine],
}

/// What something will cost, before anything is committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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

impl<'a> Course<'a> {
    /// The bill if play ends at `to`, paid afterwards: see [`bill`].
    pub fn bill(&self, to: Timestamp) -> Bill {
        let mut stretches = self.past.to_vec();
        stretches.push(self.stretch(to));
        bill(self.zone, &stretches, self.discount, self.goods)
    }

    /// What the session costs if `minutes` of the present stretch are bought beforehand: whole steps, minimum and cap as always, no grace.
    /// The lines tell how it comes about.
    pub fn prepaid(&self, minutes: u32) -> Bill {
        self.secured(minutes_after(self.from, minutes))
    }

    /// What must be secured so that play may go on to `to`: its bill, as if there were no grace.
    pub fn secured(&self, to: Timestamp) -> Bill {
        let mut meter = self.metered();
        meter.play(&self.stretch(to));
        finish(meter.lines(), self.discount, self.goods)
    }

    /// Until when `amount` covers play: the last instant whose bill is not above it, at most as far as [`Self::reach_max`].
    pub fn covered_until(&self, amount: Fen) -> Timestamp {
        let mut meter = self.metered();
        let (begun, step) = (meter.billed, self.step());
        let first = meter.next_minute(self.from);
        let steps = PLAY_MINUTES_MAX.saturating_sub(begun) / step;
        meter.bill(self.prices, first, steps * step);
        let goods: Fen = self.goods.iter().map(GoodsLine::amount).sum();
        let affordable = |steps: u32| {
            let play = meter.price_of_first(begun + steps * step);
            let off = self.discount.map_or(Fen::ZERO, |discount| discount.off(play));
            play - off + goods <= amount
        };
        if !affordable(0) {
            return self.free_until();
        }
        // The price never falls, so the first step that is too dear can be searched for.
        let (mut covered, mut too_dear) = (0, steps + 1);
        while covered + 1 < too_dear {
            let middle = covered.midpoint(too_dear);
            if affordable(middle) {
                covered = middle;
            } else {
                too_dear = middle;
            }
        }
        minutes_after(first, covered * step).max(self.free_until())
    }

    /// The latest instant that play may be secured to: whole steps within [`PLAY_MINUTES_MAX`] of play.
    pub fn reach_max(&self) -> Timestamp {
        let meter = self.metered();
        let steps = PLAY_MINUTES_MAX.saturating_sub(meter.billed) / self.step();
        minutes_after(meter.next_minute(self.from), steps * self.step())
    }

    /// Quotes `minutes` of play, with a hold for `hold_minutes`.
    pub fn quote(&self, minutes: u32, hold_minutes: u32) -> Quote {
        Quote {
            minutes: whole_steps(&self.prices.tariff, minutes),
            prepaid: self.prepaid(minutes),
            postpaid: self.bill(minutes_after(self.from, minutes)),
            hold: self.prepaid(hold_minutes).total,
        }
    }

    /// Until when play is free, if it ends by then.
    fn free_until(&self) -> Timestamp {
        let grace = self
            .past
            .first()
            .map_or(self.prices, |first| first.prices)
            .tariff
            .grace_seconds;
        let left = i128::from(grace) * 1_000_000_000 - self.metered().played;
        Timestamp::from_nanosecond(self.from.as_nanosecond() + left.max(0)).unwrap_or(Timestamp::MAX)
    }

    fn stretch(&self, to: Timestamp) -> Stretch<'a> {
        Stretch {
            prices: self.prices,
            from: self.from,
            to,
        }
    }

    fn metered(&self) -> Meter<'a> {
        let mut meter = Meter::new(self.zone);
        for stretch in self.past {
            meter.play(stretch);
        }
        meter
    }

    fn step(&self) -> u32 {
        step_minutes(&self.prices.tariff)
    }
}

/// Whole minutes from `from` to `to`, a part counted whole.
pub fn minutes_between(from: Timestamp, to: Timestamp) -> u32 {
    let nanoseconds = (to.as_nanosecond() - from.as_nanosecond()).max(0);
    u32::try_from((nanoseconds + MINUTE - 1) / MINUTE).unwrap_or(u32::MAX)
}
