//! Which packages are sold when, and until when they give play.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::calendar::DayKind;
use crate::hall::time_zone;
use crate::ids::TariffPlanId;
use crate::money::Fen;
use crate::tariff::{Days, Hours, Package, PackageTime, PinnedTariff, Tariff, Weekday};

const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

fn zone(name: &str) -> TimeZone {
    time_zone(name).expect("a time zone")
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn daily(from_minute: u16, to_minute: u16) -> Hours {
    Hours {
        weekdays: WEEK.to_vec(),
        day_kinds: Vec::new(),
        from_minute,
        to_minute,
    }
}

fn package(code: &str, time: PackageTime) -> Package {
    Package {
        code: code.into(),
        name: code.into(),
        price: Fen(9_900),
        time,
    }
}

/// Three hours at any time; two hours on weekday mornings; the night from 22:00 to 06:00; holidays from 10:00 to midnight.
fn prices() -> PinnedTariff {
    let mornings = Hours {
        weekdays: WEEK[..5].to_vec(),
        ..daily(480, 720)
    };
    let holidays = Hours {
        weekdays: Vec::new(),
        day_kinds: vec![DayKind::Holiday],
        ..daily(600, 1440)
    };
    PinnedTariff {
        plan_id: TariffPlanId::default(),
        version: 1,
        tariff: Tariff {
            packages: vec![
                package(
                    "hours_3",
                    PackageTime::Minutes {
                        minutes: 180,
                        sold: None,
                    },
                ),
                package(
                    "morning",
                    PackageTime::Minutes {
                        minutes: 120,
                        sold: Some(mornings),
                    },
                ),
                package("night", PackageTime::Window(daily(1320, 360))),
                package("holiday", PackageTime::Window(holidays)),
            ],
            ..Tariff::default()
        },
        days: Days::from([("2026-10-01".parse().expect("a date"), DayKind::Holiday)]),
    }
}

/// The packages on offer, and until when each gives play.
fn offered(zone_name: &str, now: &str) -> Vec<(String, Timestamp)> {
    let prices = prices();
    let offers = prices.offers(&zone(zone_name), at(now));
    offers
        .iter()
        .map(|offer| (offer.package.code.clone(), offer.until))
        .collect()
}

fn until(code: &str, text: &str) -> (String, Timestamp) {
    (code.to_owned(), at(text))
}

#[test]
fn hours_count_from_the_opening_and_are_sold_in_their_hours() {
    // A Monday.
    assert_eq!(
        offered("Asia/Shanghai", "2026-03-02T11:59:59+08:00"),
        [
            until("hours_3", "2026-03-02T14:59:59+08:00"),
            until("morning", "2026-03-02T13:59:59+08:00"),
        ]
    );
    assert_eq!(
        offered("Asia/Shanghai", "2026-03-02T12:00:00+08:00"),
        [until("hours_3", "2026-03-02T15:00:00+08:00")]
    );
    // A Saturday.
    assert_eq!(
        offered("Asia/Shanghai", "2026-03-07T09:00:00+08:00"),
        [until("hours_3", "2026-03-07T12:00:00+08:00")]
    );
}

#[test]
fn a_window_gives_what_is_left_of_it_before_and_after_midnight() {
    for now in ["2026-03-02T22:00:00+08:00", "2026-03-03T05:59:59+08:00"] {
        assert_eq!(
            offered("Asia/Shanghai", now)[1],
            until("night", "2026-03-03T06:00:00+08:00")
        );
    }
    for now in ["2026-03-02T21:59:59+08:00", "2026-03-03T06:00:00+08:00"] {
        assert_eq!(offered("Asia/Shanghai", now).len(), 1, "{now}");
    }
}

#[test]
fn a_holidays_window_is_sold_on_holidays_only_and_may_end_at_midnight() {
    assert_eq!(
        offered("Asia/Shanghai", "2026-10-01T15:00:00+08:00")[1],
        until("holiday", "2026-10-02T00:00:00+08:00")
    );
    // A Friday that nobody announced.
    assert_eq!(offered("Asia/Shanghai", "2026-10-09T15:00:00+08:00").len(), 1);
}

#[test]
fn a_night_ends_by_the_clock_on_the_wall_when_that_changes() {
    let spring = at("2026-03-29T06:00:00+02:00");
    let autumn = at("2026-10-25T06:00:00+01:00");
    assert_eq!(offered("Europe/Berlin", "2026-03-28T22:00:00+01:00")[1].1, spring);
    assert_eq!(offered("Europe/Berlin", "2026-10-24T22:00:00+02:00")[1].1, autumn);
    let hours = daily(60, 150);
    let end = |now: &str| hours.end_after(&Days::new(), &zone("Europe/Berlin"), at(now));
    // 02:30 does not come in spring: it is over at 03:30. In autumn it comes twice, and each is an end.
    assert_eq!(end("2026-03-29T01:30:00+01:00"), Some(at("2026-03-29T03:30:00+02:00")));
    assert_eq!(end("2026-10-25T02:10:00+02:00"), Some(at("2026-10-25T02:30:00+02:00")));
    assert_eq!(end("2026-10-25T02:10:00+01:00"), Some(at("2026-10-25T02:30:00+01:00")));
}

#[test]
fn a_package_is_one_line_and_is_refused_by_name() {
    let (prices, zone) = (prices(), zone("Asia/Shanghai"));
    let noon = at("2026-03-02T12:00:00+08:00");
    let bill = prices.offer("hours_3", &zone, noon).expect("an offer").bill();
    assert_eq!((bill.lines.len(), bill.total), (1, Fen(9_900)));
    let refusal = |code| prices.offer(code, &zone, noon).expect_err("a refusal").reason;
    assert_eq!(refusal("hours_4"), "PACKAGE_NOT_FOUND");
    assert_eq!(refusal("night"), "PACKAGE_NOT_ON_OFFER");
}
