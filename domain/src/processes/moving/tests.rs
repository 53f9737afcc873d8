//! Moves, with inputs that come twice.

use crate::processes::fixtures::{LIGHT, SESSION, at, transferred};
use crate::processes::{Effect, Input, ProcessManager, Route};

use super::names::LIGHT_OFF;
use super::{Moving, State};

#[test]
fn the_light_of_the_table_that_was_left_goes_off_when_it_has_lingered() {
    let stream = SESSION.to_string();
    let event = transferred(60, 240, 3_600);
    let Route::Start(_) = Moving::route(&stream, &event) else {
        panic!("a move begins an instance");
    };
    let mut state = State::default();
    let input = Input::Event {
        aggregate_id: &stream,
        event: &event,
    };
    let effects = Moving::react(&mut state, &input, at(60));
    assert_eq!(effects, [Effect::set_timer(LIGHT_OFF, at(240))]);
    assert!(Moving::react(&mut state, &input, at(61)).is_empty(), "once");
    let timer = Input::Timer {
        name: LIGHT_OFF,
        due: at(240),
    };
    let off = crate::Command::SwitchOffLight {
        light: LIGHT,
        session_id: SESSION,
    };
    assert_eq!(
        Moving::react(&mut state, &timer, at(240)),
        [Effect::dispatch(LIGHT_OFF, off)]
    );
    let accepted = Input::Accepted { step: LIGHT_OFF };
    assert_eq!(Moving::react(&mut state, &accepted, at(241)), [Effect::End]);
}

#[test]
fn a_light_that_does_not_linger_needs_nothing() {
    let stream = SESSION.to_string();
    let event = transferred(60, 60, 3_600);
    let input = Input::Event {
        aggregate_id: &stream,
        event: &event,
    };
    assert_eq!(Moving::react(&mut State::default(), &input, at(60)), [Effect::End]);
}
