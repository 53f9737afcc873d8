//! What is done for a split.

use jiff::Timestamp;

use crate::command::Command;
use crate::event::Event;
use crate::ids::{MemberId, SplitId};
use crate::processes::{Effect, Input};
use crate::split::{OPENER, RETRIES_MAX, RETRY_SECONDS, SplitEvent};
use crate::tariff::pricing::seconds_after;

use super::names::{AGAIN, CHARGE, LAPSE, LEFTOVER, MOVE, RETRY, STALL};
use super::state::{Over, State};

/// A share that could not be moved so often is somebody's to look at; the log says so.
const REFUSALS_MAX: u32 = 20;

pub(super) fn react(state: &mut State, input: &Input<'_>, now: Timestamp) -> Vec<Effect> {
    match input {
        Input::Event {
            aggregate_id,
            event: Event::BillSplit(event),
        } => on_event(state, aggregate_id, event, now),
        Input::Event { .. } | Input::Answered { .. } => Vec::new(),
        Input::Timer { name, .. } => on_timer(state, name),
        Input::Accepted { step } => on_accepted(state, step),
        Input::Refused { step, refusal } => on_refused(state, step, &refusal.reason, now),
    }
}

fn on_event(state: &mut State, aggregate_id: &str, event: &SplitEvent, now: Timestamp) -> Vec<Effect> {
    state.split_id = aggregate_id.parse().unwrap_or_default();
    if !of_this_round(state, round(event)) {
        return Vec::new();
    }
    match event {
        SplitEvent::SplitStarted {
            confirm_by, ends_at, ..
        } => wait(state, Some(*confirm_by), *ends_at),
        SplitEvent::ShareRemoved {
            confirm_by, ends_at, ..
        } => {
            state.charging = false;
            wait(state, Some(*confirm_by), *ends_at)
        }
        SplitEvent::ChargingBegan { ordinals, ends_at, .. } => {
            state.charging = true;
            let mut effects = wait(state, None, *ends_at);
            if state.over.is_none() {
                effects.extend(ordinals.iter().map(|ordinal| charge(state, *ordinal)));
            }
            effects
        }
        // The opener's own share has grown, and may have been paid before.
        SplitEvent::ShareTakenOver { .. } if state.charging && state.over.is_none() => vec![charge(state, OPENER)],
        SplitEvent::ShareFailed { ordinal, failures, .. } if *failures <= RETRIES_MAX && state.over.is_none() => {
            vec![Effect::set_timer(
                &of(RETRY, state, *ordinal),
                seconds_after(now, RETRY_SECONDS),
            )]
        }
        SplitEvent::SplitCompleted { ordinals, people, .. } => end(state, Over::Completed, ordinals, people),
        SplitEvent::SplitCancelled { ordinals, people, .. } => end(state, Over::Cancelled, ordinals, people),
        _ => Vec::new(),
    }
}

/// Whether an event belongs to the round that goes on; the first event of a later one begins it.
fn of_this_round(state: &mut State, round: u32) -> bool {
    if round > state.round {
        let split_id = state.split_id;
        *state = State {
            split_id,
            round,
            ..State::default()
        };
    }
    round == state.round
}

const fn round(event: &SplitEvent) -> u32 {
    match event {
        SplitEvent::SplitStarted { terms, .. } => terms.round,
        SplitEvent::ShareConfirmed { round, .. }
        | SplitEvent::ShareDeclined { round, .. }
        | SplitEvent::ShareRemoved { round, .. }
        | SplitEvent::ShareTakenOver { round, .. }
        | SplitEvent::SplitStalled { round, .. }
        | SplitEvent::ChargingBegan { round, .. }
        | SplitEvent::SharePaid { round, .. }
        | SplitEvent::ShareFailed { round, .. }
        | SplitEvent::OpenerAsked { round, .. }
        | SplitEvent::SplitCompleted { round, .. }
        | SplitEvent::ShareDelivered { round, .. }
        | SplitEvent::SplitCancelled { round, .. }
        | SplitEvent::ShareReturned { round, .. } => *round,
    }
}

/// Sets the timers for the latest ends that are known; each removal of a share puts them off.
fn wait(state: &mut State, confirm_by: Option<Timestamp>, ends_at: Timestamp) -> Vec<Effect> {
    if state.over.is_some() {
        return Vec::new();
    }
    state.confirm_by = state.confirm_by.max(confirm_by);
    state.ends_at = state.ends_at.max(Some(ends_at));
    let timer = |prefix, due: Option<Timestamp>| Some(Effect::set_timer(&round_of(prefix, state), due?));
    [timer(STALL, state.confirm_by), timer(LAPSE, state.ends_at)]
        .into_iter()
        .flatten()
        .collect()
}

fn on_timer(state: &State, name: &str) -> Vec<Effect> {
    let (split_id, round) = (state.split_id, state.round);
    if let Some(ordinal) = ordinal(state, name, AGAIN) {
        let owed = state.owed.contains_key(&ordinal);
        return owed.then(|| moving(state, ordinal)).flatten().into_iter().collect();
    }
    if state.over.is_some() {
        return Vec::new();
    }
    if let Some(ordinal) = ordinal(state, name, RETRY) {
        return vec![charge(state, ordinal)];
    }
    if name == round_of(STALL, state) {
        return vec![Effect::dispatch(name, Command::StallSplit { split_id, round })];
    }
    if name == round_of(LAPSE, state) {
        return vec![Effect::dispatch(name, Command::LapseSplit { split_id, round })];
    }
    Vec::new()
}

fn on_accepted(state: &mut State, step: &str) -> Vec<Effect> {
    if let Some(ordinal) = ordinal(state, step, MOVE) {
        return match state.owed.remove(&ordinal) {
            Some(_) if state.owed.is_empty() => leftovers(state),
            _ => Vec::new(),
        };
    }
    // If that ended it, the event begins an instance once more; if it was over before, nothing is to be waited for.
    if step == round_of(LAPSE, state) && state.over.is_none() {
        return vec![Effect::End];
    }
    returned(state, step)
}

fn on_refused(state: &mut State, step: &str, reason: &str, now: Timestamp) -> Vec<Effect> {
    if let Some(ordinal) = ordinal(state, step, MOVE) {
        let again = of(AGAIN, state, ordinal);
        let Some(refusals) = state.owed.get_mut(&ordinal) else {
            return Vec::new();
        };
        *refusals += 1;
        if *refusals >= REFUSALS_MAX {
            return Vec::new();
        }
        let seconds = 1u32 << (*refusals).min(12);
        return vec![Effect::set_timer(&again, seconds_after(now, seconds.min(3_600)))];
    }
    if step == round_of(LAPSE, state) && state.over.is_none() {
        return match (reason, state.ends_at) {
            // A share was taken out meanwhile, which put the end off.
            ("SPLIT_NOT_OVER", Some(ends_at)) => {
                vec![Effect::set_timer(step, ends_at.max(seconds_after(now, RETRY_SECONDS)))]
            }
            // Everybody has paid: the event that says so begins an instance once more, or did.
            _ => vec![Effect::End],
        };
    }
    returned(state, step)
}

/// It is over: what was set aside is moved, then guests get back what they have left.
fn end(state: &mut State, over: Over, ordinals: &[u8], people: &[MemberId]) -> Vec<Effect> {
    if state.over.is_some() {
        return Vec::new();
    }
    state.over = Some(over);
    state.owed = ordinals.iter().map(|ordinal| (*ordinal, 0)).collect();
    state.people = people.iter().copied().collect();
    let mut effects = vec![
        Effect::clear_timer(&round_of(STALL, state)),
        Effect::clear_timer(&round_of(LAPSE, state)),
    ];
    match ordinals {
        [] => effects.extend(leftovers(state)),
        _ => effects.extend(ordinals.iter().filter_map(|ordinal| moving(state, *ordinal))),
    }
    effects
}

fn leftovers(state: &State) -> Vec<Effect> {
    if state.people.is_empty() {
        return vec![Effect::End];
    }
    let give = |member_id: &MemberId| {
        let member_id = *member_id;
        let step = format!("{LEFTOVER}{}-{member_id}", state.round);
        Effect::dispatch(&step, Command::ReturnLeftover { member_id })
    };
    state.people.iter().map(give).collect()
}

/// Somebody has back what was left, or there is nobody any more to have it.
fn returned(state: &mut State, step: &str) -> Vec<Effect> {
    let prefix = format!("{LEFTOVER}{}-", state.round);
    let member_id = step.strip_prefix(&prefix).and_then(|id| id.parse().ok());
    let known = member_id.is_some_and(|member_id| state.people.remove(&member_id));
    match known && state.people.is_empty() {
        true => vec![Effect::End],
        false => Vec::new(),
    }
}

fn charge(state: &State, ordinal: u8) -> Effect {
    let (split_id, round) = (state.split_id, state.round);
    let command = Command::ChargeShare {
        split_id,
        round,
        ordinal,
    };
    Effect::dispatch(&of(CHARGE, state, ordinal), command)
}

fn moving(state: &State, ordinal: u8) -> Option<Effect> {
    let (split_id, round): (SplitId, u32) = (state.split_id, state.round);
    let command = match state.over? {
        Over::Completed => Command::DeliverShare {
            split_id,
            round,
            ordinal,
        },
        Over::Cancelled => Command::ReturnShare {
            split_id,
            round,
            ordinal,
        },
    };
    Some(Effect::dispatch(&of(MOVE, state, ordinal), command))
}

fn round_of(prefix: &str, state: &State) -> String {
    format!("{prefix}{}", state.round)
}

fn of(prefix: &str, state: &State, ordinal: u8) -> String {
    format!("{prefix}{}-{ordinal}", state.round)
}

/// The share that a name of this round is about.
fn ordinal(state: &State, name: &str, prefix: &str) -> Option<u8> {
    name.strip_prefix(&of_round(prefix, state))?.parse().ok()
}

fn of_round(prefix: &str, state: &State) -> String {
    format!("{prefix}{}-", state.round)
}
