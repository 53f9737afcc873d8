//! What is done to collect a payment.

use jiff::Timestamp;

use crate::command::Command;
use crate::event::Event;
use crate::payment::{OrderOutcome, PaymentEvent, ProviderRequest};
use crate::processes::{Effect, Input};
use crate::tariff::pricing::seconds_after;

use super::answers;
use super::names::{CLOSE, CREATE, EXPIRE, NOTE, POLL, QUERY, RECORD, REVIEW};
use super::state::{Rules, Stage, State, Tracked};

/// An order that could not be closed so often no longer keeps the next one waiting: if both are paid, one goes back.
const CLOSE_FAILURES_MAX: u32 = 3;
/// An end that was asked for too early is asked for again so much later.
const EXPIRE_AGAIN_SECONDS: u32 = 2;

pub(super) fn react(state: &mut State, input: &Input<'_>, now: Timestamp) -> Vec<Effect> {
    let mut effects = Vec::new();
    match input {
        Input::Event { event, .. } => on_event(state, event, &mut effects),
        Input::Timer { name: EXPIRE, .. } => state.expiring = true,
        Input::Timer { name, .. } => {
            if let Some(order) = numbered(state, name, POLL).filter(|order| order.is_out()) {
                effects.push(query(order));
            }
        }
        Input::Answered { step, answer } => answers::take(state, step, answer, now, &mut effects),
        Input::Accepted { step } => {
            let done = [RECORD, REVIEW]
                .iter()
                .find_map(|prefix| step.strip_prefix(prefix))
                .and_then(|number| number.parse().ok());
            if *step == EXPIRE {
                state.over = true;
            } else if let Some(number) = done {
                end(state, number);
            }
        }
        Input::Refused { step, refusal } => on_refused(state, step, &refusal.reason, now, &mut effects),
    }
    advance(state, &mut effects);
    if state.over && state.orders.values().all(|order| order.stage == Stage::Done) {
        effects.push(Effect::End);
    }
    effects
}

fn on_event(state: &mut State, event: &Event, effects: &mut Vec<Effect>) {
    let Event::Payment(event) = event else { return };
    match event {
        PaymentEvent::PaymentStarted { intent, .. } => {
            state.rules = Some(Rules {
                review_seconds: intent.policy.review_seconds,
                query_seconds_max: intent.policy.query_seconds_max,
            });
            arm(state, intent.expires_at, effects);
        }
        PaymentEvent::AttemptAsked { attempt, order, .. } => {
            arm(state, order.expires_at, effects);
            let new = || Tracked::new(order.clone());
            state.orders.entry(*attempt).or_insert_with(new);
        }
        PaymentEvent::AttemptPaid { attempt, .. }
        | PaymentEvent::AttemptClosed { attempt, .. }
        | PaymentEvent::AttemptFailed { attempt, .. } => end(state, *attempt),
        PaymentEvent::AttemptUnclear { attempt, .. } => {
            end(state, *attempt);
            state.over = true;
        }
        PaymentEvent::PaymentSucceeded { .. }
        | PaymentEvent::PaymentFailed { .. }
        | PaymentEvent::PaymentExpired { .. }
        | PaymentEvent::PaymentCancelled { .. }
        | PaymentEvent::PaymentConflicted { .. }
        | PaymentEvent::PaymentResolved { .. } => state.over = true,
        PaymentEvent::AttemptPresented { .. }
        | PaymentEvent::AttemptUnknown { .. }
        | PaymentEvent::RefundReserved { .. }
        | PaymentEvent::RefundReleased { .. } => {}
    }
}

/// Sees to the end of the payment's time. An order's end is never before it, and is good enough until the beginning is heard of.
fn arm(state: &mut State, due: Timestamp, effects: &mut Vec<Effect>) {
    if !state.armed {
        state.armed = true;
        effects.push(Effect::set_timer(EXPIRE, due));
    }
}

fn on_refused(state: &mut State, step: &str, reason: &str, now: Timestamp, effects: &mut Vec<Effect>) {
    if step == EXPIRE {
        state.expire_asked = false;
        match reason {
            "PAYMENT_NOT_EXPIRED" | "PAYMENT_ATTEMPT_OPEN" => {
                state.expiring = false;
                effects.push(Effect::set_timer(EXPIRE, seconds_after(now, EXPIRE_AGAIN_SECONDS)));
            }
            _ => state.over = true,
        }
    } else if let Some(order) = numbered(state, step, RECORD) {
        effects.push(dispatch(REVIEW, order, OrderOutcome::Unclear));
    } else if let Some(order) = numbered(state, step, REVIEW) {
        order.stage = Stage::Done;
    }
}

/// Does what can be done next: orders that are wanted no more are closed, the one that is wanted is made when the others are out of the way.
fn advance(state: &mut State, effects: &mut Vec<Effect>) {
    let newest = state.orders.keys().next_back().copied();
    let wanted = newest.filter(|_| !state.over && !state.expiring);
    let mut in_the_way = false;
    for (number, order) in &mut state.orders {
        if wanted == Some(*number) {
            if order.stage == Stage::Waiting && !in_the_way {
                order.stage = Stage::Creating;
                let request = ProviderRequest::Create(order.order.clone());
                effects.push(Effect::call(&format!("{CREATE}{number}"), request));
            }
            continue;
        }
        match order.stage {
            // Nobody was asked for it: nobody can pay it.
            Stage::Waiting => effects.push(record(order, OrderOutcome::Closed)),
            Stage::Presented | Stage::Unknown if !order.closing => effects.push(close(order)),
            _ => {}
        }
        order.closing = true;
        let given_up = order.unseen || order.failures >= CLOSE_FAILURES_MAX;
        in_the_way |= matches!(order.stage, Stage::Creating | Stage::Recording) || (order.is_out() && !given_up);
    }
    let done = state.orders.values().all(|order| order.stage == Stage::Done);
    if state.expiring && !state.over && !state.expire_asked && done {
        if let Some(order) = state.orders.values().next() {
            state.expire_asked = true;
            let intent_id = order.order.order_no.intent_id;
            effects.push(Effect::dispatch(EXPIRE, Command::ExpirePayment { intent_id }));
        } else {
            // The first attempt comes with the beginning: it will be heard of.
            state.expiring = false;
            state.armed = false;
        }
    }
}

fn end(state: &mut State, number: u8) {
    if let Some(order) = state.orders.get_mut(&number) {
        order.stage = Stage::Done;
    }
}

/// The order that a step or timer names.
pub(super) fn numbered<'a>(state: &'a mut State, name: &str, prefix: &str) -> Option<&'a mut Tracked> {
    let number: u8 = name.strip_prefix(prefix)?.parse().ok()?;
    state.orders.get_mut(&number)
}

pub(super) fn query(order: &Tracked) -> Effect {
    let (channel, order_no) = (order.order.channel, order.order.order_no);
    Effect::call(
        &format!("{QUERY}{}", order_no.attempt()),
        ProviderRequest::Query { channel, order_no },
    )
}

pub(super) fn close(order: &mut Tracked) -> Effect {
    order.closing = true;
    let (channel, order_no) = (order.order.channel, order.order.order_no);
    Effect::call(
        &format!("{CLOSE}{}", order_no.attempt()),
        ProviderRequest::Close { channel, order_no },
    )
}

/// Records what ends the attempt.
pub(super) fn record(order: &mut Tracked, outcome: OrderOutcome) -> Effect {
    order.stage = Stage::Recording;
    dispatch(RECORD, order, outcome)
}

/// Notes how the attempt goes on.
pub(super) fn note(order: &Tracked, outcome: OrderOutcome) -> Effect {
    dispatch(NOTE, order, outcome)
}

fn dispatch(step: &str, order: &Tracked, outcome: OrderOutcome) -> Effect {
    let (channel, order_no) = (order.order.channel, order.order.order_no);
    Effect::dispatch(
        &format!("{step}{}", order_no.attempt()),
        Command::RecordOrder {
            channel,
            order_no,
            outcome,
        },
    )
}
