//! What is done about levels that end.

use crate::command::Command;
use crate::event::Event;
use crate::processes::{Effect, Input};

use super::names::REVIEW;
use super::route::{end, told_at};
use super::state::State;

pub(super) fn react(state: &mut State, input: &Input<'_>) -> Vec<Effect> {
    match input {
        Input::Event {
            aggregate_id,
            event: Event::Member(event),
        } => {
            let at = told_at(event);
            if state.heard >= at {
                return Vec::new();
            }
            state.heard = at;
            state.member_id = aggregate_id.parse().ok();
            let end = end(event);
            vec![end.map_or(Effect::End, |until| Effect::set_timer(REVIEW, until))]
        }
        Input::Timer { .. } => {
            let review = state.member_id.map(|member_id| Command::ReviewLevel { member_id });
            review.map_or_else(Vec::new, |review| vec![Effect::dispatch(REVIEW, review)])
        }
        // What follows is heard as an event.
        Input::Event { .. } | Input::Answered { .. } | Input::Accepted { .. } => Vec::new(),
        // The level has another end by now, which was heard of or will be; or its member is gone.
        Input::Refused { refusal, .. } => match refusal.reason.as_str() {
            "LEVEL_NOT_DUE" => Vec::new(),
            _ => vec![Effect::End],
        },
    }
}
