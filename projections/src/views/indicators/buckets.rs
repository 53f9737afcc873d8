//! Latencies that can be added up: how many fell into each of a fixed set of buckets.
//!
//! The boundaries are the same everywhere and for ever, so two sets are merged by adding, in any order. Below 32 ms a bucket
//! is one millisecond; above, each doubling is cut into 32 equal parts. A quantile is told as the middle of its bucket: it is
//! within 1/64 (1.6 %) of the latency that was there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Parts of each doubling.
const PARTS: u64 = 32;
const PARTS_BITS: u32 = PARTS.trailing_zeros();
/// Longer than a day is as bad as a day.
const LONGEST_MS: u64 = 86_400_000;

/// Latencies in milliseconds: bucket number to how many.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Buckets(BTreeMap<u16, u64>);

impl Buckets {
    /// Counts one more.
    pub fn add(&mut self, latency_ms: u64) {
        *self.0.entry(bucket(latency_ms)).or_default() += 1;
    }

    /// Adds all of another set.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.0 {
            *self.0.entry(*bucket).or_default() += count;
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The latency that `percent` of all do not exceed (nearest rank), in milliseconds; `None` if there are none.
    pub fn quantile_ms(&self, percent: u64) -> Option<u64> {
        let rank = (self.count() * percent.min(100)).div_ceil(100).max(1);
        let mut seen = 0;
        let found = self.0.iter().find(|(_, count)| {
            seen += *count;
            seen >= rank
        });
        found.map(|(bucket, _)| middle_ms(*bucket))
    }
}

fn bucket(latency_ms: u64) -> u16 {
    let latency = latency_ms.min(LONGEST_MS);
    if latency < PARTS {
        return latency as u16;
    }
    // At least PARTS_BITS, since latency ≥ PARTS.
    let doubling = latency.ilog2() - PARTS_BITS;
    let part = (latency >> doubling) - PARTS;
    ((u64::from(doubling) + 1) * PARTS + part) as u16
}

fn middle_ms(bucket: u16) -> u64 {
    let bucket = u64::from(bucket);
    if bucket < PARTS {
        return bucket;
    }
    let (doubling, part) = (bucket / PARTS - 1, bucket % PARTS);
    let width = 1_u64 << doubling.min(32);
    (PARTS + part) * width + width / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(latencies: impl IntoIterator<Item = u64>) -> Buckets {
        let mut buckets = Buckets::default();
        for latency in latencies {
            buckets.add(latency);
        }
        buckets
    }

    #[test]
    fn a_quantile_is_within_a_sixty_fourth_of_what_was_there() {
        for exact in (0..40_000).chain([86_399_999, 86_400_000]) {
            let told = of([exact]).quantile_ms(50).unwrap();
            assert!(told.abs_diff(exact) * 64 <= exact, "{exact} is told as {told}");
        }
    }

    #[test]
    fn half_of_them_and_one_in_a_hundred() {
        let buckets = of(1..=1_000);
        for (percent, exact) in [(50, 500), (99, 990), (100, 1_000)] {
            let told = buckets.quantile_ms(percent).unwrap();
            assert!(u64::abs_diff(told, exact) * 64 <= exact, "p{percent} is {told}");
        }
        assert_eq!(Buckets::default().quantile_ms(50), None);
        assert_eq!(of([7]).quantile_ms(99), Some(7));
    }

    #[test]
    fn sets_that_are_merged_are_as_one_in_any_order() {
        let (a, b) = (of([3, 90, 90, 5_000]), of([90, 31, 70_000_000]));
        let all = of([3, 90, 90, 5_000, 90, 31, 70_000_000]);
        let merged = |mut one: Buckets, other: &Buckets| {
            one.merge(other);
            one
        };
        assert_eq!(merged(a.clone(), &b), all);
        assert_eq!(merged(b, &a), all);
        assert_eq!(all.count(), 7);
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Buckets>(&text).unwrap(), all);
    }

    #[test]
    fn longer_than_a_day_is_a_day() {
        assert_eq!(of([u64::MAX]), of([LONGEST_MS]));
    }
}
