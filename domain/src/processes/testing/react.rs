//! What a test does.

use jiff::Timestamp;

use crate::command::Command;
use crate::device::DeviceEvent;
use crate::event::Event;
use crate::processes::{Effect, Input};
use crate::repair::RepairEvent;
use crate::tariff::pricing::seconds_after;

use super::STEPS;
use super::names::{ANSWER, FAIL, OFF, PASS};
use super::state::{State, Test};

pub(super) fn react(state: &mut State, input: &Input<'_>, now: Timestamp) -> Vec<Effect> {
    match input {
        Input::Event { aggregate_id, event } => on_event(state, aggregate_id, event, now),
        Input::Timer { name, .. } if *name == ANSWER => fail(state),
        Input::Accepted { step } => on_answer(state, step),
        Input::Refused { step, .. } if step.starts_with("step-") => fail(state),
        Input::Refused { step, .. } => on_answer(state, step),
        Input::Timer { .. } | Input::Answered { .. } => Vec::new(),
    }
}

fn on_event(state: &mut State, aggregate_id: &str, event: &Event, now: Timestamp) -> Vec<Effect> {
    match event {
        Event::Repair(RepairEvent::RepairTestStarted {
            test,
            light,
            answer_seconds,
            ..
        }) => {
            let Ok(repair_id) = aggregate_id.parse() else {
                return Vec::new();
            };
            let is_known = |known: &Test| (known.repair_id, known.test) == (repair_id, *test);
            if state.test.as_ref().is_some_and(is_known) {
                return Vec::new();
            }
            let test = state.test.insert(Test {
                repair_id,
                test: *test,
                light: *light,
                answer_seconds: *answer_seconds,
                confirmed: 0,
                rev: 0,
                decided: false,
            });
            next(test, now)
        }
        Event::Device(DeviceEvent::LightConfirmed { rev, on, .. }) => on_confirmed(state, *rev, *on, now),
        _ => Vec::new(),
    }
}

/// Each state is desired when the one before it is confirmed, so the next confirmation of a newer state is the one that is waited for.
fn on_confirmed(state: &mut State, rev: u64, on: bool, now: Timestamp) -> Vec<Effect> {
    let Some(test) = state.test.as_mut().filter(|test| !test.decided) else {
        return Vec::new();
    };
    if rev <= test.rev || on != wants_on(test) {
        return Vec::new();
    }
    test.rev = rev;
    test.confirmed += 1;
    if test.confirmed < STEPS {
        return next(test, now);
    }
    test.decided = true;
    let command = Command::PassTest {
        repair_id: test.repair_id,
        test: test.test,
    };
    vec![
        Effect::clear_timer(ANSWER),
        Effect::dispatch(&result(PASS, test), command),
    ]
}

fn next(test: &Test, now: Timestamp) -> Vec<Effect> {
    let command = Command::TestLight {
        light: test.light,
        on: wants_on(test),
    };
    vec![
        Effect::set_timer(ANSWER, seconds_after(now, test.answer_seconds)),
        Effect::dispatch(&format!("step-{}", test.confirmed + 1), command),
    ]
}

const fn wants_on(test: &Test) -> bool {
    test.confirmed.is_multiple_of(2)
}

fn fail(state: &mut State) -> Vec<Effect> {
    let Some(test) = state.test.as_mut().filter(|test| !test.decided) else {
        return Vec::new();
    };
    test.decided = true;
    let failed = Command::FailTest {
        repair_id: test.repair_id,
        test: test.test,
        step: test.confirmed + 1,
    };
    let off = Command::TestLight {
        light: test.light,
        on: false,
    };
    vec![
        Effect::clear_timer(ANSWER),
        Effect::dispatch(OFF, off),
        Effect::dispatch(&result(FAIL, test), failed),
    ]
}

/// The name of a result, which is no other test's.
fn result(step: &str, test: &Test) -> String {
    format!("{step}-{}-{}", test.repair_id, test.test)
}

/// Over, unless the light is being tested once more by now.
fn on_answer(state: &State, step: &str) -> Vec<Effect> {
    let is_over = state
        .test
        .as_ref()
        .is_some_and(|test| [PASS, FAIL].iter().any(|name| result(name, test) == step));
    match is_over {
        true => vec![Effect::End],
        false => Vec::new(),
    }
}
