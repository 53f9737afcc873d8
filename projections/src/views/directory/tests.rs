//! The fold of the directory, without a database.

use baize_domain::Event;
use baize_domain::device::LightChannel;
use baize_domain::ids::{DeviceId, HallId, SessionId, TableId, TariffPlanId};
use baize_domain::table::{TableClass, TableEvent};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Directory, DirectoryState, code_id};
use crate::engine::{Contradiction, fold_all};
use crate::views::board::TableStatus;

const TABLE: Uuid = Uuid::from_u128(1);
const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn fold(events: Vec<TableEvent>) -> Result<DirectoryState, Contradiction> {
    let registered = TableEvent::TableRegistered {
        table_id: TableId(TABLE),
        hall_id: HallId(Uuid::from_u128(3)),
        label: "A1".to_owned(),
        class: TableClass::Snooker,
        tariff_plan_id: TariffPlanId(Uuid::from_u128(4)),
        light: LightChannel {
            device_id: DeviceId(Uuid::from_u128(5)),
            channel: 1,
        },
        qr_token: "first-code".to_owned(),
    };
    let events = std::iter::once(registered).chain(events);
    fold_all::<Directory>(events.map(|event| (TABLE, Event::Table(event))).collect())
}

fn status(events: Vec<TableEvent>) -> TableStatus {
    fold(events).unwrap().tables.get(TABLE).unwrap().status
}

fn session(n: u128) -> SessionId {
    SessionId(Uuid::from_u128(n))
}

fn maintenance() -> TableEvent {
    TableEvent::MaintenanceStarted {
        reason: "换台呢".to_owned(),
        expected_end: None,
        repair_id: None,
        at: AT,
    }
}

#[test]
fn a_table_is_free_unless_somebody_plays_or_it_is_off_sale_or_gone() {
    let occupied = |n| TableEvent::TableOccupied {
        session_id: session(n),
        at: AT,
    };
    let released = |n| TableEvent::TableReleased {
        session_id: session(n),
        at: AT,
    };
    assert_eq!(status(vec![]), TableStatus::Idle);
    assert_eq!(status(vec![occupied(1)]), TableStatus::Occupied);
    assert_eq!(status(vec![occupied(1), released(2)]), TableStatus::Occupied);
    assert_eq!(status(vec![occupied(1), maintenance()]), TableStatus::Occupied);
    assert_eq!(
        status(vec![occupied(1), maintenance(), released(1)]),
        TableStatus::Maintenance
    );
    assert_eq!(
        status(vec![maintenance(), TableEvent::MaintenanceEnded { at: AT }]),
        TableStatus::Idle
    );
    let retired = TableEvent::TableRetired { at: AT };
    assert_eq!(status(vec![maintenance(), retired]), TableStatus::Retired);
}

#[test]
fn of_all_codes_that_a_table_had_only_the_newest_is_good() {
    let rotated = |qr_token: &str| TableEvent::QrTokenRotated {
        qr_token: qr_token.to_owned(),
    };
    let state = fold(vec![rotated("second-code"), rotated("third-code")]).unwrap();
    let retired = |token: &str| state.codes.get(code_id(token)).map(|code| code.retired);
    assert_eq!(retired("first-code"), Some(true));
    assert_eq!(retired("second-code"), Some(true));
    assert_eq!(retired("third-code"), Some(false));
    assert_eq!(retired("fourth-code"), None);
    assert_eq!(state.tables.get(TABLE).unwrap().qr_token, "third-code");
}

#[test]
fn the_code_of_a_table_that_is_gone_is_worth_nothing() {
    let state = fold(vec![TableEvent::TableRetired { at: AT }]).unwrap();
    assert!(state.codes.get(code_id("first-code")).unwrap().retired);
}

#[test]
fn what_happens_to_a_table_that_was_never_registered_stops_the_view() {
    let event = Event::Table(TableEvent::MaintenanceEnded { at: AT });
    assert!(fold_all::<Directory>(vec![(TABLE, event)]).is_err());
}
