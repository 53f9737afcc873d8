//! What is done after a move.

use crate::command::Command;
use crate::event::Event;
use crate::processes::{Effect, Input, session_of};
use crate::session::TableSessionEvent;

use super::names::LIGHT_OFF;
use super::state::{Left, State};

pub(super) fn react(state: &mut State, input: &Input<'_>) -> Vec<Effect> {
    match input {
        Input::Event {
            aggregate_id,
            event:
                Event::TableSession(TableSessionEvent::SessionTransferred {
                    left_light,
                    left_light_until,
                    at,
                    ..
                }),
        } => {
            let Some(session_id) = session_of(aggregate_id).filter(|_| left_light_until > at) else {
                return vec![Effect::End];
            };
            if state.left.is_some() {
                return Vec::new();
            }
            state.left = Some(Left {
                light: *left_light,
                session_id,
            });
            vec![Effect::set_timer(LIGHT_OFF, *left_light_until)]
        }
        Input::Event { .. } => Vec::new(),
        Input::Timer { .. } => state.left.map_or_else(Vec::new, |left| {
            let command = Command::SwitchOffLight {
                light: left.light,
                session_id: left.session_id,
            };
            vec![Effect::dispatch(LIGHT_OFF, command)]
        }),
        // If it was refused, there is no such light: nothing is left to be switched off.
        Input::Accepted { .. } | Input::Refused { .. } => vec![Effect::End],
        Input::Answered { .. } => Vec::new(),
    }
}
