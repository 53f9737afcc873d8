//! Lights that may be faulty.

use crate::command::Command;
use crate::device::{DeviceEvent, FailureKind, LightChannel};
use crate::event::Event;
use crate::processes::fixtures::{Instance, LIGHT, SESSION, at, dispatched, refusal, steps};
use crate::processes::{Effect, ProcessManager as _, Route};

use super::Faulting;

fn failed(channel: u8, kind: FailureKind) -> Event {
    Event::Device(DeviceEvent::LightFailed {
        channel,
        rev: 1,
        session_id: Some(SESSION),
        kind,
        at: at(0),
    })
}

fn offline(incident: bool) -> Event {
    Event::Device(DeviceEvent::DeviceWentOffline {
        channels: 2,
        last_heard_at: at(0),
        incident_id: incident.then(uuid::Uuid::nil),
        at: at(40),
    })
}

fn not_before(second: i64) -> crate::refusal::Refusal {
    refusal("FAULT_NOT_CERTAIN").with("until", at(second))
}

#[test]
fn late_lights_and_halls_that_are_lost_as_a_whole_are_nobodys_fault() {
    let stream = LIGHT.device_id.to_string();
    let route = |event| Faulting::route(&stream, &event);
    assert_eq!(route(failed(3, FailureKind::Late)), Route::Ignore);
    assert_eq!(route(offline(true)), Route::Ignore);
    assert_eq!(route(offline(false)), Route::Start(LIGHT.device_id.0));
    assert_eq!(route(failed(3, FailureKind::Mismatch)), Route::Start(LIGHT.device_id.0));
}

#[test]
fn a_light_that_may_come_back_is_looked_at_again_and_then_decided() {
    let mut faulting = Instance::<Faulting>::new();
    let device_id = SESSION.to_string().parse().unwrap();
    let check = Command::CheckLight {
        light: LightChannel { device_id, channel: 3 },
    };
    let first = faulting.event(&failed(3, FailureKind::Unreachable), 10);
    assert_eq!(dispatched(&first), [("check-3", &check)]);
    assert_eq!(
        faulting.refused("check-3", &not_before(70), 10),
        [Effect::set_timer("check-3", at(70))]
    );
    let second = faulting.timer("check-3", 70);
    assert_eq!(dispatched(&second), [("check-3", &check)]);
    // The clock that decides is behind: not at once again.
    assert_eq!(
        faulting.refused("check-3", &not_before(70), 70),
        [Effect::set_timer("check-3", at(71))]
    );
    faulting.timer("check-3", 71);
    assert_eq!(faulting.accepted("check-3", 71), [Effect::End]);
}

#[test]
fn every_output_of_a_lost_device_is_looked_at_by_itself() {
    let mut faulting = Instance::<Faulting>::new();
    assert_eq!(steps(&faulting.event(&offline(false), 40)), ["check-1", "check-2"]);
    assert!(faulting.accepted("check-1", 40).is_empty());
    assert_eq!(
        faulting.refused("check-2", &refusal("DEVICE_NOT_FOUND"), 41),
        [Effect::End]
    );
}

#[test]
fn news_that_comes_while_it_is_asked_about_is_asked_about_once_more() {
    let mut faulting = Instance::<Faulting>::new();
    faulting.event(&failed(3, FailureKind::Unreachable), 10);
    assert!(faulting.event(&failed(3, FailureKind::Mismatch), 11).is_empty());
    assert_eq!(steps(&faulting.accepted("check-3", 12)), ["check-3"]);
    assert_eq!(faulting.accepted("check-3", 13), [Effect::End]);
}
