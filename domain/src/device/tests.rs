//! Given a device, when it is asked or told, then …

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::{DeviceId, HallId, SessionId};

use super::{DesireReason, Device, DeviceCommand, DeviceError, DeviceEvent, DeviceProfile, Driver, FailureKind};

const A: SessionId = SessionId(Uuid::from_u128(1));
const B: SessionId = SessionId(Uuid::from_u128(2));

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a timestamp")
}

fn profile() -> DeviceProfile {
    DeviceProfile {
        device_id: DeviceId(Uuid::from_u128(3)),
        hall_id: HallId(Uuid::from_u128(4)),
        driver: Driver::Tasmota,
        topic: "hall1-relay_1".into(),
        channels: 2,
    }
}

fn registered() -> DeviceEvent {
    let profile = profile();
    DeviceEvent::DeviceRegistered {
        device_id: profile.device_id,
        hall_id: profile.hall_id,
        driver: profile.driver,
        topic: profile.topic,
        channels: profile.channels,
    }
}

fn on(channel: u8, rev: u64, session_id: SessionId) -> DeviceEvent {
    DeviceEvent::LightDesired {
        channel,
        rev,
        on: true,
        session_id: Some(session_id),
        not_after: Some(at(3600)),
        reason: DesireReason::SessionOpened,
        issued_at: at(0),
    }
}

fn off(channel: u8, rev: u64, session_id: SessionId) -> DeviceEvent {
    DeviceEvent::LightDesired {
        channel,
        rev,
        on: false,
        session_id: Some(session_id),
        not_after: None,
        reason: DesireReason::SessionOver,
        issued_at: at(0),
    }
}

fn confirmed(rev: u64, on: bool) -> DeviceEvent {
    DeviceEvent::LightConfirmed {
        channel: 1,
        rev,
        session_id: Some(A),
        on,
        latency_ms: 2_000,
        attempts: 2,
        at: at(2),
    }
}

fn expired(rev: u64) -> DeviceEvent {
    DeviceEvent::LightExpired {
        channel: 1,
        rev,
        session_id: Some(A),
        at: at(3600),
    }
}

fn failed(rev: u64, kind: FailureKind) -> DeviceEvent {
    DeviceEvent::LightFailed {
        channel: 1,
        rev,
        session_id: Some(A),
        kind,
        at: at(2),
    }
}

fn desire(channel: u8, session_id: SessionId) -> DeviceCommand {
    DeviceCommand::DesireOn {
        channel,
        session_id,
        not_after: at(3600),
        reason: DesireReason::SessionOpened,
        at: at(0),
    }
}

fn switch_off(channel: u8, session_id: SessionId) -> DeviceCommand {
    DeviceCommand::SwitchOff {
        channel,
        session_id,
        at: at(0),
    }
}

fn confirm(rev: u64, on: bool) -> DeviceCommand {
    DeviceCommand::Confirm {
        channel: 1,
        rev,
        on,
        attempts: 2,
        at: at(2),
    }
}

fn expire(rev: u64, second: i64) -> DeviceCommand {
    DeviceCommand::ReportExpired {
        channel: 1,
        rev,
        at: at(second),
    }
}

fn fail(rev: u64, kind: FailureKind) -> DeviceCommand {
    DeviceCommand::ReportFailure {
        channel: 1,
        rev,
        kind,
        at: at(2),
    }
}

fn given(events: Vec<DeviceEvent>) -> AggregateTestExecutor<Device> {
    TestFramework::<Device>::with(()).given(vec![registered()]).and(events)
}

/// Breaks, or keeps, one limit.
type Change = fn(&mut DeviceProfile);

#[test]
fn a_device_is_registered_once() {
    TestFramework::<Device>::with(())
        .given_no_previous_events()
        .when(DeviceCommand::Register(profile()))
        .then_expect_events(vec![registered()]);
    given(vec![])
        .when(DeviceCommand::Register(profile()))
        .then_expect_events(vec![]);
    let other = DeviceProfile {
        channels: 3,
        ..profile()
    };
    given(vec![])
        .when(DeviceCommand::Register(other))
        .then_expect_error(DeviceError::Exists(profile().device_id));
}

#[test]
fn each_limit_names_its_field() {
    let cases: [(&str, Change); 6] = [
        ("topic", |p| p.topic = String::new()),
        ("topic", |p| p.topic = "relay/1".into()),
        ("topic", |p| p.topic = "#".into()),
        ("topic", |p| p.topic = "r".repeat(65)),
        ("channels", |p| p.channels = 0),
        ("channels", |p| p.channels = 33),
    ];
    for (field, change) in cases {
        let mut profile = profile();
        change(&mut profile);
        let result = TestFramework::<Device>::with(())
            .given_no_previous_events()
            .when(DeviceCommand::Register(profile))
            .inspect_result();
        assert!(
            matches!(&result, Err(DeviceError::Invalid(invalid)) if invalid.field == field),
            "{field}: {result:?}"
        );
    }
}

#[test]
fn revisions_count_over_all_outputs() {
    given(vec![]).when(desire(1, A)).then_expect_events(vec![on(1, 1, A)]);
    given(vec![on(1, 1, A)])
        .when(desire(2, B))
        .then_expect_events(vec![on(2, 2, B)]);
    given(vec![on(1, 1, A), on(2, 2, B)])
        .when(switch_off(1, A))
        .then_expect_events(vec![off(1, 3, A)]);
    given(vec![on(1, 1, A)]).when(desire(1, A)).then_expect_events(vec![]);
    given(vec![])
        .when(desire(3, A))
        .then_expect_error(DeviceError::NoSuchChannel {
            channel: 3,
            channels: 2,
        });
    given(vec![])
        .when(desire(0, A))
        .then_expect_error(DeviceError::NoSuchChannel {
            channel: 0,
            channels: 2,
        });
    TestFramework::<Device>::with(())
        .given_no_previous_events()
        .when(desire(1, A))
        .then_expect_error(DeviceError::NotFound);
}

#[test]
fn a_session_switches_off_its_own_light_only() {
    given(vec![on(1, 1, B)])
        .when(switch_off(1, A))
        .then_expect_events(vec![]);
    given(vec![]).when(switch_off(1, A)).then_expect_events(vec![]);
    given(vec![on(1, 1, A), off(1, 2, A)])
        .when(switch_off(1, A))
        .then_expect_events(vec![]);
}

#[test]
fn a_confirmation_counts_once_and_tells_the_session() {
    given(vec![on(1, 1, A)])
        .when(confirm(1, true))
        .then_expect_events(vec![confirmed(1, true)]);
    given(vec![on(1, 1, A), confirmed(1, true)])
        .when(confirm(1, true))
        .then_expect_events(vec![]);
    given(vec![on(1, 1, A), failed(1, FailureKind::Unreachable)])
        .when(confirm(1, true))
        .then_expect_events(vec![confirmed(1, true)]);
    given(vec![on(1, 1, A), off(1, 2, A)])
        .when(confirm(2, false))
        .then_expect_events(vec![confirmed(2, false)]);
}

#[test]
fn a_report_about_an_older_state_changes_nothing() {
    for report in [confirm(1, true), expire(1, 3600), fail(1, FailureKind::Mismatch)] {
        given(vec![on(1, 1, A), off(1, 2, A)])
            .when(report)
            .then_expect_events(vec![]);
    }
}

#[test]
fn a_report_about_what_was_never_desired_is_refused() {
    for report in [confirm(2, true), expire(2, 3600), fail(2, FailureKind::Late)] {
        given(vec![on(1, 1, A)])
            .when(report)
            .then_expect_error(DeviceError::UnknownRev { channel: 1, rev: 2 });
    }
    given(vec![on(1, 1, A)])
        .when(confirm(1, false))
        .then_expect_error(DeviceError::OtherState { channel: 1, on: false });
}

#[test]
fn a_light_expires_once_and_not_before_its_time() {
    given(vec![on(1, 1, A), confirmed(1, true)])
        .when(expire(1, 3599))
        .then_expect_error(DeviceError::NotExpired { channel: 1 });
    given(vec![on(1, 1, A), confirmed(1, true)])
        .when(expire(1, 3600))
        .then_expect_events(vec![expired(1)]);
    given(vec![on(1, 1, A), expired(1)])
        .when(expire(1, 3601))
        .then_expect_events(vec![]);
    given(vec![off(1, 1, A)])
        .when(expire(1, 3600))
        .then_expect_error(DeviceError::NotExpired { channel: 1 });
    given(vec![on(1, 1, A), expired(1)])
        .when(confirm(1, true))
        .then_expect_events(vec![]);
}

#[test]
fn a_failure_is_told_once_and_late_only_while_waiting() {
    use FailureKind::{Late, Mismatch, Unreachable};
    let first = || on(1, 1, A);
    given(vec![first()])
        .when(fail(1, Late))
        .then_expect_events(vec![failed(1, Late)]);
    given(vec![first(), failed(1, Late)])
        .when(fail(1, Late))
        .then_expect_events(vec![]);
    given(vec![first(), failed(1, Late)])
        .when(fail(1, Unreachable))
        .then_expect_events(vec![failed(1, Unreachable)]);
    given(vec![first(), confirmed(1, true)])
        .when(fail(1, Late))
        .then_expect_events(vec![]);
    given(vec![first(), confirmed(1, true)])
        .when(fail(1, Mismatch))
        .then_expect_events(vec![failed(1, Mismatch)]);
}

#[test]
fn a_light_is_lit_for_its_session_while_it_is_confirmed_on() {
    let lit = |events: &[DeviceEvent], session_id| {
        let mut device = Device::default();
        device.evolve(&registered());
        for event in events {
            device.evolve(event);
        }
        device.is_lit_for(1, session_id)
    };
    assert!(!lit(&[on(1, 1, A)], A));
    assert!(lit(&[on(1, 1, A), confirmed(1, true)], A));
    assert!(!lit(&[on(1, 1, A), confirmed(1, true)], B));
    assert!(!lit(&[on(1, 1, A), confirmed(1, true), off(1, 2, A)], A));
    assert!(!lit(&[off(1, 1, A), confirmed(1, false)], A));
}

#[test]
fn the_state_does_not_grow_with_the_stream() {
    let mut device = Device::default();
    device.evolve(&registered());
    for rev in 0..2_000 {
        device.evolve(&on(1, 2 * rev, A));
        device.evolve(&off(2, 2 * rev + 1, B));
    }
    assert_eq!(device.outputs.len(), 2);
    assert_eq!(device.rev, 3_999);
}
