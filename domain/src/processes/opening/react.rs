//! What an opening does.

use jiff::Timestamp;

use crate::command::Command;
use crate::device::DeviceEvent;
use crate::event::Event;
use crate::processes::{Effect, Input};
use crate::session::{BillingStartCause, CancelReason, TableSessionEvent};
use crate::tariff::pricing::seconds_after;

use super::names::{BILLING_START, CANCEL, LIGHT_TIMEOUT, START_BILLING_DEADLINE, START_BILLING_LIGHT};
use super::state::{Opened, State};

pub(super) fn react(state: &mut State, input: &Input<'_>) -> Vec<Effect> {
    match input {
        Input::Event { event, .. } => on_event(state, event),
        Input::Timer { name, .. } => on_timer(state, name),
        Input::Answered { .. } => Vec::new(),
        Input::Accepted { step } => on_accepted(state, step),
        Input::Refused { step, refusal } => on_refused(state, step, &refusal.reason),
    }
}

fn on_event(state: &mut State, event: &Event) -> Vec<Effect> {
    match event {
        Event::TableSession(event) => match event {
            TableSessionEvent::SessionOpened { .. } => on_opened(state, event),
            TableSessionEvent::BillingStarted { .. } => on_billing(state),
            TableSessionEvent::SessionClosed { .. } | TableSessionEvent::SessionCancelled { .. } => vec![Effect::End],
            _ => Vec::new(),
        },
        Event::Device(DeviceEvent::LightConfirmed { on: true, at, .. }) => on_lit(state, *at),
        _ => Vec::new(),
    }
}

fn on_opened(state: &mut State, event: &TableSessionEvent) -> Vec<Effect> {
    let TableSessionEvent::SessionOpened {
        session_id,
        policy,
        opened_at,
        ..
    } = event
    else {
        return Vec::new();
    };
    if state.opened.is_some() {
        return Vec::new();
    }
    let opened = Opened {
        session_id: *session_id,
        billing_start: seconds_after(*opened_at, policy.billing_start_seconds_max),
    };
    state.opened = Some(opened);
    if let Some(at) = state.lit_at {
        return light_is_on(state, at);
    }
    vec![
        Effect::set_timer(BILLING_START, opened.billing_start),
        Effect::set_timer(LIGHT_TIMEOUT, seconds_after(*opened_at, policy.light_timeout_seconds)),
    ]
}

/// The first confirmation counts. While the session is being given up it is only remembered: should the cancellation be refused because
/// of this very light, it is needed then.
fn on_lit(state: &mut State, at: Timestamp) -> Vec<Effect> {
    if state.lit_at.is_some() {
        return Vec::new();
    }
    state.lit_at = Some(at);
    if state.giving_up {
        return Vec::new();
    }
    light_is_on(state, at)
}

fn on_billing(state: &mut State) -> Vec<Effect> {
    state.billing = true;
    if state.lit_at.is_some() && !state.giving_up {
        return vec![Effect::End];
    }
    vec![Effect::clear_timer(BILLING_START)]
}

fn on_timer(state: &mut State, name: &str) -> Vec<Effect> {
    let Some(opened) = state.opened else {
        return Vec::new();
    };
    if state.lit_at.is_some() || state.giving_up {
        return Vec::new();
    }
    match name {
        BILLING_START if !state.billing => vec![Effect::dispatch(
            START_BILLING_DEADLINE,
            Command::StartBilling {
                session_id: opened.session_id,
                cause: BillingStartCause::Deadline,
                at: opened.billing_start,
            },
        )],
        LIGHT_TIMEOUT => {
            state.giving_up = true;
            vec![
                Effect::clear_timer(BILLING_START),
                Effect::dispatch(
                    CANCEL,
                    Command::CancelSession {
                        session_id: opened.session_id,
                        reason: CancelReason::LightNotConfirmed,
                    },
                ),
            ]
        }
        _ => Vec::new(),
    }
}

fn on_accepted(state: &mut State, step: &str) -> Vec<Effect> {
    match step {
        START_BILLING_LIGHT | START_BILLING_DEADLINE => on_billing(state),
        CANCEL => vec![Effect::End],
        _ => Vec::new(),
    }
}

/// Billing is refused only to a session that is over. A cancellation is refused to such a one too, or because the light was confirmed.
fn on_refused(state: &mut State, step: &str, reason: &str) -> Vec<Effect> {
    if step == CANCEL && reason == "SESSION_LIGHT_CONFIRMED" {
        state.giving_up = false;
        if state.billing {
            return vec![Effect::End];
        }
        // If it was not seen yet: the confirmation is in the log and will come.
        return state.lit_at.map_or_else(Vec::new, |at| light_is_on(state, at));
    }
    vec![Effect::End]
}

fn light_is_on(state: &State, at: Timestamp) -> Vec<Effect> {
    if state.billing {
        return vec![Effect::End];
    }
    let Some(opened) = state.opened else {
        return Vec::new();
    };
    vec![
        Effect::clear_timer(BILLING_START),
        Effect::clear_timer(LIGHT_TIMEOUT),
        Effect::dispatch(
            START_BILLING_LIGHT,
            Command::StartBilling {
                session_id: opened.session_id,
                cause: BillingStartCause::LightConfirmed,
                at,
            },
        ),
    ]
}
