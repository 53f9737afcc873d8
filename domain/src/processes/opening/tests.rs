//! Given an opening, when something comes, then …, with inputs that come twice, late and out of order.

use crate::command::Command;
use crate::device::DeviceEvent;
use crate::event::Event;
use crate::processes::fixtures::{
    Instance, SESSION, at, billed, cancelled, closed, dispatched, extended, lit, prepaid, refusal, settled, steps,
};
use crate::processes::{Effect, ProcessManager, Route};
use crate::session::{BillingStartCause, CancelReason};

use super::Opening;
use super::names::{BILLING_START, CANCEL, LIGHT_TIMEOUT, START_BILLING_DEADLINE, START_BILLING_LIGHT};

const NOTHING: [&str; 0] = [];

fn opening() -> Instance<Opening> {
    Instance::new().after(&[prepaid(3_600)], 0)
}

fn start_billing(cause: BillingStartCause, second: i64) -> Command {
    Command::StartBilling {
        session_id: SESSION,
        cause,
        at: at(second),
    }
}

const CANCEL_SESSION: Command = Command::CancelSession {
    session_id: SESSION,
    reason: CancelReason::LightNotConfirmed,
};

#[test]
fn events_find_their_session() {
    let session = SESSION.to_string();
    let route = |event: &Event| Opening::route(&session, event);
    assert_eq!(route(&prepaid(60)), Route::Start(SESSION.0));
    for event in [billed(0, 60), closed(0, 60), cancelled()] {
        assert_eq!(route(&event), Route::Continue(SESSION.0));
    }
    for event in [extended(0, 60), settled()] {
        assert_eq!(route(&event), Route::Ignore);
    }
    assert_eq!(Opening::route("not an id", &prepaid(60)), Route::Ignore);
    // A light is in its device's stream and names the session.
    assert_eq!(Opening::route("a device", &lit(1)), Route::Continue(SESSION.0));
    let dark = Event::Device(DeviceEvent::LightConfirmed {
        channel: 1,
        rev: 2,
        session_id: Some(SESSION),
        on: false,
        latency_ms: 0,
        attempts: 1,
        at: at(1),
    });
    assert_eq!(Opening::route("a device", &dark), Route::Ignore);
}

#[test]
fn an_opening_waits_for_the_light_and_the_clock() {
    let mut opening = Instance::<Opening>::new();
    assert_eq!(
        opening.event(&prepaid(3_600), 0),
        [
            Effect::set_timer(BILLING_START, at(10)),
            Effect::set_timer(LIGHT_TIMEOUT, at(30)),
        ]
    );
    assert_eq!(opening.event(&prepaid(3_600), 1), [], "told twice");
}

#[test]
fn the_light_starts_billing_once() {
    let mut opening = opening();
    let effects = opening.event(&lit(3), 3);
    assert_eq!(
        dispatched(&effects),
        [(
            START_BILLING_LIGHT,
            &start_billing(BillingStartCause::LightConfirmed, 3)
        )]
    );
    assert!(effects.contains(&Effect::clear_timer(BILLING_START)));
    assert!(effects.contains(&Effect::clear_timer(LIGHT_TIMEOUT)));
    assert_eq!(opening.event(&lit(3), 4), [], "told twice");
    // The timers went off just before they were cleared.
    assert_eq!(opening.timer(BILLING_START, 10), []);
    assert_eq!(opening.timer(LIGHT_TIMEOUT, 30), []);
    assert_eq!(opening.event(&billed(3, 3_603), 31), [Effect::End]);
}

#[test]
fn the_clock_starts_billing_and_the_light_is_still_waited_for() {
    let mut opening = opening();
    let effects = opening.timer(BILLING_START, 14);
    assert_eq!(
        dispatched(&effects),
        [(START_BILLING_DEADLINE, &start_billing(BillingStartCause::Deadline, 10))],
        "late, and yet from second 10 on"
    );
    assert_eq!(steps(&opening.accepted(START_BILLING_DEADLINE, 14)), NOTHING);
    assert_eq!(steps(&opening.event(&billed(10, 3_610), 14)), NOTHING);
    assert_eq!(opening.timer(BILLING_START, 15), [], "went off twice");
    assert_eq!(opening.event(&lit(20), 20), [Effect::End]);
}

#[test]
fn without_light_the_session_is_given_up_once() {
    let mut opening = opening();
    let effects = opening.timer(LIGHT_TIMEOUT, 30);
    assert_eq!(dispatched(&effects), [(CANCEL, &CANCEL_SESSION)]);
    assert_eq!(opening.timer(LIGHT_TIMEOUT, 31), [], "went off twice");
    assert_eq!(opening.timer(BILLING_START, 31), []);
    assert_eq!(opening.event(&lit(31), 31), [], "too late");
    assert_eq!(opening.accepted(CANCEL, 32), [Effect::End]);
}

#[test]
fn a_light_that_outran_the_cancellation_is_played_under() {
    // The confirmation is heard after the refusal …
    let mut first = opening();
    first.timer(LIGHT_TIMEOUT, 30);
    let too_late = refusal("SESSION_LIGHT_CONFIRMED");
    assert_eq!(first.refused(CANCEL, &too_late, 31), []);
    assert_eq!(steps(&first.event(&lit(29), 32)), [START_BILLING_LIGHT]);
    // … or before it …
    let mut second = opening();
    second.timer(LIGHT_TIMEOUT, 30);
    assert_eq!(second.event(&lit(29), 31), []);
    let effects = second.refused(CANCEL, &too_late, 32);
    assert_eq!(
        dispatched(&effects),
        [(
            START_BILLING_LIGHT,
            &start_billing(BillingStartCause::LightConfirmed, 29)
        )]
    );
    // … and if billing has begun there is nothing left to do.
    let mut third = opening().after(&[billed(10, 3_610)], 10);
    third.timer(LIGHT_TIMEOUT, 30);
    assert_eq!(third.refused(CANCEL, &too_late, 31), [Effect::End]);
}

#[test]
fn a_light_that_is_heard_of_before_the_opening_counts() {
    let mut opening = Instance::<Opening>::new();
    assert_eq!(opening.event(&lit(2), 2), []);
    assert_eq!(steps(&opening.event(&prepaid(3_600), 3)), [START_BILLING_LIGHT]);
}

#[test]
fn an_opening_is_over_when_its_session_is() {
    for over in [closed(5, 185), cancelled()] {
        assert_eq!(opening().event(&over, 5), [Effect::End]);
    }
    for (step, reason) in [
        (START_BILLING_DEADLINE, "SESSION_CLOSED"),
        (START_BILLING_LIGHT, "SESSION_CANCELLED"),
        (CANCEL, "SESSION_CLOSED"),
    ] {
        assert_eq!(opening().refused(step, &refusal(reason), 12), [Effect::End]);
    }
}
