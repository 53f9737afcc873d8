//! What is done about a light that may be faulty.

use jiff::Timestamp;

use crate::command::Command;
use crate::device::{DeviceEvent, LightChannel};
use crate::event::Event;
use crate::processes::{Effect, Input};
use crate::refusal::Refusal;
use crate::tariff::pricing::seconds_after;

use super::state::{Look, State};

pub(super) fn react(state: &mut State, input: &Input<'_>, now: Timestamp) -> Vec<Effect> {
    match input {
        Input::Event { aggregate_id, event } => {
            if state.device_id.is_none() {
                state.device_id = aggregate_id.parse().ok();
            }
            outputs(event)
                .into_iter()
                .flat_map(|channel| news(state, channel))
                .collect()
        }
        Input::Timer { name, .. } => on_timer(state, name),
        Input::Accepted { step } => on_answer(state, step),
        Input::Refused { step, refusal } => on_refused(state, step, refusal, now),
        Input::Answered { .. } => Vec::new(),
    }
}

fn outputs(event: &Event) -> Vec<u8> {
    match event {
        Event::Device(DeviceEvent::LightFailed { channel, .. }) => vec![*channel],
        Event::Device(DeviceEvent::DeviceWentOffline { channels, .. }) => (1..=*channels).collect(),
        _ => Vec::new(),
    }
}

fn news(state: &mut State, channel: u8) -> Option<Effect> {
    match state.outputs.get_mut(&channel) {
        Some(Look::Asked { again }) => {
            *again = true;
            None
        }
        // It was looked at, and will be.
        Some(Look::Waiting) | None => ask(state, channel),
    }
}

fn ask(state: &mut State, channel: u8) -> Option<Effect> {
    let device_id = state.device_id?;
    state.outputs.insert(channel, Look::Asked { again: false });
    let light = LightChannel { device_id, channel };
    Some(Effect::dispatch(&step(channel), Command::CheckLight { light }))
}

fn on_timer(state: &mut State, name: &str) -> Vec<Effect> {
    let waiting = output(name).filter(|channel| state.outputs.get(channel) == Some(&Look::Waiting));
    waiting.and_then(|channel| ask(state, channel)).into_iter().collect()
}

/// It is decided: taken off sale, or sound, or nobody's light.
fn on_answer(state: &mut State, step: &str) -> Vec<Effect> {
    let Some(channel) = output(step) else {
        return Vec::new();
    };
    match state.outputs.get(&channel) {
        Some(Look::Asked { again: true }) => return ask(state, channel).into_iter().collect(),
        Some(Look::Asked { again: false }) => {
            state.outputs.remove(&channel);
        }
        Some(Look::Waiting) | None => {}
    }
    if state.outputs.is_empty() {
        return vec![Effect::End];
    }
    Vec::new()
}

fn on_refused(state: &mut State, step: &str, refusal: &Refusal, now: Timestamp) -> Vec<Effect> {
    let until = refusal.facts.get("until").and_then(|until| until.parse().ok());
    let (Some(channel), Some(until)) = (output(step), until.filter(|_| refusal.reason == "FAULT_NOT_CERTAIN")) else {
        return on_answer(state, step);
    };
    if !matches!(state.outputs.get(&channel), Some(Look::Asked { .. })) {
        return Vec::new();
    }
    state.outputs.insert(channel, Look::Waiting);
    // The one that decides may be a little behind this clock.
    vec![Effect::set_timer(step, seconds_after(now, 1).max(until))]
}

/// Name of step and timer of an output.
fn step(channel: u8) -> String {
    format!("check-{channel}")
}

fn output(step: &str) -> Option<u8> {
    step.strip_prefix("check-")?.parse().ok()
}
