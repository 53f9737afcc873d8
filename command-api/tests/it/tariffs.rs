//! Calendars, tariffs with everything in them, and what a quote says of them.

use baize_domain::Event;
use baize_domain::session::TableSessionEvent;
use baize_proto::hall::calendar::v1::{PublishCalendarYearRequest, SpecialDay};
use baize_proto::hall::table::v1::bill_line::Kind;
use baize_proto::hall::table::v1::{QuoteSessionRequest, QuoteSessionResponse};
use baize_proto::hall::venue::v1::package::Time;
use baize_proto::hall::venue::v1::{
    Band, DayKind, DefineLevelsRequest, Hours, Level, Overnight, Package, PublishTariffRequest, Tariff, Weekday,
};
use jiff::{Timestamp, ToSpan as _};
use tonic::{Code, Status};
use uuid::Uuid;

use super::world::{Clients, Hall, World, decoded, refused, request_id, tariff};

const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// All day, every day.
fn always() -> Hours {
    Hours {
        weekdays: WEEK.map(i32::from).to_vec(),
        to_minute: 1_440,
        ..Hours::default()
    }
}

/// Yesterday, today and tomorrow in Shanghai are holidays: the test may run over midnight.
fn holidays_now(calendar_id: &str) -> PublishCalendarYearRequest {
    let today = Timestamp::now().in_tz("Asia/Shanghai").unwrap().date();
    let day = |offset: i32| SpecialDay {
        date: today.checked_add(offset.days()).unwrap().to_string(),
        kind: DayKind::Holiday.into(),
        name: "庆典".to_owned(),
    };
    PublishCalendarYearRequest {
        request_id: request_id(),
        calendar_id: calendar_id.to_owned(),
        year: today.year().into(),
        source: "announcement".to_owned(),
        days: [-1, 0, 1].map(day).to_vec(),
    }
}

/// The plain tariff, twice as dear on holidays, with a package of three hours and one of the day.
fn with_holidays(calendar_id: &str) -> Tariff {
    let package = |code: &str, price_fen, time| Package {
        code: code.to_owned(),
        name: code.to_owned(),
        price_fen,
        time: Some(time),
        sold: None,
    };
    let plain = tariff();
    Tariff {
        calendar_id: calendar_id.to_owned(),
        bands: vec![Band {
            name: "Holiday".to_owned(),
            day_kinds: vec![DayKind::Holiday.into()],
            to_minute: 1_440,
            price_per_hour_fen: 2 * plain.price_per_hour_fen,
            ..Band::default()
        }],
        overnights: vec![Overnight {
            name: "Overnight".to_owned(),
            hours: Some(always()),
            price_fen: 20_000,
        }],
        packages: vec![
            package("hours_3", 9_900, Time::Minutes(180)),
            package("day", 15_000, Time::Window(always())),
        ],
        ..plain
    }
}

fn publish(hall: &Hall, tariff: Tariff) -> PublishTariffRequest {
    PublishTariffRequest {
        request_id: request_id(),
        plan_id: hall.plan_id.clone(),
        hall_id: hall.hall_id.clone(),
        tariff: Some(tariff),
    }
}

async fn quote(clients: &mut Clients, hall: &Hall, minutes: u32, code: &str) -> Result<QuoteSessionResponse, Status> {
    let ask = QuoteSessionRequest {
        table_id: hall.tables[0].clone(),
        minutes,
        package_code: code.to_owned(),
        ..QuoteSessionRequest::default()
    };
    Ok(clients.table.quote_session(ask).await?.into_inner())
}

#[tokio::test]
async fn a_holiday_has_its_price_in_quotes_and_is_kept_by_the_session() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let calendar_id = Uuid::now_v7().to_string();
    let unknown = clients
        .venue
        .publish_tariff(publish(&hall, with_holidays(&calendar_id)))
        .await;
    refused(unknown, Code::NotFound, "CALENDAR_NOT_FOUND");

    let published = clients
        .calendar
        .publish_calendar_year(holidays_now(&calendar_id))
        .await
        .unwrap();
    assert_eq!(published.into_inner().calendar_id, calendar_id);
    clients
        .venue
        .publish_tariff(publish(&hall, with_holidays(&calendar_id)))
        .await
        .unwrap();

    let quoted = quote(&mut clients, &hall, 60, "").await.unwrap();
    let bill = quoted.bill.unwrap();
    assert_eq!((bill.lines[0].band.as_str(), bill.total_fen), ("Holiday", 12_000));
    assert_eq!(quoted.hold_fen, 12_000);
    // A whole day touches two nights, and each costs no more than its price.
    let bill = quote(&mut clients, &hall, 1_440, "").await.unwrap().bill.unwrap();
    assert!(bill.lines.iter().any(|line| line.kind() == Kind::Overnight));
    assert!(bill.total_fen <= 40_000, "{bill:?}");

    let member = clients.member(50_000).await;
    let opened = clients.open(&hall.tables[0], &member).await.unwrap();
    assert_eq!(opened.secured_fen, 12_000);
    let event = world.history().await.until("SessionOpened", &opened.session_id).await;
    let Event::TableSession(TableSessionEvent::SessionOpened { tariff, .. }) = decoded(&event) else {
        panic!("{event:?}");
    };
    assert!(!tariff.days.is_empty(), "the session keeps the days that it can reach");
}

#[tokio::test]
async fn a_quote_lists_the_packages_on_offer_and_prices_one() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let tariff = Tariff {
        calendar_id: String::new(),
        bands: Vec::new(),
        ..with_holidays("")
    };
    clients.venue.publish_tariff(publish(&hall, tariff)).await.unwrap();

    let quoted = quote(&mut clients, &hall, 0, "").await.unwrap();
    assert_eq!(quoted.bill, None);
    let codes: Vec<_> = quoted.packages.iter().map(|offer| offer.code.as_str()).collect();
    assert_eq!(codes, ["hours_3", "day"]);

    let quoted = quote(&mut clients, &hall, 0, "hours_3").await.unwrap();
    let bill = quoted.bill.unwrap();
    assert_eq!((bill.lines.len(), bill.total_fen), (1, 9_900));
    assert_eq!(bill.lines[0].kind(), Kind::Package);
    assert_eq!(bill.lines[0].package_code, "hours_3");
    assert_eq!(bill.lines[0].to, quoted.until);

    refused(
        quote(&mut clients, &hall, 0, "hours_4").await,
        Code::NotFound,
        "PACKAGE_NOT_FOUND",
    );
    let both = quote(&mut clients, &hall, 60, "hours_3").await;
    refused(both, Code::InvalidArgument, "INVALID_ARGUMENT");
}

#[tokio::test]
async fn a_calendar_is_checked_field_by_field() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let bad = PublishCalendarYearRequest {
        year: 1999,
        days: vec![SpecialDay {
            date: "1 October".to_owned(),
            ..SpecialDay::default()
        }],
        ..PublishCalendarYearRequest::default()
    };
    let details = refused(
        clients.calendar.publish_calendar_year(bad).await,
        Code::InvalidArgument,
        "INVALID_ARGUMENT",
    );
    let violations = &details.bad_request().unwrap().field_violations;
    let mut fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "days[0].date",
            "days[0].kind",
            "days[0].name",
            "request_id",
            "source",
            "year"
        ]
    );
}

#[tokio::test]
async fn a_quote_shows_what_a_level_takes_off_line_by_line() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let level = |code: &str, discount: &str| Level {
        code: code.to_owned(),
        name_zh: code.to_owned(),
        name_en: code.to_owned(),
        discount: discount.to_owned(),
        ..Level::default()
    };
    let levels = DefineLevelsRequest {
        request_id: request_id(),
        chain_id: hall.chain_id.clone(),
        levels: vec![level("guest", "0"), level("member", "0.05"), level("vip", "0.12")],
        ..DefineLevelsRequest::default()
    };
    clients.venue.define_levels(levels).await.unwrap();
    let ask = |level: &str| QuoteSessionRequest {
        table_id: hall.tables[0].clone(),
        minutes: 60,
        level: level.to_owned(),
        ..QuoteSessionRequest::default()
    };
    for (level, off, lines) in [("", 0, 1), ("guest", 0, 1), ("member", -300, 2), ("vip", -720, 2)] {
        let quoted = clients.table.quote_session(ask(level)).await.unwrap().into_inner();
        let bill = quoted.bill.unwrap();
        assert_eq!((bill.lines.len(), bill.total_fen), (lines, 6_000 + off), "{level}");
        assert_eq!(quoted.hold_fen, 6_000 + off, "{level}: the hold is what the play costs");
        if off != 0 {
            assert_eq!(bill.lines[1].kind(), Kind::Discount);
            assert_eq!((bill.lines[1].level.as_str(), bill.lines[1].amount_fen), (level, off));
        }
    }
    refused(
        clients.table.quote_session(ask("gold")).await,
        Code::NotFound,
        "LEVEL_NOT_FOUND",
    );
    refused(
        clients.table.quote_session(ask("VIP")).await,
        Code::InvalidArgument,
        "INVALID_ARGUMENT",
    );
}
