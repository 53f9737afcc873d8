//! What holds for every tariff and every span of time.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::hall::time_zone;
use crate::money::Fen;
use crate::session::{Bill, BillLine};
use crate::tariff::pricing::{longest, minutes_after, seconds_after};
use crate::tariff::{Band, Tariff, Weekday, bill, covered_until, price_prepaid, quote, validate};

const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

const ZONES: [&str; 5] = [
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "UTC",
];

prop_compose! {
    fn bands()(
        name in "[a-z]{1,8}",
        weekdays in proptest::sample::subsequence(WEEK.to_vec(), 1..=7),
        from_minute in 0u16..1440,
        to_minute in 1u16..=1440,
        price in 0i64..20_000,
    ) -> Band {
        Band { name, weekdays, from_minute, to_minute, price_per_hour: Fen(price) }
    }
}

prop_compose! {
    fn tariffs()(
        price in 0i64..20_000,
        bands in proptest::collection::vec(bands(), 0..4),
        step_minutes in 1u32..=60,
        minimum in prop_oneof![Just(0i64), 0..5_000i64],
        above in proptest::option::of(0i64..30_000),
        grace_seconds in prop_oneof![Just(0u32), 0..900u32],
    ) -> Tariff {
        Tariff {
            name: "base".into(),
            price_per_hour: Fen(price),
            bands,
            step_minutes,
            minimum: Fen(minimum),
            cap: above.map(|above| Fen(minimum + above)),
            grace_seconds,
        }
    }
}

/// Changes of clocks, forward and back, by an hour and by half an hour.
const CHANGES: [(&str, &str); 6] = [
    ("Europe/Berlin", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00:00Z"),
    ("America/St_Johns", "2026-03-08T05:30:00Z"),
    ("America/St_Johns", "2026-11-01T04:30:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
];

/// A hall's zone and a second there: any of 2026, or one in the day before some change of its clock.
fn moments() -> impl Strategy<Value = (TimeZone, Timestamp)> {
    let any = (proptest::sample::select(&ZONES[..]), 1_767_225_600i64..1_798_761_600);
    let before_a_change =
        (proptest::sample::select(&CHANGES[..]), 0i64..86_400).prop_map(|((zone, change), seconds)| {
            let change: Timestamp = change.parse().expect("a timestamp");
            (zone, change.as_second() - seconds)
        });
    prop_oneof![any, before_a_change].prop_map(|(zone, second)| {
        (
            time_zone(zone).expect("a time zone"),
            Timestamp::from_second(second).expect("a timestamp"),
        )
    })
}

/// The band of each billed minute, found by asking the calendar about every single one.
fn minute_by_minute(tariff: &Tariff, zone: &TimeZone, from: Timestamp, minutes: u32) -> Vec<usize> {
    let covers = |band: &Band, at: &jiff::Zoned| {
        let minute = at.hour() as u16 * 60 + at.minute() as u16;
        let begins = |day: jiff::civil::Date| {
            band.weekdays
                .contains(&WEEK[day.weekday().to_monday_zero_offset() as usize])
        };
        let today = at.date();
        let yesterday = today.yesterday().expect("a day before");
        if band.from_minute < band.to_minute {
            (band.from_minute..band.to_minute).contains(&minute) && begins(today)
        } else {
            (minute >= band.from_minute && begins(today)) || (minute < band.to_minute && begins(yesterday))
        }
    };
    (0..minutes)
        .map(|minute| {
            let at = minutes_after(from, minute).to_zoned(zone.clone());
            tariff
                .bands
                .iter()
                .position(|band| covers(band, &at))
                .unwrap_or(usize::MAX)
        })
        .collect()
}

fn time_lines(bill: &Bill) -> Vec<(Timestamp, Timestamp, u32, Fen)> {
    bill.lines
        .iter()
        .filter_map(|line| match line {
            BillLine::Time {
                from,
                to,
                minutes,
                price_per_hour,
                ..
            } => Some((*from, *to, *minutes, *price_per_hour)),
            _ => None,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn lines_sum_to_the_total_and_cover_the_billed_time(
        tariff in tariffs(), (zone, from) in moments(), seconds in 0u32..200_000,
    ) {
        validate(&tariff).expect("a valid tariff");
        let bill = bill(&tariff, &zone, from, seconds_after(from, seconds));
        prop_assert_eq!(bill.lines.iter().map(BillLine::amount).sum::<Fen>(), bill.total);
        prop_assert!(bill.total >= Fen::ZERO);
        let mut end = from;
        for (line_from, line_to, minutes, _) in time_lines(&bill) {
            prop_assert_eq!(line_from, end);
            prop_assert_eq!(line_to, minutes_after(line_from, minutes));
            end = line_to;
        }
        if !bill.lines.is_empty() {
            prop_assert!(end >= seconds_after(from, seconds));
            prop_assert!(end < minutes_after(seconds_after(from, seconds), tariff.step_minutes));
            prop_assert!(bill.total >= tariff.minimum);
            prop_assert!(tariff.cap.is_none_or(|cap| bill.total <= cap));
        }
    }

    #[test]
    fn every_minute_has_the_price_of_its_band(
        tariff in tariffs(), (zone, from) in moments(), minutes in 1u32..1500,
    ) {
        let bill = price_prepaid(&tariff, &zone, from, minutes);
        let billed: Vec<Fen> = time_lines(&bill)
            .into_iter()
            .flat_map(|(_, _, minutes, price)| std::iter::repeat_n(price, minutes as usize))
            .collect();
        let expected: Vec<Fen> = minute_by_minute(&tariff, &zone, from, billed.len() as u32)
            .into_iter()
            .map(|band| tariff.bands.get(band).map_or(tariff.price_per_hour, |b| b.price_per_hour))
            .collect();
        prop_assert_eq!(billed, expected);
    }

    #[test]
    fn the_price_never_falls_as_time_grows(
        tariff in tariffs(), (zone, from) in moments(), shorter in 0u32..100_000, more in 0u32..10_000,
    ) {
        let total = |seconds| bill(&tariff, &zone, from, seconds_after(from, seconds)).total;
        prop_assert!(total(shorter) <= total(shorter + more));
    }

    #[test]
    fn splitting_changes_the_sum_by_at_most_rounding(
        tariff in tariffs(), (zone, from) in moments(), first in 1u32..700, second in 1u32..700,
    ) {
        let tariff = Tariff {
            step_minutes: 1, minimum: Fen::ZERO, cap: None, grace_seconds: 0, ..tariff
        };
        let middle = minutes_after(from, first);
        let end = minutes_after(middle, second);
        let whole = bill(&tariff, &zone, from, end);
        let parts = bill(&tariff, &zone, from, middle).total + bill(&tariff, &zone, middle, end).total;
        prop_assert!((whole.total - parts).0.abs() <= 1, "{} {}", whole.total, parts);
        // At the boundaries of the bands themselves nothing is lost at all.
        let by_band: Fen = time_lines(&whole)
            .into_iter()
            .map(|(from, to, _, _)| bill(&tariff, &zone, from, to).total)
            .sum();
        prop_assert_eq!(by_band, whole.total);
    }

    #[test]
    fn an_amount_covers_play_up_to_the_first_instant_that_costs_more(
        tariff in tariffs(), (zone, from) in moments(), amount in 0i64..40_000, more in 0i64..5_000,
    ) {
        let amount = Fen(amount);
        let until = covered_until(&tariff, &zone, from, amount);
        prop_assert!(bill(&tariff, &zone, from, until).total <= amount);
        let horizon = minutes_after(from, longest(&tariff));
        if until < horizon {
            let after = Timestamp::from_nanosecond(until.as_nanosecond() + 1).expect("a timestamp");
            prop_assert!(bill(&tariff, &zone, from, after).total > amount);
        } else {
            prop_assert!(until == horizon || until == seconds_after(from, tariff.grace_seconds));
        }
        prop_assert!(covered_until(&tariff, &zone, from, amount + Fen(more)) >= until);
    }

    #[test]
    fn what_is_quoted_is_what_is_billed(
        tariff in tariffs(), (zone, from) in moments(), minutes in 1u32..1440,
    ) {
        let quote = quote(&tariff, &zone, from, minutes, 60);
        prop_assert_eq!(quote.minutes % tariff.step_minutes, 0);
        prop_assert_eq!(&quote.prepaid, &price_prepaid(&tariff, &zone, from, quote.minutes));
        if quote.postpaid != Bill::default() {
            prop_assert_eq!(&quote.postpaid, &quote.prepaid);
        }
        let covered = covered_until(&tariff, &zone, from, quote.hold);
        prop_assert!(covered >= minutes_after(from, 60));
    }
}
