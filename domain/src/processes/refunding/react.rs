//! What is done for a refund.

use jiff::Timestamp;

use crate::command::Command;
use crate::event::Event;
use crate::payment::{ProviderAnswer, ProviderRequest, RefundState};
use crate::processes::{Effect, Input};
use crate::refund::{RefundEvent, RefundFailure, RefundOutcome};
use crate::tariff::pricing::seconds_after;

use super::names::{NOTE, POLL, QUERY, RECORD, REFUND};
use super::state::{Stage, State};

/// The first pause, in seconds (Alipay wants ten before it is asked); it doubles with each question.
const PAUSE_SECONDS: u32 = 10;
/// The longest pause, in seconds.
const PAUSE_SECONDS_MAX: u32 = 3_600;
/// What has not arrived after so many seconds is somebody's to look at. Banks take up to three working days.
const WAIT_SECONDS_MAX: u32 = 7 * 86_400;
/// Sendings that are remembered: each was somebody's word.
const BEGUN_MAX: usize = 100;

pub(super) fn react(state: &mut State, input: &Input<'_>, now: Timestamp) -> Vec<Effect> {
    match input {
        Input::Event {
            event: Event::Refund(event),
            ..
        } => on_event(state, event, now),
        Input::Event { .. } => Vec::new(),
        Input::Timer { .. } => match state.stage {
            Stage::Sending | Stage::Sent => call(state, QUERY),
            Stage::Idle | Stage::Recording => Vec::new(),
        },
        Input::Answered { answer, .. } => match state.stage {
            Stage::Sending | Stage::Sent => on_answer(state, answer, now),
            Stage::Idle | Stage::Recording => Vec::new(),
        },
        Input::Accepted { step: RECORD } | Input::Refused { step: RECORD, .. } => {
            if state.stage == Stage::Recording {
                state.stage = Stage::Idle;
            }
            Vec::new()
        }
        Input::Accepted { .. } | Input::Refused { .. } => Vec::new(),
    }
}

fn on_event(state: &mut State, event: &RefundEvent, now: Timestamp) -> Vec<Effect> {
    match event {
        RefundEvent::RefundRequested {
            request,
            needs_approval,
            at,
        } => {
            state.order = Some(request.order.clone());
            state.approved |= !needs_approval;
            begin(state, *at, now)
        }
        RefundEvent::RefundApproved { at, .. } => {
            state.approved = true;
            begin(state, *at, now)
        }
        RefundEvent::RefundRetried { at, .. } => begin(state, *at, now),
        RefundEvent::RefundFailed { .. } => {
            state.stage = Stage::Idle;
            vec![Effect::clear_timer(POLL)]
        }
        RefundEvent::RefundSucceeded { .. }
        | RefundEvent::RefundRejected { .. }
        | RefundEvent::RefundReplaced { .. }
        | RefundEvent::RefundSettledByHand { .. } => vec![Effect::End],
        RefundEvent::RefundSent { .. } => Vec::new(),
    }
}

/// Sends the refund, once for each word that lets it go out.
fn begin(state: &mut State, word: Timestamp, now: Timestamp) -> Vec<Effect> {
    if !state.approved || state.order.is_none() || state.begun.contains(&word) || state.begun.len() >= BEGUN_MAX {
        return Vec::new();
    }
    state.begun.push(word);
    (state.stage, state.since, state.asked) = (Stage::Sending, Some(now), 0);
    call(state, REFUND)
}

fn on_answer(state: &mut State, answer: &ProviderAnswer, now: Timestamp) -> Vec<Effect> {
    match answer {
        ProviderAnswer::Refund(RefundState::NotFound) => match out_of_time(state, now) {
            true => record(state, RefundOutcome::Failed(RefundFailure::Unanswered)),
            false => again(state, now),
        },
        ProviderAnswer::Refund(RefundState::Processing) if state.stage == Stage::Sending => {
            state.stage = Stage::Sent;
            let mut effects = later(state, now);
            effects.extend(dispatch(state, NOTE, RefundOutcome::Sent));
            effects
        }
        ProviderAnswer::Refund(told) => match RefundOutcome::of(told.clone()) {
            None | Some(RefundOutcome::Sent) => later(state, now),
            Some(outcome) => record(state, outcome),
        },
        ProviderAnswer::Declined { why, code } => {
            let (why, code) = (*why, code.clone());
            record(state, RefundOutcome::Failed(RefundFailure::Declined { why, code }))
        }
        ProviderAnswer::Created(_)
        | ProviderAnswer::Order(_)
        | ProviderAnswer::Unknown { .. }
        | ProviderAnswer::Unavailable => later(state, now),
    }
}

/// The provider knows nothing of it: under the same number it is refunded at most once. The first time at once, then not before the next question.
fn again(state: &mut State, now: Timestamp) -> Vec<Effect> {
    let mut effects = later(state, now);
    effects.extend(call(state, REFUND));
    effects
}

/// Asks later, ever more seldom.
fn later(state: &mut State, now: Timestamp) -> Vec<Effect> {
    if out_of_time(state, now) {
        return record(state, RefundOutcome::Failed(RefundFailure::Unanswered));
    }
    let pause = PAUSE_SECONDS
        .saturating_mul(1 << state.asked.min(16))
        .min(PAUSE_SECONDS_MAX);
    state.asked = state.asked.saturating_add(1);
    vec![Effect::set_timer(POLL, seconds_after(now, pause))]
}

fn out_of_time(state: &State, now: Timestamp) -> bool {
    state
        .since
        .is_some_and(|since| now >= seconds_after(since, WAIT_SECONDS_MAX))
}

fn record(state: &mut State, outcome: RefundOutcome) -> Vec<Effect> {
    state.stage = Stage::Recording;
    dispatch(state, RECORD, outcome).into_iter().collect()
}

fn dispatch(state: &State, step: &str, outcome: RefundOutcome) -> Option<Effect> {
    let order = state.order.as_ref()?;
    let (channel, refund_no) = (order.channel, order.refund_no);
    Some(Effect::dispatch(
        step,
        Command::RecordRefund {
            channel,
            refund_no,
            outcome,
        },
    ))
}

fn call(state: &State, step: &str) -> Vec<Effect> {
    let Some(order) = &state.order else {
        return Vec::new();
    };
    let request = match step {
        REFUND => ProviderRequest::Refund(order.clone()),
        _ => ProviderRequest::QueryRefund {
            channel: order.channel,
            order_no: order.order_no,
            refund_no: order.refund_no,
        },
    };
    vec![Effect::call(step, request)]
}
