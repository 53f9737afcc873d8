//! What is done for a guest who leaves.

use crate::command::Command;
use crate::event::Event;
use crate::payment::PaymentEvent;
use crate::processes::{Effect, Input};

use super::{RETURN, State};

pub(super) fn react(state: &mut State, input: &Input<'_>) -> Vec<Effect> {
    match (input, state.guest) {
        (
            Input::Event {
                event: Event::Payment(PaymentEvent::PaymentStarted { intent, .. }),
                ..
            },
            _,
        ) => {
            state.guest = Some(intent.payer);
            Vec::new()
        }
        // Each end asks anew: what was tried too early for one is done by the next.
        (Input::Event { .. }, Some(member_id)) => {
            vec![Effect::dispatch(RETURN, Command::ReturnLeftover { member_id })]
        }
        (Input::Accepted { .. } | Input::Refused { .. }, _) => vec![Effect::End],
        (Input::Event { .. } | Input::Timer { .. } | Input::Answered { .. }, _) => Vec::new(),
    }
}
