//! When to try again.

use std::time::Duration;

/// The second attempt, after the first.
pub const SECOND_AFTER: Duration = Duration::from_millis(500);
/// The third attempt, after the first.
pub const THIRD_AFTER: Duration = Duration::from_millis(1_100);
/// Not confirmed by then is late.
pub const LATE_AFTER: Duration = Duration::from_millis(1_800);
/// Nothing heard by then is unreachable.
pub const UNREACHABLE_AFTER: Duration = Duration::from_secs(10);
/// The first pause after the third attempt; each following one is twice as long.
pub const PAUSE_MIN: Duration = Duration::from_secs(2);
/// The longest pause, before jitter.
pub const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Pauses vary by as much, so that many devices do not act in step.
pub const JITTER_PERCENT: u64 = 20;

/// How long to wait after attempt `made` (from 1) before the next. `seed` decides the jitter.
pub fn pause_after(made: u32, seed: u64) -> Duration {
    match made {
        0 => Duration::ZERO,
        1 => SECOND_AFTER,
        2 => THIRD_AFTER.saturating_sub(SECOND_AFTER),
        more => {
            let doublings = (more - 3).min(16);
            let pause = PAUSE_MIN.saturating_mul(1 << doublings).min(PAUSE_MAX);
            jittered(pause, mix(seed ^ u64::from(more)))
        }
    }
}

/// `pause` ± 20 %, evenly.
fn jittered(pause: Duration, random: u64) -> Duration {
    let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    let span = millis * 2 * JITTER_PERCENT / 100;
    let low = millis - span / 2;
    Duration::from_millis(low + random % (span + 1))
}

/// SplitMix64's finalizer: well spread bits from counting seeds.
pub fn mix(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn attempts_come_at_0_half_a_second_and_1_1_seconds() {
        assert_eq!(pause_after(1, 9), Duration::from_millis(500));
        assert_eq!(pause_after(2, 9), Duration::from_millis(600));
    }

    proptest! {
        #[test]
        fn later_pauses_double_from_2_to_60_seconds_within_20_percent(made in 3u32..1_000, seed in any::<u64>()) {
            let nominal = 2_000u128.saturating_mul(1 << (made - 3).min(20)).min(60_000);
            let pause = pause_after(made, seed).as_millis();
            prop_assert!(pause >= nominal * 80 / 100 && pause <= nominal * 120 / 100, "{pause} for {nominal}");
        }
    }

    #[test]
    fn jitter_spreads_devices_over_the_whole_span() {
        let pauses: Vec<_> = (0..1_000).map(|seed| pause_after(20, mix(seed)).as_millis()).collect();
        assert!(pauses.iter().any(|pause| *pause < 50_000) && pauses.iter().any(|pause| *pause > 70_000));
    }
}
