//! Each limit, just kept and just broken.

use crate::calendar::DayKind;
use crate::ids::CalendarId;
use crate::money::Fen;
use crate::tariff::{Band, Hours, Overnight, Package, PackageTime, Tariff, Weekday, validate};

use super::publishing::tariff;

/// Breaks, or keeps, one limit.
type Change = fn(&mut Tariff);

fn band() -> Band {
    Band {
        name: "夜场".into(),
        hours: hours(),
        price_per_hour: Fen(6_000),
    }
}

fn hours() -> Hours {
    Hours {
        weekdays: vec![Weekday::Friday, Weekday::Saturday],
        day_kinds: vec![DayKind::Holiday],
        from_minute: 1080,
        to_minute: 120,
    }
}

fn overnight() -> Overnight {
    Overnight {
        name: "包夜".into(),
        hours: hours(),
        price: Fen(8_800),
    }
}

fn package(code: &str, time: PackageTime) -> Package {
    Package {
        code: code.into(),
        name: "三小时".into(),
        price: Fen(9_900),
        time,
    }
}

fn broken(change: impl FnOnce(&mut Tariff)) -> String {
    let mut tariff = Tariff {
        bands: vec![band(), band()],
        cap: Some(Fen(20_000)),
        calendar_id: Some(CalendarId::default()),
        overnights: vec![overnight()],
        packages: vec![
            package(
                "hours_3",
                PackageTime::Minutes {
                    minutes: 180,
                    sold: Some(hours()),
                },
            ),
            package("night", PackageTime::Window(hours())),
        ],
        ..tariff(4_000)
    };
    validate(&tariff).expect("valid before the change");
    change(&mut tariff);
    match validate(&tariff) {
        Ok(()) => String::new(),
        Err(invalid) => invalid.field,
    }
}

#[test]
fn each_limit_names_its_field() {
    let cases: [(&str, Change); 36] = [
        ("tariff.name", |t| t.name = "  ".into()),
        ("tariff.name", |t| t.name = "夜".repeat(51)),
        ("tariff.price_per_hour", |t| t.price_per_hour = Fen(-1)),
        ("tariff.price_per_hour", |t| {
            t.price_per_hour = Fen(1_000_001);
        }),
        ("tariff.step_minutes", |t| t.step_minutes = 0),
        ("tariff.step_minutes", |t| t.step_minutes = 61),
        ("tariff.minimum", |t| t.minimum = Fen(-1)),
        ("tariff.cap", |t| t.cap = Some(Fen(999))),
        ("tariff.cap", |t| t.cap = Some(Fen(1_000_000_001))),
        ("tariff.grace_seconds", |t| t.grace_seconds = 3_601),
        ("tariff.bands", |t| t.bands = vec![band(); 33]),
        ("tariff.bands[1].name", |t| t.bands[1].name = String::new()),
        ("tariff.bands[1].weekdays", |t| {
            t.bands[1].hours.weekdays.clear();
            t.bands[1].hours.day_kinds.clear();
        }),
        ("tariff.bands[1].day_kinds", |t| {
            t.bands[1].hours.day_kinds.push(DayKind::Holiday);
        }),
        ("tariff.bands[0].day_kinds", |t| t.calendar_id = None),
        ("tariff.bands[1].weekdays", |t| {
            t.bands[1].hours.weekdays.push(Weekday::Friday);
        }),
        ("tariff.bands[1].from_minute", |t| {
            t.bands[1].hours.from_minute = 1440;
        }),
        ("tariff.bands[1].to_minute", |t| t.bands[1].hours.to_minute = 0),
        ("tariff.bands[1].to_minute", |t| t.bands[1].hours.to_minute = 1441),
        ("tariff.bands[0].price_per_hour", |t| {
            t.bands[0].price_per_hour = Fen(-1);
        }),
        ("tariff.minimum", |t| t.minimum = Fen(1_000_000_001)),
        ("tariff.overnights", |t| t.overnights = vec![overnight(); 9]),
        ("tariff.overnights[0].name", |t| t.overnights[0].name = " ".into()),
        ("tariff.overnights[0].price", |t| t.overnights[0].price = Fen(-1)),
        ("tariff.overnights[0].from_minute", |t| {
            t.overnights[0].hours.from_minute = 1440;
        }),
        ("tariff.packages", |t| {
            t.packages = vec![t.packages[0].clone(); 33];
        }),
        ("tariff.packages[0].code", |t| t.packages[0].code = "三小时".into()),
        ("tariff.packages[0].code", |t| t.packages[0].code = "x".repeat(33)),
        ("tariff.packages[1].code", |t| t.packages[1].code = "hours_3".into()),
        ("tariff.packages[1].name", |t| t.packages[1].name.clear()),
        ("tariff.packages[0].price", |t| t.packages[0].price = Fen(-1)),
        ("tariff.packages[0].minutes", |t| {
            t.packages[0].time = PackageTime::Minutes { minutes: 0, sold: None };
        }),
        ("tariff.packages[0].minutes", |t| {
            let minutes = 1441;
            t.packages[0].time = PackageTime::Minutes { minutes, sold: None };
        }),
        ("tariff.packages[0].sold.to_minute", |t| {
            let sold = Some(Hours {
                to_minute: 0,
                ..hours()
            });
            t.packages[0].time = PackageTime::Minutes { minutes: 60, sold };
        }),
        ("tariff.packages[1].window.to_minute", |t| {
            t.packages[1].time = PackageTime::Window(Hours {
                to_minute: 1441,
                ..hours()
            });
        }),
        ("tariff.packages[1].window.weekdays", |t| {
            let (weekdays, day_kinds) = (Vec::new(), Vec::new());
            t.packages[1].time = PackageTime::Window(Hours {
                weekdays,
                day_kinds,
                ..hours()
            });
        }),
    ];
    for (field, change) in cases {
        assert_eq!(broken(change), field);
    }
}

#[test]
fn the_limits_themselves_are_allowed() {
    let kept: [fn(&mut Tariff); 8] = [
        |t| t.name = "夜".repeat(50),
        |t| t.price_per_hour = Fen(1_000_000),
        |t| t.step_minutes = 60,
        |t| t.cap = Some(t.minimum),
        |t| t.bands = vec![band(); 32],
        |t| t.bands[0].hours.to_minute = 1440,
        |t| t.bands[0].hours.weekdays.clear(),
        |t| t.overnights = vec![overnight(); 8],
    ];
    for change in kept {
        assert_eq!(broken(change), "");
    }
}
