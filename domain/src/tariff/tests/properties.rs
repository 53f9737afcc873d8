//! What holds for every tariff and every span of time.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::hall::time_zone;
use crate::ids::TariffPlanId;
use crate::level::LevelCode;
use crate::money::Fen;
use crate::session::{Bill, BillLine};
use crate::tariff::pricing::{minutes_after, seconds_after};
use crate::tariff::{
    Band, Course, Days, Discount, Hours, Overnight, PinnedTariff, Stretch, Tariff, Weekday, bill, validate,
};

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
        let hours = Hours { weekdays, day_kinds: Vec::new(), from_minute, to_minute };
        Band { name, hours, price_per_hour: Fen(price) }
    }
}

prop_compose! {
    fn nights()(
        night in bands(), price in 0i64..20_000,
    ) -> Overnight {
        Overnight { name: night.name, hours: night.hours, price: Fen(price) }
    }
}

prop_compose! {
    fn tariffs()(
        price in 0i64..20_000,
        bands in proptest::collection::vec(bands(), 0..4),
        overnights in proptest::collection::vec(nights(), 0..2),
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
            overnights,
            ..Tariff::default()
        }
    }
}

/// The first version of the `number`-th plan.
fn pinned(tariff: &Tariff, number: u128) -> PinnedTariff {
    PinnedTariff {
        plan_id: TariffPlanId(Uuid::from_u128(number)),
        version: 1,
        tariff: tariff.clone(),
        days: Days::default(),
    }
}

fn discounts() -> impl Strategy<Value = Option<Discount>> {
    proptest::option::of((0i64..=10_000).prop_map(|rate| Discount {
        level: LevelCode::member(),
        rate: Decimal::new(rate, 4),
    }))
}

/// A session that begins at `from`, by one tariff, without discount and goods.
fn course<'a>(prices: &'a PinnedTariff, zone: &'a TimeZone, from: Timestamp) -> Course<'a> {
    Course {
        zone,
        past: &[],
        prices,
        from,
        discount: None,
        goods: &[],
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
            band.hours
                .weekdays
                .contains(&WEEK[day.weekday().to_monday_zero_offset() as usize])
        };
        let today = at.date();
        let yesterday = today.yesterday().expect("a day before");
        if band.hours.from_minute < band.hours.to_minute {
            (band.hours.from_minute..band.hours.to_minute).contains(&minute) && begins(today)
        } else {
            (minute >= band.hours.from_minute && begins(today)) || (minute < band.hours.to_minute && begins(yesterday))
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

/// Stretches of one session: each by one of `prices`, after a pause, for some seconds.
fn stretches<'a>(prices: &'a [PinnedTariff], from: Timestamp, parts: &[(usize, u32, u32)]) -> Vec<Stretch<'a>> {
    let mut at = from;
    let stretch = |&(tariff, pause, seconds): &(usize, u32, u32)| {
        let from = seconds_after(at, pause);
        at = seconds_after(from, seconds);
        Stretch {
            prices: &prices[tariff % prices.len()],
            from,
            to: at,
        }
    };
    parts.iter().map(stretch).collect()
}

fn parts() -> impl Strategy<Value = Vec<(usize, u32, u32)>> {
    proptest::collection::vec((0usize..2, 0u32..5_000, 0u32..20_000), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn lines_sum_to_the_total_and_cover_the_billed_time(
        tariff in tariffs(), (zone, from) in moments(), seconds in 0u32..200_000,
    ) {
        validate(&tariff).expect("a valid tariff");
        let bill = course(&pinned(&tariff, 1), &zone, from).bill(seconds_after(from, seconds));
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
        let bill = course(&pinned(&tariff, 1), &zone, from).prepaid(minutes);
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
        first in tariffs(), second in tariffs(), (zone, from) in moments(), parts in parts(), discount in discounts(),
        shorter in 0u32..100_000, more in 0u32..10_000,
    ) {
        let prices = [pinned(&first, 1), pinned(&second, 2)];
        // Within the last stretch …
        let total = |seconds| {
            let mut parts = parts.clone();
            parts.push((0, 0, seconds));
            bill(&zone, &stretches(&prices, from, &parts), discount.as_ref(), &[]).total
        };
        prop_assert!(total(shorter) <= total(shorter + more));
        // … and by another stretch, at whatever table.
        let all = stretches(&prices, from, &parts);
        let totals: Vec<Fen> = (1..=all.len()).map(|n| bill(&zone, &all[..n], discount.as_ref(), &[]).total).collect();
        prop_assert!(totals.is_sorted(), "{:?}", totals);
    }

    #[test]
    fn the_lines_of_many_stretches_sum_to_the_total(
        first in tariffs(), second in tariffs(), (zone, from) in moments(), parts in parts(), discount in discounts(),
    ) {
        let prices = [pinned(&first, 1), pinned(&second, 2)];
        let stretches = stretches(&prices, from, &parts);
        let discounted = bill(&zone, &stretches, discount.as_ref(), &[]);
        prop_assert_eq!(discounted.lines.iter().map(BillLine::amount).sum::<Fen>(), discounted.total);
        prop_assert!(discounted.total >= Fen::ZERO);
        let full = bill(&zone, &stretches, None, &[]).total;
        let rate = discount.map_or(Decimal::ZERO, |discount| discount.rate);
        let exact = Decimal::from(full.0) * (Decimal::ONE - rate);
        let off_by = Decimal::from(discounted.total.0) - exact;
        // Half-up on what is taken off: the total is at most half a fen above the exact one, and at half a fen below it.
        prop_assert!(off_by >= Decimal::new(-5, 1) && off_by < Decimal::new(5, 1), "{} {}", discounted.total, exact);
        // Billed time covers the played time, and is less than a step of each tariff longer.
        let played: i128 = stretches.iter().map(|s| s.to.as_nanosecond() - s.from.as_nanosecond()).sum();
        let billed: i128 = time_lines(&discounted).iter().map(|line| i128::from(line.2) * 60_000_000_000).sum();
        prop_assert!(discounted.lines.is_empty() || (billed >= played && billed - played < 60 * 60_000_000_000));
    }

    #[test]
    fn splitting_a_session_anywhere_changes_the_sum_by_at_most_rounding(
        tariff in tariffs(), (zone, from) in moments(), cuts in proptest::collection::vec(0u32..90_000, 0..5), seconds in 0u32..90_000,
        discount in discounts(),
    ) {
        let prices = pinned(&tariff, 1);
        let end = seconds_after(from, seconds);
        let whole = [Stretch { prices: &prices, from, to: end }];
        let mut edges: Vec<Timestamp> = cuts.iter().map(|cut| seconds_after(from, *cut).min(end)).collect();
        edges.extend([from, end]);
        edges.sort_unstable();
        let parts: Vec<Stretch<'_>> = edges.windows(2).map(|edge| Stretch { prices: &prices, from: edge[0], to: edge[1] }).collect();
        let total = |stretches: &[Stretch<'_>]| bill(&zone, stretches, discount.as_ref(), &[]);
        let (whole, parts) = (total(&whole), total(&parts));
        // Each cut may add a line, and each line rounds by half a fen at most.
        let cuts = cuts.len() as i64;
        prop_assert!((whole.total - parts.total).0.abs() <= cuts + 1, "{} {}", whole.total, parts.total);
        let minutes = |bill: &Bill| time_lines(bill).iter().map(|line| line.2).sum::<u32>();
        prop_assert_eq!(minutes(&whole), minutes(&parts));
    }

    #[test]
    fn two_sessions_cost_what_one_costs_if_nothing_but_time_counts(
        tariff in tariffs(), (zone, from) in moments(), first in 1u32..700, second in 1u32..700,
    ) {
        let prices = pinned(&Tariff {
            step_minutes: 1, minimum: Fen::ZERO, cap: None, grace_seconds: 0, overnights: Vec::new(), ..tariff
        }, 1);
        let total = |from, to| course(&prices, &zone, from).bill(to);
        let middle = minutes_after(from, first);
        let end = minutes_after(middle, second);
        let whole = total(from, end);
        let parts = total(from, middle).total + total(middle, end).total;
        prop_assert!((whole.total - parts).0.abs() <= 1, "{} {}", whole.total, parts);
        // At the boundaries of the bands themselves nothing is lost at all.
        let by_band: Fen = time_lines(&whole)
            .into_iter()
            .map(|(from, to, _, _)| total(from, to).total)
            .sum();
        prop_assert_eq!(by_band, whole.total);
    }

    #[test]
    fn an_amount_covers_play_up_to_the_first_instant_that_costs_more(
        first in tariffs(), second in tariffs(), (zone, from) in moments(), discount in discounts(), parts in proptest::option::of(parts()),
        amount in 0i64..40_000, more in 0i64..5_000,
    ) {
        let prices = [pinned(&first, 1), pinned(&second, 2)];
        let past = stretches(&prices, from, &parts.unwrap_or_default());
        let from = past.last().map_or(from, |last| last.to);
        let course = Course { past: &past, discount: discount.as_ref(), ..course(&prices[0], &zone, from) };
        let amount = Fen(amount).max(course.bill(from).total);
        let until = course.covered_until(amount);
        prop_assert!(course.bill(until).total <= amount);
        let reach_max = course.reach_max();
        if until < reach_max {
            let after = Timestamp::from_nanosecond(until.as_nanosecond() + 1).expect("a timestamp");
            prop_assert!(course.bill(after).total > amount);
        }
        prop_assert!(course.covered_until(amount + Fen(more)) >= until);
    }

    #[test]
    fn what_is_quoted_is_what_is_billed(
        tariff in tariffs(), (zone, from) in moments(), minutes in 1u32..1440, discount in discounts(),
    ) {
        let prices = pinned(&tariff, 1);
        let course = Course { discount: discount.as_ref(), ..course(&prices, &zone, from) };
        let quote = course.quote(minutes, 60);
        prop_assert_eq!(quote.minutes % tariff.step_minutes, 0);
        prop_assert_eq!(&quote.prepaid, &course.prepaid(quote.minutes));
        if quote.postpaid != Bill::default() {
            prop_assert_eq!(&quote.postpaid, &quote.prepaid);
        }
        let covered = course.covered_until(quote.hold);
        prop_assert!(covered >= minutes_after(from, 60));
    }
}
