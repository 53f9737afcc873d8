//! Devices that fail, and what staff see of it.

use baize_domain::Event;
use baize_domain::device::{DesireReason, DeviceEvent, Driver, FailureKind, LightChannel};
use baize_domain::ids::{DeviceId, HallId, RepairId, TableId};
use baize_domain::repair::{Fault, RepairEvent, Ticket};
use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::engine::fold_all;

const AT: Timestamp = Timestamp::UNIX_EPOCH;
const HALL: HallId = HallId(Uuid::from_u128(1));

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x100 + number)
}

fn device(number: u128, event: DeviceEvent) -> (Uuid, Event) {
    (id(number), Event::Device(event))
}

fn registered(number: u128) -> (Uuid, Event) {
    device(
        number,
        DeviceEvent::DeviceRegistered {
            device_id: DeviceId(id(number)),
            hall_id: HALL,
            driver: Driver::Tasmota,
            topic: format!("relay-{number}"),
            channels: 1,
        },
    )
}

fn lost(number: u128, incident_id: Option<Uuid>) -> (Uuid, Event) {
    device(
        number,
        DeviceEvent::DeviceWentOffline {
            channels: 1,
            last_heard_at: AT,
            incident_id,
            at: AT,
        },
    )
}

fn kinds(state: &DevicesState) -> Vec<AlertKind> {
    let mut alerts: Vec<_> = state.alerts.iter().collect();
    alerts.sort_by_key(|alert| alert.position);
    alerts.iter().map(|alert| alert.kind).collect()
}

#[test]
fn a_device_shows_what_it_was_told_what_it_said_and_how_long_it_took() {
    let desired = DeviceEvent::LightDesired {
        channel: 1,
        rev: 7,
        on: true,
        session_id: None,
        not_after: Some(AT),
        reason: DesireReason::Testing,
        issued_at: AT,
    };
    let failed = DeviceEvent::LightFailed {
        channel: 1,
        rev: 7,
        session_id: None,
        kind: FailureKind::Late,
        at: AT,
    };
    let confirmed = DeviceEvent::LightConfirmed {
        channel: 1,
        rev: 7,
        session_id: None,
        on: true,
        latency_ms: 1_900,
        attempts: 3,
        at: AT,
    };
    let happened = vec![
        registered(1),
        device(1, desired),
        device(1, failed),
        device(1, confirmed),
    ];
    let state = fold_all::<Devices>(happened).unwrap();
    let output = &state.devices.get(id(1)).unwrap().outputs.0[&1];
    assert_eq!((output.standing, output.reported_on), (Standing::Confirmed, Some(true)));
    assert_eq!((output.latency_ms, output.attempts), (1_900, 3));
    assert_eq!(state.history.count(), 3);
    assert!(kinds(&state).is_empty(), "who is late is being chased");
}

#[test]
fn half_a_hall_that_is_lost_at_once_is_one_alert_and_one_device_is_its_own() {
    let incident = Some(Uuid::from_u128(99));
    let happened = vec![
        registered(1),
        registered(2),
        registered(3),
        lost(1, incident),
        lost(2, incident),
        lost(3, None),
        device(1, DeviceEvent::DeviceCameBack { at: AT }),
    ];
    let state = fold_all::<Devices>(happened).unwrap();
    assert_eq!(
        kinds(&state),
        [AlertKind::HallLost, AlertKind::DeviceLost, AlertKind::DeviceBack]
    );
    assert!(state.devices.get(id(1)).unwrap().offline_since.is_none());
    assert!(state.devices.get(id(2)).unwrap().offline_since.is_some());
}

#[test]
fn a_repair_goes_from_its_fault_to_the_test_that_it_passed_and_staff_are_told() {
    let ticket = Ticket {
        repair_id: RepairId(id(50)),
        hall_id: HALL,
        table_id: TableId(id(60)),
        light: LightChannel::default(),
        fault: Fault::Reported {
            words: "灯闪".to_owned(),
        },
        since: AT,
        session_id: None,
    };
    let repair = |event| (id(50), Event::Repair(event));
    let by = id(70);
    let testing = |test| RepairEvent::RepairTestStarted {
        test,
        light: LightChannel::default(),
        answer_seconds: 10,
        at: AT,
    };
    let happened = vec![
        repair(RepairEvent::RepairOpened { ticket, at: AT }),
        repair(RepairEvent::RepairStarted { by, at: AT }),
        repair(testing(1)),
        repair(RepairEvent::RepairTestFailed {
            test: 1,
            step: 2,
            at: AT,
        }),
        repair(testing(2)),
        repair(RepairEvent::RepairTestPassed { test: 2, at: AT }),
    ];
    let state = fold_all::<Devices>(happened).unwrap();
    let row = state.repairs.get(id(50)).unwrap();
    assert_eq!((row.phase, row.tests, row.words.as_str()), (Phase::Closed, 2, "灯闪"));
    assert_eq!(
        kinds(&state),
        [AlertKind::Fault, AlertKind::TestFailed, AlertKind::Repaired]
    );
}
