//! Each limit, just kept and just broken.

use crate::money::Fen;
use crate::tariff::{Band, Tariff, Weekday, validate};

use super::publishing::tariff;

/// Breaks, or keeps, one limit.
type Change = fn(&mut Tariff);

fn band() -> Band {
    Band {
        name: "夜场".into(),
        weekdays: vec![Weekday::Friday, Weekday::Saturday],
        from_minute: 1080,
        to_minute: 120,
        price_per_hour: Fen(6_000),
    }
}

fn broken(change: impl FnOnce(&mut Tariff)) -> String {
    let mut tariff = Tariff {
        bands: vec![band(), band()],
        cap: Some(Fen(20_000)),
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
    let cases: [(&str, Change); 19] = [
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
        ("tariff.bands[1].weekdays", |t| t.bands[1].weekdays.clear()),
        ("tariff.bands[1].weekdays", |t| {
            t.bands[1].weekdays.push(Weekday::Friday);
        }),
        ("tariff.bands[1].from_minute", |t| {
            t.bands[1].from_minute = 1440;
        }),
        ("tariff.bands[1].to_minute", |t| t.bands[1].to_minute = 0),
        ("tariff.bands[1].to_minute", |t| t.bands[1].to_minute = 1441),
        ("tariff.bands[0].price_per_hour", |t| {
            t.bands[0].price_per_hour = Fen(-1);
        }),
        ("tariff.minimum", |t| t.minimum = Fen(1_000_000_001)),
    ];
    for (field, change) in cases {
        assert_eq!(broken(change), field);
    }
}

#[test]
fn the_limits_themselves_are_allowed() {
    let kept: [fn(&mut Tariff); 6] = [
        |t| t.name = "夜".repeat(50),
        |t| t.price_per_hour = Fen(1_000_000),
        |t| t.step_minutes = 60,
        |t| t.cap = Some(t.minimum),
        |t| t.bands = vec![band(); 32],
        |t| t.bands[0].to_minute = 1440,
    ];
    for change in kept {
        assert_eq!(broken(change), "");
    }
}
