//! What earning does.

use crate::command::Command;
use crate::ids::{EarningId, MemberId};
use crate::processes::{Effect, Input};

use super::route::earning;
use super::state::State;

pub(super) fn react(state: &mut State, input: &Input<'_>) -> Vec<Effect> {
    match input {
        Input::Event { aggregate_id, event } => {
            let (Some(earning), Ok(member_id)) = (earning(event), aggregate_id.parse::<MemberId>()) else {
                return Vec::new();
            };
            state.pending.insert(earning.earning_id);
            let command = Command::EarnPoints {
                member_id,
                session_id: earning.session_id,
                earning_id: earning.earning_id,
                principal: earning.principal,
            };
            vec![Effect::dispatch(&earning.earning_id.to_string(), command)]
        }
        Input::Timer { .. } => Vec::new(),
        // A rule that refuses points refuses them for good: the payment stands.
        Input::Answered { .. } => Vec::new(),
        Input::Accepted { step } | Input::Refused { step, .. } => answered(state, step),
    }
}

fn answered(state: &mut State, step: &str) -> Vec<Effect> {
    let known = step
        .parse::<EarningId>()
        .is_ok_and(|earning_id| state.pending.remove(&earning_id));
    if known && state.pending.is_empty() {
        return vec![Effect::End];
    }
    Vec::new()
}
