//! Given a table, when it is asked, then …

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use uuid::Uuid;

use crate::device::LightChannel;
use crate::ids::{DeviceId, HallId, SessionId, TableId, TariffPlanId};

use super::{Table, TableClass, TableCommand, TableError, TableEvent, TableProfile};

const AT: Timestamp = Timestamp::UNIX_EPOCH;
const TABLE: TableId = TableId(Uuid::from_u128(1));
const A: SessionId = SessionId(Uuid::from_u128(2));
const B: SessionId = SessionId(Uuid::from_u128(3));

fn profile() -> TableProfile {
    TableProfile {
        table_id: TABLE,
        hall_id: HallId::default(),
        label: "A3".into(),
        class: TableClass::Snooker,
        tariff_plan_id: TariffPlanId::default(),
        light: LightChannel {
            device_id: DeviceId::default(),
            channel: 3,
        },
        qr_token: "kD3v0fWm9QeR7uYp".into(),
    }
}

fn registered() -> TableEvent {
    let profile = profile();
    TableEvent::TableRegistered {
        table_id: profile.table_id,
        hall_id: profile.hall_id,
        label: profile.label,
        class: profile.class,
        tariff_plan_id: profile.tariff_plan_id,
        light: profile.light,
        qr_token: profile.qr_token,
    }
}

fn occupied(session_id: SessionId) -> TableEvent {
    TableEvent::TableOccupied { session_id, at: AT }
}

fn released(session_id: SessionId) -> TableEvent {
    TableEvent::TableReleased { session_id, at: AT }
}

fn maintenance(reason: &str) -> TableEvent {
    TableEvent::MaintenanceStarted {
        reason: reason.into(),
        expected_end: None,
        repair_id: None,
        at: AT,
    }
}

fn occupy(session_id: SessionId) -> TableCommand {
    TableCommand::Occupy { session_id, at: AT }
}

fn release(session_id: SessionId) -> TableCommand {
    TableCommand::Release { session_id, at: AT }
}

fn start_maintenance(reason: &str) -> TableCommand {
    TableCommand::StartMaintenance {
        reason: reason.into(),
        expected_end: None,
        at: AT,
    }
}

const END_MAINTENANCE: TableCommand = TableCommand::EndMaintenance { at: AT };

fn given(events: Vec<TableEvent>) -> AggregateTestExecutor<Table> {
    TestFramework::<Table>::with(()).given(vec![registered()]).and(events)
}

fn in_maintenance(reason: &str) -> TableError {
    TableError::InMaintenance {
        table_id: TABLE,
        label: "A3".into(),
        reason: reason.into(),
        expected_end: None,
    }
}

/// Breaks, or keeps, one limit.
type Change = fn(&mut TableProfile);

#[test]
fn a_table_is_registered_once() {
    let unregistered = TestFramework::<Table>::with(()).given_no_previous_events();
    unregistered
        .when(TableCommand::Register(profile()))
        .then_expect_events(vec![registered()]);
    given(vec![])
        .when(TableCommand::Register(profile()))
        .then_expect_events(vec![]);
    let other = TableProfile {
        label: "A4".into(),
        ..profile()
    };
    given(vec![])
        .when(TableCommand::Register(other))
        .then_expect_error(TableError::Exists(TABLE));
}

#[test]
fn each_limit_names_its_field() {
    let cases: [(&str, Change); 4] = [
        ("label", |p| p.label = "A".repeat(33)),
        ("light.channel", |p| p.light.channel = 0),
        ("qr_token", |p| p.qr_token = "1234567".into()),
        ("qr_token", |p| p.qr_token = "1".repeat(129)),
    ];
    for (field, change) in cases {
        let mut profile = profile();
        change(&mut profile);
        let result = TestFramework::<Table>::with(())
            .given_no_previous_events()
            .when(TableCommand::Register(profile))
            .inspect_result();
        assert!(
            matches!(&result, Err(TableError::Invalid(invalid)) if invalid.field == field),
            "{field}: {result:?}"
        );
    }
}

#[test]
fn a_table_has_one_session_at_a_time() {
    given(vec![]).when(occupy(A)).then_expect_events(vec![occupied(A)]);
    given(vec![occupied(A)]).when(occupy(A)).then_expect_events(vec![]);
    given(vec![occupied(A)])
        .when(occupy(B))
        .then_expect_error(TableError::Occupied {
            table_id: TABLE,
            label: "A3".into(),
        });
    given(vec![occupied(A), released(A)])
        .when(occupy(B))
        .then_expect_events(vec![occupied(B)]);
}

#[test]
fn only_the_session_that_has_a_table_gives_it_back() {
    given(vec![occupied(A)])
        .when(release(A))
        .then_expect_events(vec![released(A)]);
    given(vec![occupied(A)]).when(release(B)).then_expect_events(vec![]);
    given(vec![]).when(release(A)).then_expect_events(vec![]);
}

#[test]
fn nothing_begins_under_maintenance() {
    given(vec![maintenance("换台呢")])
        .when(occupy(A))
        .then_expect_error(in_maintenance("换台呢"));
    given(vec![occupied(A), maintenance("换台呢"), released(A)])
        .when(occupy(B))
        .then_expect_error(in_maintenance("换台呢"));
    given(vec![maintenance("换台呢"), TableEvent::MaintenanceEnded { at: AT }])
        .when(occupy(A))
        .then_expect_events(vec![occupied(A)]);
}

#[test]
fn maintenance_starts_and_ends_once_and_a_new_reason_replaces_the_old() {
    given(vec![])
        .when(start_maintenance("灯"))
        .then_expect_events(vec![maintenance("灯")]);
    given(vec![maintenance("灯")])
        .when(start_maintenance("灯"))
        .then_expect_events(vec![]);
    given(vec![maintenance("灯")])
        .when(start_maintenance("台呢"))
        .then_expect_events(vec![maintenance("台呢")]);
    given(vec![maintenance("灯")])
        .when(END_MAINTENANCE)
        .then_expect_events(vec![TableEvent::MaintenanceEnded { at: AT }]);
    given(vec![]).when(END_MAINTENANCE).then_expect_events(vec![]);
    given(vec![])
        .when(start_maintenance(""))
        .then_expect_error_message("reason must be 1 to 200 characters, not only blanks");
}

#[test]
fn an_unregistered_table_does_nothing() {
    for command in [occupy(A), start_maintenance("灯"), END_MAINTENANCE] {
        TestFramework::<Table>::with(())
            .given_no_previous_events()
            .when(command)
            .then_expect_error(TableError::NotFound);
    }
}

#[test]
fn the_state_does_not_grow_with_the_stream() {
    let mut table = Table::default();
    table.evolve(&registered());
    let size = |table: &Table| serde_json::to_string(table).expect("JSON").len();
    let before = size(&table);
    for _ in 0..1_000 {
        for event in [
            occupied(A),
            maintenance("灯"),
            released(A),
            TableEvent::MaintenanceEnded { at: AT },
        ] {
            table.evolve(&event);
        }
    }
    assert_eq!(size(&table), before);
}
