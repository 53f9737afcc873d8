//! Tests of lights.

use crate::command::Command;
use crate::device::DeviceEvent;
use crate::event::Event;
use crate::ids::RepairId;
use crate::processes::fixtures::{Instance, LIGHT, SESSION, at, dispatched, refusal, steps};
use crate::processes::{Effect, ProcessManager as _, Route};
use crate::repair::RepairEvent;

use super::Testing;

/// The instances of these tests are fed under one stream id, which is that of the repair as well.
const REPAIR: RepairId = RepairId(SESSION.0);

fn started() -> Event {
    Event::Repair(RepairEvent::RepairTestStarted {
        test: 1,
        light: LIGHT,
        answer_seconds: 10,
        at: at(0),
    })
}

fn confirmed(rev: u64, on: bool) -> Event {
    Event::Device(DeviceEvent::LightConfirmed {
        channel: LIGHT.channel,
        rev,
        session_id: None,
        on,
        latency_ms: 0,
        attempts: 1,
        at: at(0),
    })
}

fn result(name: &str) -> String {
    format!("{name}-{REPAIR}-1")
}

fn wants(effects: &[Effect]) -> Option<bool> {
    dispatched(effects).iter().find_map(|(_, command)| match command {
        Command::TestLight { on, .. } => Some(*on),
        _ => None,
    })
}

#[test]
fn three_times_on_and_off_that_are_confirmed_pass() {
    let mut testing = Instance::<Testing>::new();
    let mut effects = testing.event(&started(), 0);
    for (rev, on) in (5..).zip([true, false, true, false, true, false]) {
        assert_eq!(wants(&effects), Some(on));
        effects = testing.event(&confirmed(rev, on), 1);
    }
    let pass = Command::PassTest {
        repair_id: REPAIR,
        test: 1,
    };
    assert_eq!(dispatched(&effects), [(result("pass").as_str(), &pass)]);
    assert_eq!(testing.accepted(&result("pass"), 2), [Effect::End]);
}

#[test]
fn an_answer_that_does_not_come_fails_the_test_and_leaves_the_light_off() {
    let mut testing = Instance::<Testing>::new();
    testing.event(&started(), 0);
    testing.event(&confirmed(5, true), 1);
    let effects = testing.timer("answer", 11);
    assert_eq!(steps(&effects), ["off", result("fail").as_str()]);
    assert_eq!(wants(&effects), Some(false));
    let fail = Command::FailTest {
        repair_id: REPAIR,
        test: 1,
        step: 2,
    };
    assert_eq!(dispatched(&effects)[1].1, &fail);
    // What comes now comes too late.
    assert!(testing.event(&confirmed(6, false), 12).is_empty());
    assert_eq!(testing.accepted(&result("fail"), 12), [Effect::End]);
}

#[test]
fn repeated_and_old_confirmations_are_no_progress() {
    let mut testing = Instance::<Testing>::new();
    testing.event(&started(), 0);
    assert!(testing.event(&started(), 0).is_empty());
    assert!(testing.event(&confirmed(4, false), 1).is_empty());
    assert_eq!(wants(&testing.event(&confirmed(5, true), 1)), Some(false));
    assert!(testing.event(&confirmed(5, true), 2).is_empty());
}

#[test]
fn a_light_that_cannot_be_asked_fails_the_test() {
    let mut testing = Instance::<Testing>::new();
    testing.event(&started(), 0);
    let effects = testing.refused("step-1", &refusal("DEVICE_RETIRED"), 1);
    assert_eq!(steps(&effects), ["off", result("fail").as_str()]);
    assert!(testing.refused("off", &refusal("DEVICE_RETIRED"), 1).is_empty());
    assert_eq!(testing.accepted(&result("fail"), 2), [Effect::End]);
}

#[test]
fn a_test_that_is_started_anew_is_not_ended_by_the_answer_to_the_one_before() {
    let mut testing = Instance::<Testing>::new();
    testing.event(&started(), 0);
    testing.timer("answer", 11);
    let Event::Repair(RepairEvent::RepairTestStarted {
        light,
        answer_seconds,
        at,
        ..
    }) = started()
    else {
        unreachable!("as it was made")
    };
    let second = Event::Repair(RepairEvent::RepairTestStarted {
        test: 2,
        light,
        answer_seconds,
        at,
    });
    assert_eq!(wants(&testing.event(&second, 12)), Some(true));
    assert!(testing.accepted(&result("fail"), 13).is_empty());
    assert_eq!(wants(&testing.event(&confirmed(9, true), 14)), Some(false));
}

#[test]
fn lights_of_sessions_are_not_tested() {
    let lit = crate::processes::fixtures::lit(1);
    let stream = LIGHT.device_id.to_string();
    assert_eq!(Testing::route(&stream, &lit), Route::Ignore);
    assert!(matches!(
        Testing::route(&stream, &confirmed(5, true)),
        Route::Continue(_)
    ));
}
