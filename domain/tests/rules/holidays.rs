//! What a session keeps of the calendar.

use baize_domain::Fen;
use baize_domain::calendar::{CalendarYear, DayKind, SpecialDay};
use baize_domain::command::{Command, OpenMode};
use baize_domain::ids::CalendarId;
use baize_domain::session::{BillingStartCause, CloseCause};
use baize_domain::tariff::{Band, Hours, Tariff};
use uuid::Uuid;

use super::world::{World, at, close, open, session_id, yuan_a_minute};

const CALENDAR: CalendarId = CalendarId(Uuid::from_u128(5));

/// A yuan a minute; two on holidays.
fn dearer_on_holidays() -> Tariff {
    Tariff {
        calendar_id: Some(CALENDAR),
        bands: vec![Band {
            name: "假日".into(),
            hours: Hours {
                weekdays: Vec::new(),
                day_kinds: vec![DayKind::Holiday],
                from_minute: 0,
                to_minute: 1440,
            },
            price_per_hour: Fen(12_000),
        }],
        ..yuan_a_minute()
    }
}

/// The announcement of a year with one holiday.
fn announce(day: &str) -> Command {
    Command::PublishCalendarYear {
        calendar_id: CALENDAR,
        year: 2026,
        content: CalendarYear {
            source: "announcement".into(),
            days: vec![SpecialDay {
                date: day.parse().expect("a date"),
                kind: DayKind::Holiday,
                name: "国庆节".into(),
            }],
        },
    }
}

/// The price of the last ten minutes of September and the first ten of October, when the calendar changes at half time.
fn price_around_midnight(before: Option<&str>, meanwhile: Option<&str>) -> Fen {
    let opened = at("2026-09-30T23:50:00+08:00");
    let mut world = World::with_tariff(dearer_on_holidays());
    world.top_up(1, 1, 50_000, 0, opened);
    before.map(|day| world.run(&announce(day), opened));
    world.run(&open(1, 1, 1, OpenMode::Postpaid), opened);
    let lit = Command::StartBilling {
        session_id: session_id(1),
        cause: BillingStartCause::LightConfirmed,
        at: opened,
    };
    world.run(&lit, opened);
    let midnight = at("2026-10-01T00:00:00+08:00");
    meanwhile.map(|day| world.run(&announce(day), midnight));
    world.run(&close(1, CloseCause::Customer), at("2026-10-01T00:10:00+08:00"));
    world.session(1).closing.as_ref().expect("a closed session").bill.total
}

#[test]
fn a_holiday_that_begins_during_play_has_its_price() {
    assert_eq!(price_around_midnight(None, None), Fen(2_000));
    assert_eq!(price_around_midnight(Some("2026-10-01"), None), Fen(3_000));
}

#[test]
fn a_calendar_that_changes_later_never_alters_a_running_bill() {
    assert_eq!(price_around_midnight(None, Some("2026-10-01")), Fen(2_000));
    assert_eq!(
        price_around_midnight(Some("2026-10-01"), Some("2026-10-02")),
        Fen(3_000)
    );
}
