//! Process managers: pure state machines that wait for events, timers and answers, and ask for effects.
//!
//! The runner in command-api stores a process's state, its timers and its pending effects in one transaction, and executes effects
//! under ids derived from process, key, step and the event that caused them: a crash repeats an effect, and the repeat is recognised.
//! So `react` must tolerate every input twice, late, and out of order.

pub mod collecting;
pub mod earning;
pub mod expiring;
pub mod faulting;
#[cfg(test)]
mod fixtures;
pub mod leaving;
pub mod levelling;
pub mod moving;
pub mod opening;
pub mod paying;
pub mod refunding;
pub mod running;
pub mod settling;
pub mod splitting;
pub mod testing;

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::command::Command;
use crate::event::Event;
use crate::ids::SessionId;
use crate::payment::{ProviderAnswer, ProviderRequest};
use crate::refusal::Refusal;

/// Whether an event concerns a process, and which instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// It does not.
    Ignore,
    /// It begins the instance (or, repeated, continues it).
    Start(Uuid),
    /// It concerns the instance if there is one.
    Continue(Uuid),
}

/// What a process reacts to.
#[derive(Clone, Debug, PartialEq)]
pub enum Input<'a> {
    /// An event of the log.
    Event {
        /// Stream the event is from.
        aggregate_id: &'a str,
        /// The event.
        event: &'a Event,
    },
    /// A timer went off; `name` as set.
    Timer {
        /// The timer's name.
        name: &'a str,
        /// When it was due (it may go off later, never earlier).
        due: Timestamp,
    },
    /// A dispatched command was accepted.
    Accepted {
        /// The step it was dispatched as.
        step: &'a str,
    },
    /// A provider that was called answered, or it is known that it did not.
    Answered {
        /// The step it was called as.
        step: &'a str,
        /// What it answered.
        answer: &'a ProviderAnswer,
    },
    /// A dispatched command was refused by a rule. (Unavailability is retried by the runner and never arrives here.)
    Refused {
        /// The step it was dispatched as.
        step: &'a str,
        /// Why.
        refusal: &'a Refusal,
    },
}

/// What a process asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Dispatch a command. `step` names it within the instance; the same step is dispatched once for each input that asks for it.
    Dispatch {
        /// Name within the instance.
        step: String,
        /// The command.
        command: Box<Command>,
    },
    /// Call a provider of payments. The answer comes as [`Input::Answered`]; after a crash the call is made again, so it must be one that does
    /// no harm twice.
    Call {
        /// Name within the instance.
        step: String,
        /// What is asked.
        request: ProviderRequest,
    },
    /// Set a timer, replacing one of the same name.
    SetTimer {
        /// Name within the instance.
        name: String,
        /// When it goes off.
        due: Timestamp,
    },
    /// Remove a timer, if it is set.
    ClearTimer {
        /// Name within the instance.
        name: String,
    },
    /// The instance is over: its state and timers go.
    End,
}

/// A process manager.
pub trait ProcessManager {
    /// Stable name, part of ids and stored rows.
    const NAME: &'static str;
    /// What an instance remembers.
    type State: Default + Clone + Serialize + DeserializeOwned + Send + Sync;

    /// Whether the event concerns this process.
    fn route(aggregate_id: &str, event: &Event) -> Route;

    /// Takes one input; changes the state; tells what is to be done. `now` is never earlier than the input.
    fn react(state: &mut Self::State, input: &Input<'_>, now: Timestamp) -> Vec<Effect>;
}

impl Effect {
    /// Dispatch `command` as `step`.
    pub fn dispatch(step: &str, command: Command) -> Self {
        Self::Dispatch {
            step: step.to_owned(),
            command: Box::new(command),
        }
    }

    /// Call a provider as `step`.
    pub fn call(step: &str, request: ProviderRequest) -> Self {
        Self::Call {
            step: step.to_owned(),
            request,
        }
    }

    /// Set the timer `name`.
    pub fn set_timer(name: &str, due: Timestamp) -> Self {
        Self::SetTimer {
            name: name.to_owned(),
            due,
        }
    }

    /// Remove the timer `name`.
    pub fn clear_timer(name: &str) -> Self {
        Self::ClearTimer { name: name.to_owned() }
    }
}

/// The instance of a process that follows one session: the id of the session's stream.
fn session_of(aggregate_id: &str) -> Option<SessionId> {
    aggregate_id.parse().ok()
}

/// `at` plus a delay, saturating at the end of time.
pub fn after(at: Timestamp, delay: Duration) -> Timestamp {
    at.saturating_add(delay).unwrap_or(Timestamp::MAX)
}
