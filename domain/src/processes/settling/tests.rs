//! Given a settlement, when something comes, then …, with inputs that come twice, late and out of order.

use crate::command::Command;
use crate::processes::fixtures::{Instance, LIGHT, SESSION, at, closed, dispatched, prepaid, refusal, settled, steps};
use crate::processes::{Effect, ProcessManager, Route};

use super::Settling;
use super::names::{LIGHT_OFF, SETTLE, SETTLE_AGAIN};

const NOTHING: [&str; 0] = [];

const SETTLE_SESSION: Command = Command::SettleSession { session_id: SESSION };
const SWITCH_OFF: Command = Command::SwitchOffLight {
    light: LIGHT,
    session_id: SESSION,
};

fn settling() -> Instance<Settling> {
    Instance::new().after(&[closed(100, 280)], 100)
}

#[test]
fn events_find_their_session() {
    let session = SESSION.to_string();
    assert_eq!(Settling::route(&session, &closed(0, 0)), Route::Start(SESSION.0));
    assert_eq!(Settling::route(&session, &settled()), Route::Continue(SESSION.0));
    assert_eq!(Settling::route(&session, &prepaid(60)), Route::Ignore);
}

#[test]
fn a_closed_session_is_settled_and_its_light_switched_off_later() {
    let mut settling = Instance::<Settling>::new();
    assert_eq!(
        settling.event(&closed(100, 280), 100),
        [
            Effect::dispatch(SETTLE, SETTLE_SESSION),
            Effect::set_timer(LIGHT_OFF, at(280)),
        ]
    );
    assert_eq!(settling.event(&closed(100, 280), 101), [], "told twice");
    settling.accepted(SETTLE, 101);
    settling.event(&settled(), 101);
    let effects = settling.timer(LIGHT_OFF, 300);
    assert_eq!(dispatched(&effects), [(LIGHT_OFF, &SWITCH_OFF)]);
    assert_eq!(settling.accepted(LIGHT_OFF, 301), [Effect::End]);
}

#[test]
fn a_light_that_is_off_already_is_not_waited_for() {
    let mut settling = Instance::<Settling>::new();
    assert_eq!(
        settling.event(&closed(100, 100), 100),
        [Effect::dispatch(SETTLE, SETTLE_SESSION)]
    );
    assert!(settling.event(&settled(), 101).contains(&Effect::End));
}

#[test]
fn whichever_is_done_last_ends_it() {
    let mut settling = settling();
    settling.timer(LIGHT_OFF, 280);
    assert_eq!(settling.accepted(LIGHT_OFF, 281), []);
    assert!(settling.accepted(SETTLE, 282).contains(&Effect::End));
}

#[test]
fn a_refused_settlement_is_tried_again_more_and_more_rarely_and_not_for_ever() {
    let mut settling = settling();
    settling.timer(LIGHT_OFF, 280);
    settling.accepted(LIGHT_OFF, 280);
    let fault = refusal("SESSION_NOT_SECURED");
    let mut delays = Vec::new();
    loop {
        let effects = settling.refused(SETTLE, &fault, 1_000);
        match effects.as_slice() {
            [Effect::SetTimer { name, due }] => {
                assert_eq!(name, SETTLE_AGAIN);
                delays.push(due.as_second() - 1_000);
                assert_eq!(steps(&settling.timer(SETTLE_AGAIN, 2_000)), [SETTLE]);
            }
            other => {
                assert_eq!(other, [Effect::End]);
                break;
            }
        }
    }
    assert_eq!(delays.len(), 19);
    assert_eq!(delays[..4], [1, 2, 4, 8]);
    assert!(delays.iter().all(|delay| *delay <= 3_600));
}

#[test]
fn a_timer_that_comes_too_late_does_nothing() {
    let mut settling = settling();
    settling.accepted(SETTLE, 101);
    assert_eq!(steps(&settling.timer(SETTLE_AGAIN, 102)), NOTHING);
    settling.refused(LIGHT_OFF, &refusal("DEVICE_NOT_FOUND"), 280);
    assert_eq!(steps(&settling.timer(LIGHT_OFF, 281)), NOTHING);
}

#[test]
fn a_settlement_heard_of_before_the_close_is_not_asked_for() {
    let mut settling = Instance::<Settling>::new();
    assert_eq!(steps(&settling.event(&settled(), 100)), NOTHING);
    assert_eq!(steps(&settling.event(&closed(100, 280), 101)), NOTHING);
}
