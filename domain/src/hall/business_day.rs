//! The business day: halls run overnight, so a day of takings ends in the morning.
//!
//! Business day `d` of a hall runs from the cut-off of the calendar day `d` to that of the next. Where clocks are set back over the
//! cut-off, the first of the two instants counts; where they are set forward over it, the first instant after. So every instant
//! belongs to exactly one business day, and business days follow each other without a gap, also when one has 23 or 25 hours.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// When business day `date` begins. `cutoff_minutes` counts from local midnight, 0–1439.
pub fn business_day_start(zone: &TimeZone, cutoff_minutes: u16, date: Date) -> Timestamp {
    let (hour, minute) = ((cutoff_minutes / 60) % 24, cutoff_minutes % 60);
    let time = Time::new(hour as i8, minute as i8, 0, 0).unwrap_or(Time::midnight());
    // Fails only at the ends of the calendar, thousands of years away.
    date.to_datetime(time)
        .to_zoned(zone.clone())
        .map_or(Timestamp::MAX, |start| start.timestamp())
}

/// The business day that an instant belongs to.
pub fn business_date(zone: &TimeZone, cutoff_minutes: u16, at: Timestamp) -> Date {
    let date = zone.to_datetime(at).date();
    let start = |date: Date| business_day_start(zone, cutoff_minutes, date);
    if at < start(date) {
        return date.yesterday().unwrap_or(date);
    }
    // Clocks set back across midnight show the old date again after the new day began.
    match date.tomorrow() {
        Ok(next) if at >= start(next) => next,
        _ => date,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hall::time_zone_or_utc;

    const SIX: u16 = 360;

    fn day(zone: &str, cutoff_minutes: u16, at: &str) -> String {
        let at: Timestamp = at.parse().expect("an instant");
        business_date(&time_zone_or_utc(zone), cutoff_minutes, at).to_string()
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_began() {
        for (local, date) in [
            ("2026-11-21T23:59:59+08:00", "2026-11-21"),
            ("2026-11-22T00:00:00+08:00", "2026-11-21"),
            ("2026-11-22T05:59:59.999999999+08:00", "2026-11-21"),
            ("2026-11-22T06:00:00+08:00", "2026-11-22"),
            ("2026-11-22T12:00:00+08:00", "2026-11-22"),
            ("2027-01-01T03:00:00+08:00", "2026-12-31"),
        ] {
            assert_eq!(day("Asia/Shanghai", SIX, local), date, "{local}");
        }
        assert_eq!(day("Asia/Shanghai", 0, "2026-11-22T00:00:00+08:00"), "2026-11-22");
        assert_eq!(day("Asia/Shanghai", 1439, "2026-11-22T23:58:59+08:00"), "2026-11-21");
    }

    #[test]
    fn the_cut_off_is_local_time_on_days_of_23_and_25_hours() {
        // Berlin 2026: forward on 29 March at 02:00, back on 25 October at 03:00.
        for (instant, date) in [
            ("2026-03-29T03:59:59Z", "2026-03-28"),
            ("2026-03-29T04:00:00Z", "2026-03-29"),
            ("2026-10-25T04:59:59Z", "2026-10-24"),
            ("2026-10-25T05:00:00Z", "2026-10-25"),
        ] {
            assert_eq!(day("Europe/Berlin", SIX, instant), date, "{instant}");
        }
    }

    #[test]
    fn a_cut_off_that_the_clocks_skip_or_repeat_happens_once() {
        let half_past_two = 150;
        for (instant, date) in [
            // 02:30 is skipped: the day begins at 03:30 summer time, which is where 02:30 would have been.
            ("2026-03-29T01:29:59Z", "2026-03-28"),
            ("2026-03-29T01:30:00Z", "2026-03-29"),
            // 02:30 comes twice: the first one counts, and 02:15 after it is not the old day again.
            ("2026-10-25T00:29:59Z", "2026-10-24"),
            ("2026-10-25T00:30:00Z", "2026-10-25"),
            ("2026-10-25T01:15:00Z", "2026-10-25"),
        ] {
            assert_eq!(day("Europe/Berlin", half_past_two, instant), date, "{instant}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_instant_is_within_its_business_day(
            second in 1_700_000_000_i64..1_900_000_000,
            cutoff in 0_u16..1440,
            zone in proptest::sample::select(vec![
                "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Atlantic/Azores",
            ]),
        ) {
            let zone = time_zone_or_utc(zone);
            let at = Timestamp::from_second(second).expect("an instant");
            let date = business_date(&zone, cutoff, at);
            let start = business_day_start(&zone, cutoff, date);
            let end = business_day_start(&zone, cutoff, date.tomorrow().expect("a day"));
            proptest::prop_assert!(start <= at && at < end, "{start} {at} {end}");
        }
    }
}
