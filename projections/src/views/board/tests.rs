//! The fold of the board, without a database.

use baize_domain::Event;
use baize_domain::device::{DesireReason, DeviceEvent, FailureKind, LightChannel};
use baize_domain::ids::{DeviceId, HallId, SessionId, TableId, TariffPlanId};
use baize_domain::table::{TableClass, TableEvent};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Board, LightStatus, TableRow, TableStatus};
use crate::engine::{Contradiction, fold_all};

const TABLE: Uuid = Uuid::from_u128(1);
const DEVICE: Uuid = Uuid::from_u128(2);
const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn registered() -> (Uuid, Event) {
    let event = TableEvent::TableRegistered {
        table_id: TableId(TABLE),
        hall_id: HallId(Uuid::from_u128(3)),
        label: "A1".to_owned(),
        class: TableClass::Snooker,
        tariff_plan_id: TariffPlanId(Uuid::from_u128(4)),
        light: LightChannel {
            device_id: DeviceId(DEVICE),
            channel: 1,
        },
        qr_token: "token".to_owned(),
    };
    (TABLE, Event::Table(event))
}

fn fold(happened: Vec<(Uuid, Event)>) -> Result<TableRow, Contradiction> {
    let state = fold_all::<Board>([registered()].into_iter().chain(happened).collect())?;
    Ok(state.tables.get(TABLE).unwrap().clone())
}

fn occupied(session: u128) -> (Uuid, Event) {
    let session_id = SessionId(Uuid::from_u128(session));
    (TABLE, Event::Table(TableEvent::TableOccupied { session_id, at: AT }))
}

fn released(session: u128) -> (Uuid, Event) {
    let session_id = SessionId(Uuid::from_u128(session));
    (TABLE, Event::Table(TableEvent::TableReleased { session_id, at: AT }))
}

fn light(events: &[DeviceEvent]) -> LightStatus {
    fold(
        events
            .iter()
            .map(|event| (DEVICE, Event::Device(event.clone())))
            .collect(),
    )
    .unwrap()
    .light
}

fn desired(rev: u64, on: bool) -> DeviceEvent {
    let reason = DesireReason::SessionOpened;
    DeviceEvent::LightDesired {
        channel: 1,
        rev,
        on,
        session_id: None,
        not_after: None,
        reason,
        issued_at: AT,
    }
}

fn confirmed(rev: u64, on: bool) -> DeviceEvent {
    DeviceEvent::LightConfirmed {
        channel: 1,
        rev,
        on,
        session_id: None,
        latency_ms: 1,
        attempts: 1,
        at: AT,
    }
}

fn failed(rev: u64, kind: FailureKind) -> DeviceEvent {
    DeviceEvent::LightFailed {
        channel: 1,
        rev,
        kind,
        session_id: None,
        at: AT,
    }
}

fn expired(rev: u64) -> DeviceEvent {
    DeviceEvent::LightExpired {
        channel: 1,
        rev,
        session_id: None,
        at: AT,
    }
}

#[test]
fn a_light_is_what_is_desired_once_that_is_confirmed() {
    use FailureKind::{Late, Mismatch, Unreachable};
    for (events, expected) in [
        (vec![], LightStatus::Off),
        (vec![desired(1, true)], LightStatus::TurningOn),
        (vec![desired(1, true), confirmed(1, true)], LightStatus::On),
        (
            vec![desired(1, true), confirmed(1, true), desired(2, true)],
            LightStatus::On,
        ),
        (
            vec![desired(1, true), confirmed(1, true), desired(2, false)],
            LightStatus::TurningOff,
        ),
        (
            vec![
                desired(1, true),
                confirmed(1, true),
                desired(2, false),
                confirmed(2, false),
            ],
            LightStatus::Off,
        ),
        // Confirmed while something newer is desired already.
        (
            vec![desired(1, true), desired(2, false), confirmed(1, true)],
            LightStatus::TurningOff,
        ),
        // An older wish never replaces a newer one.
        (vec![desired(2, true), desired(1, false)], LightStatus::TurningOn),
        (vec![desired(1, true), failed(1, Late)], LightStatus::TurningOn),
        (vec![desired(1, true), failed(1, Unreachable)], LightStatus::Failed),
        (
            vec![desired(1, true), failed(1, Mismatch), confirmed(1, true)],
            LightStatus::On,
        ),
        (
            vec![desired(1, true), failed(1, Mismatch), desired(2, true)],
            LightStatus::TurningOn,
        ),
        (
            vec![desired(1, true), desired(2, true), failed(1, Mismatch)],
            LightStatus::TurningOn,
        ),
        (vec![desired(1, true), confirmed(1, true), expired(1)], LightStatus::Off),
        (
            vec![desired(1, true), confirmed(1, true), desired(2, true), expired(1)],
            LightStatus::TurningOn,
        ),
    ] {
        assert_eq!(light(&events), expected, "{events:?}");
    }
}

#[test]
fn another_outputs_light_is_not_this_tables() {
    let other = DeviceEvent::LightDesired {
        channel: 2,
        rev: 1,
        on: true,
        session_id: None,
        not_after: None,
        reason: DesireReason::SessionOpened,
        issued_at: AT,
    };
    assert_eq!(light(&[other]), LightStatus::Off);
}

#[test]
fn only_its_own_session_frees_a_table() {
    let row = fold(vec![occupied(1), released(1), occupied(2), released(1)]).unwrap();
    assert_eq!(
        (row.status, row.session_id),
        (TableStatus::Occupied, Some(Uuid::from_u128(2)))
    );
    let row = fold(vec![occupied(1), released(1)]).unwrap();
    assert_eq!((row.status, row.session_id), (TableStatus::Idle, None));
}

#[test]
fn a_table_nobody_registered_is_a_contradiction() {
    let unknown = fold_all::<Board>(vec![occupied(1)]).unwrap_err();
    assert!(unknown.to_string().contains("was never registered"), "{unknown}");
}
