//! Given a calendar, when a year is published, then …

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use uuid::Uuid;

use crate::ids::CalendarId;

use super::{Calendar, CalendarCommand, CalendarError, CalendarEvent, CalendarYear, DayKind, SpecialDay};

const ID: CalendarId = CalendarId(Uuid::from_u128(1));

fn day(date: Date, kind: DayKind) -> SpecialDay {
    SpecialDay {
        date,
        kind,
        name: "春节".into(),
    }
}

fn holiday(month: i8, of_month: i8) -> SpecialDay {
    day(date(2026, month, of_month), DayKind::Holiday)
}

fn publish(year: i16, days: Vec<SpecialDay>) -> CalendarCommand {
    CalendarCommand::PublishYear {
        calendar_id: ID,
        year,
        content: CalendarYear {
            source: "announcement".into(),
            days,
        },
        at: Timestamp::UNIX_EPOCH,
    }
}

fn published(year: i16, days: Vec<SpecialDay>) -> CalendarEvent {
    CalendarEvent::CalendarYearPublished {
        calendar_id: ID,
        year,
        source: "announcement".into(),
        days,
        at: Timestamp::UNIX_EPOCH,
    }
}

fn given(events: Vec<CalendarEvent>) -> AggregateTestExecutor<Calendar> {
    TestFramework::<Calendar>::with(()).given(events)
}

#[test]
fn a_year_is_published_once_and_may_be_corrected() {
    let (first, corrected) = (vec![holiday(2, 16)], vec![holiday(2, 16), holiday(2, 17)]);
    given(vec![])
        .when(publish(2026, first.clone()))
        .then_expect_events(vec![published(2026, first.clone())]);
    given(vec![published(2026, first.clone())])
        .when(publish(2026, first.clone()))
        .then_expect_events(vec![]);
    given(vec![published(2026, first)])
        .when(publish(2026, corrected.clone()))
        .then_expect_events(vec![published(2026, corrected)]);
}

#[test]
fn a_session_keeps_the_days_that_it_can_reach_and_the_later_announcement_wins() {
    let mut calendar = Calendar::default();
    let new_year = date(2026, 12, 31);
    calendar.evolve(&published(2026, vec![holiday(12, 25), day(new_year, DayKind::Holiday)]));
    calendar.evolve(&published(
        2027,
        vec![
            day(new_year, DayKind::Holiday),
            day(date(2027, 1, 2), DayKind::AdjustedWorkday),
        ],
    ));
    let reach = date(2026, 12, 30)..=date(2027, 1, 3);
    let days: Vec<_> = calendar.days(&reach).into_iter().collect();
    assert_eq!(
        days,
        [
            (new_year, DayKind::Holiday),
            (date(2027, 1, 2), DayKind::AdjustedWorkday)
        ]
    );
    // A correction of the later year speaks for the day that both name.
    calendar.evolve(&published(
        2027,
        vec![day(date(2026, 12, 27), DayKind::AdjustedWorkday)],
    ));
    assert_eq!(calendar.days(&reach).len(), 1);
}

#[test]
fn each_limit_names_its_field() {
    let field = |command| match given(vec![]).when(command).inspect_result() {
        Err(CalendarError::Invalid(invalid)) => invalid.field,
        other => panic!("{other:?}"),
    };
    let nameless = SpecialDay {
        name: " ".into(),
        ..holiday(2, 16)
    };
    assert_eq!(field(publish(1999, vec![holiday(2, 16)])), "year");
    assert_eq!(field(publish(2026, vec![])), "days");
    assert_eq!(field(publish(2026, vec![holiday(2, 16); 367])), "days");
    assert_eq!(
        field(publish(2026, vec![holiday(2, 16), holiday(2, 16)])),
        "days[1].date"
    );
    assert_eq!(field(publish(2024, vec![holiday(2, 16)])), "days[0].date");
    assert_eq!(field(publish(2026, vec![nameless])), "days[0].name");
    // 2026-02-16 is a Monday.
    let monday = day(date(2026, 2, 16), DayKind::AdjustedWorkday);
    assert_eq!(field(publish(2026, vec![monday])), "days[0].kind");
}
