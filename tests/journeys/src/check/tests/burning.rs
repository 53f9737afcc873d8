//! Lamps that burn too long.

use baize_domain::Event;
use baize_domain::device::{DesireReason, DeviceEvent};
use baize_domain::table::TableEvent;
use jiff::{SignedDuration, Timestamp};

use super::changed;
use super::evening::id;
use crate::check::Broken;
use crate::check::lamps::{Burning, Tolerance, none_burns_too_long};
use crate::log::Log;

/// Asked to be on at second 100 until second 200, told to be off at second 150.
fn asked() -> Log {
    let mut log = changed(|event| match event {
        Event::Device(DeviceEvent::LightDesired {
            issued_at, not_after, ..
        }) => {
            (*issued_at, *not_after) = (second(100), Some(second(200)));
        }
        Event::Table(TableEvent::TableRegistered { .. }) => {
            *event = Event::Device(DeviceEvent::DeviceRegistered {
                device_id: id(4).into(),
                hall_id: id(6).into(),
                driver: Default::default(),
                topic: "lamp".to_owned(),
                channels: 1,
            });
        }
        _ => {}
    });
    let on = log
        .entries
        .iter()
        .find(|entry| entry.event_type == "LightDesired")
        .unwrap();
    let mut off = on.clone();
    off.event = Event::Device(DeviceEvent::LightDesired {
        channel: 1,
        rev: 2,
        on: false,
        session_id: None,
        not_after: None,
        reason: DesireReason::SessionOver,
        issued_at: second(150),
    });
    log.entries.push(off);
    log
}

fn found(from: i64, to: i64) -> Broken {
    let tolerance = Tolerance {
        after_promise: SignedDuration::from_secs(2),
        after_wish: SignedDuration::from_secs(10),
    };
    let burning = Burning {
        topic: "lamp".to_owned(),
        channel: 1,
        from: second(from),
        to: second(to),
    };
    none_burns_too_long(&asked(), &[burning], tolerance)
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn a_lamp_that_goes_off_in_time_is_sound() {
    assert_eq!(found(101, 151), Broken::new());
    assert_eq!(found(101, 160), Broken::new());
}

#[test]
fn a_lamp_that_burns_on_after_it_was_told_to_go_off_is_found() {
    assert_eq!(found(101, 161).len(), 1);
    assert_eq!(found(165, 180).len(), 1);
}

#[test]
fn a_lamp_that_burns_past_every_promise_is_found_also_where_an_outage_excuses_much() {
    assert!(
        found(195, 203)
            .iter()
            .any(|broken| broken.contains("longer than it was ever promised"))
    );
}

#[test]
fn a_lamp_that_nobody_asked_for_is_found() {
    assert_eq!(found(10, 20).len(), 1);
}
