//! What is done about expiries.

use jiff::Timestamp;

use crate::command::Command;
use crate::event::Event;
use crate::points_account::PointsAccountEvent;
use crate::processes::{Effect, Input};

use super::names::EXPIRE;
use super::state::State;

pub(super) fn react(state: &mut State, input: &Input<'_>, now: Timestamp) -> Vec<Effect> {
    match input {
        Input::Event {
            aggregate_id,
            event: Event::PointsAccount(event),
        } => on_event(state, aggregate_id, event),
        Input::Event { .. } => Vec::new(),
        Input::Timer { .. } => on_timer(state, now),
        Input::Answered { .. } => Vec::new(),
        Input::Accepted { .. } | Input::Refused { .. } => match state.due.is_empty() {
            true => vec![Effect::End],
            false => Vec::new(),
        },
    }
}

fn on_event(state: &mut State, aggregate_id: &str, event: &PointsAccountEvent) -> Vec<Effect> {
    match event {
        PointsAccountEvent::PointsEarned { expires_at, .. } | PointsAccountEvent::PointsGranted { expires_at, .. } => {
            expect(state, aggregate_id, &[*expires_at])
        }
        PointsAccountEvent::PointsRestored { shares, .. } => {
            let expiries: Vec<_> = shares.iter().map(|share| share.expires_at).collect();
            expect(state, aggregate_id, &expiries)
        }
        PointsAccountEvent::PointsForfeited { .. } => vec![Effect::End],
        PointsAccountEvent::PointsReversed { .. }
        | PointsAccountEvent::PointsRedeemed { .. }
        | PointsAccountEvent::PointsExpired { .. } => Vec::new(),
    }
}

fn expect(state: &mut State, aggregate_id: &str, expiries: &[Timestamp]) -> Vec<Effect> {
    state.member_id = aggregate_id.parse().ok();
    let before = state.due.len();
    state.due.extend(expiries);
    match (state.due.is_empty(), state.due.len() > before) {
        (true, _) => vec![Effect::End],
        (_, true) => wait(state),
        (_, false) => Vec::new(),
    }
}

fn on_timer(state: &mut State, now: Timestamp) -> Vec<Effect> {
    // The command is decided after this instant: whatever is due now is gone then.
    state.due.retain(|due| *due > now);
    let mut effects = wait(state);
    if let Some(member_id) = state.member_id {
        effects.push(Effect::dispatch(EXPIRE, Command::ExpirePoints { member_id }));
    }
    effects
}

fn wait(state: &State) -> Vec<Effect> {
    let first = state.due.first();
    first.map_or_else(Vec::new, |due| vec![Effect::set_timer(EXPIRE, *due)])
}
