//! What is done for waiting openings.

use crate::command::Command;
use crate::event::Event;
use crate::ids::SessionId;
use crate::processes::{Effect, Input};
use crate::session::{LapseReason, TableSessionEvent};
use crate::wallet::WalletEvent;

use super::names::{LAPSE, PAY};
use super::state::State;

pub(super) fn react(state: &mut State, input: &Input<'_>) -> Vec<Effect> {
    match input {
        Input::Event { event, .. } => on_event(state, event),
        Input::Timer { name, .. } => {
            waiting(state, name).map_or_else(Vec::new, |session_id| vec![lapse(session_id, LapseReason::NotPaid)])
        }
        Input::Answered { .. } => Vec::new(),
        Input::Accepted { step } => over(state, step),
        Input::Refused { step, refusal } => on_refused(state, step, &refusal.reason),
    }
}

fn on_event(state: &mut State, event: &Event) -> Vec<Effect> {
    match event {
        Event::TableSession(TableSessionEvent::OpeningAwaited { awaited, .. }) => {
            let session_id = awaited.asked.session_id;
            if !state.waiting.insert(session_id) {
                return Vec::new();
            }
            // The money may have come between the asking and now.
            vec![
                Effect::set_timer(&session_id.to_string(), awaited.pay_by),
                pay(session_id),
            ]
        }
        Event::Wallet(WalletEvent::TopUpCredited { .. } | WalletEvent::WalletTakenOver { .. }) => {
            state.waiting.iter().copied().map(pay).collect()
        }
        _ => Vec::new(),
    }
}

fn on_refused(state: &mut State, step: &str, reason: &str) -> Vec<Effect> {
    match (step.strip_prefix(PAY), reason) {
        // Still too little, or a moment too late: the timer is set.
        (Some(_), "TOP_UP_REQUIRED" | "OPENING_LAPSED") => Vec::new(),
        (Some(id), _) => {
            waiting(state, id).map_or_else(Vec::new, |session_id| vec![lapse(session_id, LapseReason::Refused)])
        }
        // It has begun, or there is nothing to let go of.
        (None, _) => over(state, step),
    }
}

/// One opening waits no longer.
fn over(state: &mut State, step: &str) -> Vec<Effect> {
    let id = step.strip_prefix(PAY).or_else(|| step.strip_prefix(LAPSE));
    let Some(session_id) = id.and_then(|id| waiting(state, id)) else {
        return Vec::new();
    };
    state.waiting.remove(&session_id);
    if state.waiting.is_empty() {
        return vec![Effect::End];
    }
    vec![Effect::clear_timer(&session_id.to_string())]
}

fn waiting(state: &State, id: &str) -> Option<SessionId> {
    id.parse().ok().filter(|session_id| state.waiting.contains(session_id))
}

fn pay(session_id: SessionId) -> Effect {
    Effect::dispatch(&format!("{PAY}{session_id}"), Command::PayOpening { session_id })
}

fn lapse(session_id: SessionId, reason: LapseReason) -> Effect {
    Effect::dispatch(
        &format!("{LAPSE}{session_id}"),
        Command::LapseOpening { session_id, reason },
    )
}
