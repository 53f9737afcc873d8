//! Given events, then figures.

use std::sync::Arc;

use baize_domain::complaint::{Category, ComplaintEvent, ComplaintTerms};
use baize_domain::device::{DeviceEvent, Driver, LightChannel};
use baize_domain::hall::{HallEvent, HallPolicy, business_day_start, time_zone_or_utc};
use baize_domain::ids::{ChainId, ComplaintId, DeviceId, HallId, HoldId, MemberId, SessionId, TableId, TariffPlanId};
use baize_domain::personal::Sealed;
use baize_domain::session::{Bill, CancelReason, CloseCause, SessionMode, TableSessionEvent};
use baize_domain::table::{TableClass, TableEvent};
use baize_domain::tariff::{Days, PinnedTariff, Tariff};
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::state::{hour_start, stretches};
use super::{HourRow, Indicators};
use crate::engine::fold_all;

const HALL: Uuid = Uuid::from_u128(1);
const TABLE: Uuid = Uuid::from_u128(2);
const DEVICE: Uuid = Uuid::from_u128(3);
const LIGHT: LightChannel = LightChannel {
    device_id: DeviceId(DEVICE),
    channel: 1,
};

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn furnished(time_zone: &str, cutoff: u16) -> Vec<(Uuid, Event)> {
    let hall = HallEvent::HallRegistered {
        hall_id: HallId(HALL),
        chain_id: ChainId(Uuid::from_u128(9)),
        name: "白泽".to_owned(),
        time_zone: time_zone.to_owned(),
        business_day_cutoff_minutes: cutoff,
        policy: HallPolicy::default(),
    };
    let table = TableEvent::TableRegistered {
        table_id: TableId(TABLE),
        hall_id: HallId(HALL),
        label: "A1".to_owned(),
        class: TableClass::Snooker,
        tariff_plan_id: TariffPlanId(Uuid::from_u128(4)),
        light: LIGHT,
        qr_token: String::new(),
    };
    let device = DeviceEvent::DeviceRegistered {
        device_id: DeviceId(DEVICE),
        hall_id: HallId(HALL),
        driver: Driver::Tasmota,
        topic: "relay".to_owned(),
        channels: 1,
    };
    vec![
        (HALL, Event::Hall(hall)),
        (TABLE, Event::Table(table)),
        (DEVICE, Event::Device(device)),
    ]
}

fn opened(session: u128, at: &str) -> Vec<(Uuid, Event)> {
    let (session_id, at) = (Uuid::from_u128(session), instant(at));
    let taken = TableEvent::TableOccupied {
        session_id: SessionId(session_id),
        at,
    };
    let event = TableSessionEvent::SessionOpened {
        session_id: SessionId(session_id),
        table_id: TableId(TABLE),
        hall_id: HallId(HALL),
        member_id: MemberId(Uuid::from_u128(5)),
        mode: SessionMode::Postpaid {
            hold_id: HoldId(session_id),
            held: Fen(4_000),
            covered_until: at,
        },
        light: LIGHT,
        tariff: Arc::new(PinnedTariff {
            plan_id: TariffPlanId(Uuid::from_u128(4)),
            version: 1,
            tariff: Tariff::default(),
            days: Days::default(),
        }),
        discount: None,
        time_zone: "Asia/Shanghai".to_owned(),
        policy: HallPolicy::default(),
        opened_at: at,
    };
    vec![(TABLE, Event::Table(taken)), (session_id, Event::TableSession(event))]
}

fn lit(session: u128, latency_ms: u64, at: &str) -> Vec<(Uuid, Event)> {
    let event = DeviceEvent::LightConfirmed {
        channel: 1,
        rev: 1,
        session_id: Some(SessionId(Uuid::from_u128(session))),
        on: true,
        latency_ms,
        attempts: 1,
        at: instant(at),
    };
    vec![(DEVICE, Event::Device(event))]
}

fn ended(session: u128, total: Option<i64>, at: &str) -> Vec<(Uuid, Event)> {
    let (session_id, at) = (Uuid::from_u128(session), instant(at));
    let event = match total {
        Some(total) => TableSessionEvent::SessionClosed {
            at,
            cause: CloseCause::Customer,
            reason: None,
            bill: Bill {
                lines: Vec::new(),
                total: Fen(total),
            },
            light: LIGHT,
            light_until: at,
        },
        None => TableSessionEvent::SessionCancelled {
            reason: CancelReason::LightNotConfirmed,
            at,
        },
    };
    let left = TableEvent::TableReleased {
        session_id: SessionId(session_id),
        at,
    };
    vec![(session_id, Event::TableSession(event)), (TABLE, Event::Table(left))]
}

fn hours(happened: Vec<Vec<(Uuid, Event)>>) -> Vec<HourRow> {
    let state = fold_all::<Indicators>(happened.into_iter().flatten().collect()).unwrap();
    let mut hours: Vec<_> = state.hours.iter().cloned().collect();
    hours.sort_by_key(|hour| (hour.business_date.clone(), hour.starts_at));
    hours
}

fn complained(complaint: u128, at: &str) -> Vec<(Uuid, Event)> {
    let complaint_id = Uuid::from_u128(complaint);
    let event = ComplaintEvent::ComplaintFiled {
        terms: Box::new(ComplaintTerms {
            complaint_id: ComplaintId(complaint_id),
            hall_id: HallId(HALL),
            chain_id: ChainId(Uuid::from_u128(9)),
            session_id: None,
            member_id: MemberId(Uuid::from_u128(5)),
            category: Category::Service,
            words: Sealed(String::new()),
        }),
        at: instant(at),
    };
    vec![(complaint_id, Event::Complaint(event))]
}

#[test]
fn a_complaint_counts_in_the_hour_in_which_it_was_filed() {
    let hours = hours(vec![
        furnished("Asia/Shanghai", 360),
        opened(10, "2026-11-21T10:10:00Z"),
        complained(20, "2026-11-21T11:59:59Z"),
        complained(21, "2026-11-21T22:00:00Z"),
    ]);
    let told: Vec<_> = hours
        .iter()
        .map(|hour| (hour.business_date.as_str(), hour.sessions, hour.complaints))
        .collect();
    // The next day begins at six in the morning.
    assert_eq!(told, [("2026-11-21", 1, 0), ("2026-11-21", 0, 1), ("2026-11-22", 0, 1)]);
}

#[test]
fn play_over_midnight_and_the_cut_off_counts_in_each_hour_of_each_business_day() {
    // 05:30 to 06:20 in Shanghai, where days end at 06:15.
    let hours = hours(vec![
        furnished("Asia/Shanghai", 375),
        opened(10, "2026-11-21T21:30:00Z"),
        lit(10, 800, "2026-11-21T21:30:01Z"),
        ended(10, Some(5_000), "2026-11-21T22:20:00Z"),
    ]);
    let told: Vec<_> = hours
        .iter()
        .map(|hour| {
            let start = hour.starts_at.timestamp().to_string();
            let minutes = hour.occupied_ms / 60_000;
            (
                hour.business_date.as_str(),
                start,
                hour.sessions,
                hour.revenue_fen,
                minutes,
            )
        })
        .collect();
    let expected = [
        ("2026-11-21", "2026-11-21T21:00:00Z", 1, 0, 30),
        ("2026-11-21", "2026-11-21T22:00:00Z", 0, 0, 15),
        ("2026-11-22", "2026-11-21T22:00:00Z", 0, 5_000, 5),
    ];
    assert_eq!(
        told,
        expected.map(|(date, start, a, b, c)| (date, start.to_owned(), a, b, c))
    );
}

#[test]
fn an_opening_is_counted_once_however_often_its_light_is_confirmed() {
    let hours = hours(vec![
        furnished("Asia/Shanghai", 360),
        opened(10, "2026-11-21T12:59:59Z"),
        lit(10, 700, "2026-11-21T13:00:01Z"),
        lit(10, 300, "2026-11-21T13:40:00Z"),
        ended(10, Some(100), "2026-11-21T13:50:00Z"),
        opened(11, "2026-11-21T13:55:00Z"),
        ended(11, None, "2026-11-21T13:55:30Z"),
        // Too late: the session was cancelled.
        lit(11, 40_000, "2026-11-21T13:55:40Z"),
    ]);
    let told: Vec<_> = hours
        .iter()
        .map(|h| (h.sessions, h.opened, h.open_failed, h.response.0.count()))
        .collect();
    assert_eq!(told, [(1, 1, 0, 0), (1, 0, 1, 3)]);
    let took = hours[0].open_time.0.quantile_ms(50).unwrap();
    assert!(took.abs_diff(2_000) * 64 <= 2_000, "{took} ms");
    assert_eq!(hours[1].open_time.0.count(), 0);
}

#[test]
fn a_hall_nobody_registered_is_a_contradiction() {
    let unknown = fold_all::<Indicators>(opened(10, "2026-11-21T12:00:00Z").split_off(1)).unwrap_err();
    assert!(unknown.to_string().contains("was never registered"), "{unknown}");
}

proptest! {
    #[test]
    fn what_is_cut_into_hours_adds_up_and_stays_within_each_hour_and_day(
        second in 1_700_000_000_i64..1_900_000_000,
        length in 0_i64..200_000,
        cutoff in 0_u16..1440,
        zone in proptest::sample::select(vec![
            "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
        ]),
    ) {
        let zone = time_zone_or_utc(zone);
        let (since, until) = (Timestamp::from_second(second).unwrap(), Timestamp::from_second(second + length).unwrap());
        let mut expected = since;
        for (from, to) in stretches(&zone, cutoff, since, until) {
            prop_assert_eq!(from, expected);
            prop_assert!(from < to);
            prop_assert_eq!(hour_start(&zone, from), hour_start(&zone, to - std::time::Duration::from_secs(1)));
            let date = baize_domain::hall::business_date(&zone, cutoff, from);
            prop_assert!(to <= business_day_start(&zone, cutoff, date.tomorrow().unwrap()));
            expected = to;
        }
        prop_assert_eq!(expected, until.max(since));
    }
}
