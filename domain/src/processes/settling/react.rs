//! What a settlement does.

use jiff::Timestamp;

use crate::command::Command;
use crate::event::Event;
use crate::processes::{Effect, Input, session_of};
use crate::session::TableSessionEvent;
use crate::tariff::pricing::seconds_after;

use super::names::{LIGHT_OFF, SETTLE, SETTLE_AGAIN};
use super::state::{Closed, State};

/// Settling is refused only through a fault. It is tried again after 1, 2, 4 … 3,600 seconds, at most so many times; then it is left to the
/// staff, who see the session closed and unsettled.
const REFUSALS_MAX: u32 = 20;

pub(super) fn react(state: &mut State, input: &Input<'_>, now: Timestamp) -> Vec<Effect> {
    let mut effects = match input {
        Input::Event {
            aggregate_id,
            event: Event::TableSession(event),
        } => on_event(state, aggregate_id, event),
        Input::Event { .. } => Vec::new(),
        Input::Timer { name, .. } => on_timer(state, name),
        Input::Answered { .. } => Vec::new(),
        Input::Accepted { step } => on_accepted(state, step),
        Input::Refused { step, .. } => on_refused(state, step, now),
    };
    let given_up = state.refusals >= REFUSALS_MAX;
    if state.closed.is_some() && state.dark && (state.settled || given_up) {
        effects.push(Effect::End);
    }
    effects
}

fn on_event(state: &mut State, aggregate_id: &str, event: &TableSessionEvent) -> Vec<Effect> {
    match event {
        TableSessionEvent::SessionClosed {
            at, light, light_until, ..
        } => {
            let Some(session_id) = session_of(aggregate_id).filter(|_| state.closed.is_none()) else {
                return Vec::new();
            };
            let closed = Closed {
                session_id,
                light: *light,
            };
            state.closed = Some(closed);
            let mut effects = Vec::with_capacity(2);
            if !state.settled {
                effects.push(settle(closed));
            }
            if light_until > at {
                effects.push(Effect::set_timer(LIGHT_OFF, *light_until));
            } else {
                state.dark = true;
            }
            effects
        }
        TableSessionEvent::SessionSettled { .. } => on_accepted(state, SETTLE),
        _ => Vec::new(),
    }
}

fn on_timer(state: &State, name: &str) -> Vec<Effect> {
    let Some(closed) = state.closed else {
        return Vec::new();
    };
    match name {
        SETTLE_AGAIN if !state.settled => vec![settle(closed)],
        LIGHT_OFF if !state.dark => vec![Effect::dispatch(
            LIGHT_OFF,
            Command::SwitchOffLight {
                light: closed.light,
                session_id: closed.session_id,
            },
        )],
        _ => Vec::new(),
    }
}

fn on_accepted(state: &mut State, step: &str) -> Vec<Effect> {
    match step {
        SETTLE => {
            state.settled = true;
            vec![Effect::clear_timer(SETTLE_AGAIN)]
        }
        LIGHT_OFF => {
            state.dark = true;
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn on_refused(state: &mut State, step: &str, now: Timestamp) -> Vec<Effect> {
    match step {
        SETTLE if !state.settled => {
            state.refusals += 1;
            if state.refusals >= REFUSALS_MAX {
                return Vec::new();
            }
            let seconds = (1 << state.refusals.min(12)) / 2;
            vec![Effect::set_timer(SETTLE_AGAIN, seconds_after(now, seconds.min(3600)))]
        }
        // There is no such light: nothing is left to be switched off.
        LIGHT_OFF => {
            state.dark = true;
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn settle(closed: Closed) -> Effect {
    Effect::dispatch(
        SETTLE,
        Command::SettleSession {
            session_id: closed.session_id,
        },
    )
}
