//! When people come: an open arrival process whose rate follows the hour and the day of the week.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rand::Rng as _;
use rand::rngs::StdRng;

/// How busy each local hour of a day is, 0 to 23, where 1 is the mean of a weekday's evening from 18:00 to 23:00.
///
/// An assumption, not a measurement: no hall's hours are public. It says what halls tell of themselves. On weekdays people come after
/// work, with a low peak at lunch; on Fridays the night is long; weekends begin at noon and fill the afternoon; Sunday's evening ends
/// early. The hours after midnight belong to the night before: Saturday's are Friday's late guests.
struct Day([f64; 24]);

const WEEKDAY: Day = Day([
    0.3, 0.1, 0.05, 0.0, 0.0, 0.0, 0.0, 0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.5, 0.4, 0.4, 0.5, 0.7, 1.0, 1.2, 1.2, 1.0,
    0.6, 0.4,
]);
const FRIDAY: Day = Day([
    0.3, 0.1, 0.05, 0.0, 0.0, 0.0, 0.0, 0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.5, 0.5, 0.5, 0.6, 0.8, 1.0, 1.3, 1.5, 1.4,
    1.2, 0.9,
]);
const SATURDAY: Day = Day([
    0.6, 0.4, 0.2, 0.1, 0.0, 0.0, 0.0, 0.0, 0.05, 0.2, 0.4, 0.6, 0.9, 1.2, 1.3, 1.3, 1.3, 1.2, 1.2, 1.4, 1.5, 1.4, 1.2,
    0.9,
]);
const SUNDAY: Day = Day([
    0.6, 0.4, 0.2, 0.1, 0.0, 0.0, 0.0, 0.0, 0.05, 0.2, 0.4, 0.6, 0.9, 1.2, 1.3, 1.3, 1.2, 1.1, 1.0, 1.0, 0.9, 0.7, 0.5,
    0.3,
]);
/// The largest of all those figures.
const BUSIEST: f64 = 1.5;
/// No day is planned with more people than this.
const PEOPLE_MAX: usize = 10_000;

/// How busy the hall is at an instant.
fn busy(at: Timestamp, zone: &TimeZone) -> f64 {
    let local = at.to_zoned(zone.clone());
    let day = match local.weekday() {
        Weekday::Friday => FRIDAY,
        Weekday::Saturday => SATURDAY,
        Weekday::Sunday => SUNDAY,
        _ => WEEKDAY,
    };
    usize::try_from(local.hour()).map_or(0.0, |hour| day.0[hour])
}

/// Arrivals in order: a Poisson process of the busiest rate, thinned to each hour's own.
pub(super) fn arrivals(
    rng: &mut StdRng,
    from: Timestamp,
    to: Timestamp,
    per_hour: f64,
    zone: &TimeZone,
) -> Vec<Timestamp> {
    let rate_per_second = per_hour * BUSIEST / 3600.0;
    let mut found = Vec::new();
    if !(rate_per_second.is_finite() && rate_per_second > 0.0) {
        return found;
    }
    let mut at = from;
    while found.len() < PEOPLE_MAX {
        let gap = -(1.0 - rng.random::<f64>()).ln() / rate_per_second;
        let Ok(next) = at.checked_add(SignedDuration::from_secs_f64(gap.min(1e9))) else {
            break;
        };
        if next >= to {
            break;
        }
        at = next;
        if rng.random_bool((busy(at, zone) / BUSIEST).clamp(0.0, 1.0)) {
            found.push(at);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    /// Arrivals of an hour of local time, as the mean of many days.
    fn mean(day: &str, hour: i8) -> f64 {
        const DAYS: u64 = 400;
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let date: jiff::civil::Date = day.parse().unwrap();
        let from = date.at(hour, 0, 0, 0).to_zoned(zone.clone()).unwrap().timestamp();
        let to = from + SignedDuration::from_hours(1);
        let came = |seed| arrivals(&mut StdRng::seed_from_u64(seed), from, to, 12.0, &zone).len();
        (0..DAYS).map(came).sum::<usize>() as f64 / DAYS as f64
    }

    #[test]
    fn as_many_come_as_the_hour_of_the_day_of_the_week_says() {
        // Each expected figure is 12 times the table's; ± 0.9 is four deviations of the mean of 400 days and more.
        for (day, hour, expected) in [
            ("2026-11-18", 20, 14.4),
            ("2026-11-18", 4, 0.0),
            ("2026-11-20", 20, 18.0),
            ("2026-11-21", 14, 15.6),
            ("2026-11-18", 14, 4.8),
            ("2026-11-22", 23, 3.6),
            ("2026-11-20", 23, 10.8),
        ] {
            let found = mean(day, hour);
            assert!((found - expected).abs() < 0.9, "{day} {hour}: {found}, not {expected}");
        }
    }

    #[test]
    fn no_hour_is_busier_than_the_busiest() {
        for day in [WEEKDAY, FRIDAY, SATURDAY, SUNDAY] {
            assert!(day.0.iter().all(|busy| (0.0..=BUSIEST).contains(busy)));
        }
        assert_eq!(FRIDAY.0[20], BUSIEST, "or arrivals are thinned for nothing");
        let evening: f64 = WEEKDAY.0[18..23].iter().sum();
        assert!((evening / 5.0 - 1.0).abs() < 1e-9, "{evening}");
    }

    #[test]
    fn arrivals_are_in_order_and_within_the_hours() {
        let from: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let to = from + SignedDuration::from_hours(5);
        let found = arrivals(&mut StdRng::seed_from_u64(1), from, to, 12.0, &TimeZone::UTC);
        assert!(!found.is_empty() && found.is_sorted());
        assert!(found.iter().all(|at| (from..to).contains(at)));
        let nobody = arrivals(&mut StdRng::seed_from_u64(1), from, to, 0.0, &TimeZone::UTC);
        assert!(nobody.is_empty());
    }
}
