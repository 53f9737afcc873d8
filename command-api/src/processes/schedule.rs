//! The soonest timers, in memory; the table has them all.
//!
//! Below the horizon memory is complete; from it on, only the table knows. The horizon sinks when memory is full
//! and rises when timers are read again.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan};

use super::store::Timer;

/// A bounded view of the table of timers.
pub struct Schedule {
    soonest: BTreeSet<Timer>,
    /// Every timer due before it is in `soonest`.
    horizon: Timestamp,
    max: usize,
}

impl Schedule {
    /// A schedule that reads up to `max` timers at a time and keeps up to twice as many. It knows nothing yet.
    pub fn new(max: usize) -> Self {
        Self {
            soonest: BTreeSet::new(),
            horizon: Timestamp::MIN,
            max,
        }
    }

    /// How many timers it wants to read when it is short of them.
    pub fn short_of(&self) -> Option<usize> {
        let short = self.soonest.is_empty() && self.horizon < Timestamp::MAX;
        short.then_some(self.max)
    }

    /// Takes what was read: the soonest of the table, complete to the last one's instant.
    pub fn fill(&mut self, soonest: Vec<Timer>) {
        self.horizon = match soonest.last() {
            Some(last) if soonest.len() >= self.max => just_after(last.due),
            _ => Timestamp::MAX,
        };
        self.soonest = soonest.into_iter().collect();
    }

    /// A timer was stored.
    pub fn set(&mut self, timer: Timer) {
        if timer.due >= self.horizon {
            return;
        }
        self.soonest.insert(timer);
        if self.soonest.len() > 2 * self.max {
            self.forget_latest();
        }
    }

    /// A timer was removed from the table.
    pub fn clear(&mut self, timer: &Timer) {
        self.soonest.remove(timer);
    }

    /// When the next timer is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.soonest.first().map(|timer| timer.due)
    }

    /// Takes out the timers that are due at `now`, soonest first, at most `max`.
    pub fn take_due(&mut self, now: Timestamp, max: usize) -> Vec<Timer> {
        let mut due = Vec::new();
        while due.len() < max
            && self.next_due().is_some_and(|next| next <= now)
            && let Some(timer) = self.soonest.pop_first()
        {
            due.push(timer);
        }
        due
    }

    fn forget_latest(&mut self) {
        while self.soonest.len() > self.max
            && let Some(latest) = self.soonest.pop_last()
        {
            self.horizon = latest.due;
        }
        // Those due at the horizon itself were forgotten in part: forget them all.
        while self.soonest.last().is_some_and(|last| last.due >= self.horizon) {
            self.soonest.pop_last();
        }
    }
}

fn just_after(at: Timestamp) -> Timestamp {
    at.saturating_add(1.microsecond()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::store::Key;
    use super::*;

    fn timer(due: i64, instance: u128) -> Timer {
        Timer {
            due: Timestamp::from_second(due).unwrap(),
            key: Key {
                process: "test",
                instance: Uuid::from_u128(instance),
            },
            name: "t".to_owned(),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// The table, as [`super::super::store::Store::soonest`] reads it.
    fn read(table: &BTreeSet<Timer>, limit: usize) -> Vec<Timer> {
        let last = table.iter().nth(limit - 1).map_or(Timestamp::MAX, |timer| timer.due);
        table.iter().take_while(|timer| timer.due <= last).cloned().collect()
    }

    #[test]
    fn every_timer_goes_off_once_in_order_whatever_fits_into_memory() {
        let mut table: BTreeSet<_> = (0..100).map(|n| timer(i64::from(n * 37 % 50), n as u128)).collect();
        let mut schedule = Schedule::new(4);
        let mut fired = Vec::new();
        let mut added = 200;
        for now in 0..60 {
            loop {
                if let Some(limit) = schedule.short_of() {
                    schedule.fill(read(&table, limit));
                }
                let due = schedule.take_due(at(now), 3);
                if due.is_empty() {
                    break;
                }
                for timer in due {
                    assert!(table.remove(&timer), "{timer:?} is not in the table");
                    fired.push(timer);
                }
            }
            // One timer soon, one late, one that is cleared at once.
            for (due, clear) in [(now + 1, false), (now + 20, false), (now + 2, true)] {
                added += 1;
                let new = timer(due, added);
                table.insert(new.clone());
                schedule.set(new.clone());
                if clear {
                    table.remove(&new);
                    schedule.clear(&new);
                }
            }
            assert!(schedule.soonest.len() <= 60);
        }
        assert!(table.iter().all(|timer| timer.due >= at(59)), "{table:?}");
        assert!(fired.is_sorted_by_key(|timer| timer.due));
        assert!(fired.len() > 180);
    }

    #[test]
    fn memory_stays_bounded() {
        let mut schedule = Schedule::new(10);
        schedule.fill(Vec::new());
        for n in 0..1_000 {
            schedule.set(timer(i64::from(n), n as u128));
            assert!(schedule.soonest.len() <= 20);
        }
        assert_eq!(schedule.next_due(), Some(at(0)));
        assert_eq!(schedule.short_of(), None);
    }
}
