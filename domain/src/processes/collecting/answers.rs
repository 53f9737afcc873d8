//! What providers answer about orders, and what follows.

use jiff::Timestamp;

use crate::payment::{Decline, OrderOutcome, OrderState, Presentation, ProviderAnswer};
use crate::processes::Effect;
use crate::tariff::pricing::seconds_after;

use super::names::{CLOSE, CREATE, POLL, QUERY};
use super::react::{close, note, numbered, record};
use super::state::{Rules, Stage, State, Tracked};

/// Pauses before the first questions about an order that waits for its payer, in seconds; then the longest that the policy allows.
const WAITING_SECONDS: [u32; 3] = [5, 15, 30];
/// The pause after the first question that had no answer, in seconds; it doubles with each.
const FAILING_SECONDS: u32 = 2;
/// So long after an order's end, by our clock, it is over by the provider's too.
const CLOCKS_APART_SECONDS: u32 = 60;

pub(super) fn take(state: &mut State, step: &str, answer: &ProviderAnswer, now: Timestamp, effects: &mut Vec<Effect>) {
    let rules = state.rules.unwrap_or_default();
    if let Some(order) = numbered(state, step, CREATE).filter(|order| order.stage == Stage::Creating) {
        effects.push(created(order, rules, answer, now));
        if let ProviderAnswer::Created(presented) = answer {
            effects.push(note(order, OrderOutcome::Presented(presented.clone())));
        } else if order.stage == Stage::Unknown {
            effects.push(note(order, OrderOutcome::Unknown));
        }
    } else if let Some(order) = numbered(state, step, QUERY).filter(|order| order.is_out()) {
        effects.push(queried(order, rules, answer, now));
    } else if let Some(order) = numbered(state, step, CLOSE).filter(|order| order.is_out()) {
        effects.push(closed(order, rules, answer, now));
    }
}

fn created(order: &mut Tracked, rules: Rules, answer: &ProviderAnswer, now: Timestamp) -> Effect {
    match answer {
        ProviderAnswer::Created(_) => {
            order.stage = Stage::Presented;
            match order.closing {
                true => close(order),
                false => ask_later(order, rules, now),
            }
        }
        ProviderAnswer::Order(OrderState::Paid(paid)) => record(order, OrderOutcome::Paid(paid.clone())),
        ProviderAnswer::Order(OrderState::Closed) => record(order, OrderOutcome::Closed),
        ProviderAnswer::Unavailable => record(order, OrderOutcome::Unavailable),
        // The number is known there: an answer before this one was lost.
        ProviderAnswer::Declined {
            why: Decline::NumberUsed | Decline::WrongState,
            ..
        }
        | ProviderAnswer::Order(_)
        | ProviderAnswer::Refund(_)
        | ProviderAnswer::Unknown { .. } => {
            order.stage = Stage::Unknown;
            nobody_knows(order, rules, now)
        }
        ProviderAnswer::Declined { why, code } => record(
            order,
            OrderOutcome::Declined {
                why: *why,
                code: code.clone(),
            },
        ),
    }
}

fn queried(order: &mut Tracked, rules: Rules, answer: &ProviderAnswer, now: Timestamp) -> Effect {
    let ProviderAnswer::Order(told) = answer else {
        return nobody_knows(order, rules, now);
    };
    match told {
        OrderState::Paid(paid) => return record(order, OrderOutcome::Paid(paid.clone())),
        OrderState::Closed => return record(order, OrderOutcome::Closed),
        OrderState::Waiting => order.unseen = false,
        OrderState::NotFound if order.unseen && !is_over(order, now) => return ask_later(order, rules, now),
        OrderState::NotFound => {}
    }
    // An order whose presentation was lost can be paid by nobody who was shown it: it is closed, and the payer tries again.
    if order.closing || order.stage == Stage::Unknown {
        return close(order);
    }
    ask_later(order, rules, now)
}

fn closed(order: &mut Tracked, rules: Rules, answer: &ProviderAnswer, now: Timestamp) -> Effect {
    match answer {
        ProviderAnswer::Order(OrderState::Paid(paid)) => record(order, OrderOutcome::Paid(paid.clone())),
        ProviderAnswer::Order(OrderState::Closed) => record(order, OrderOutcome::Closed),
        ProviderAnswer::Order(OrderState::NotFound) => {
            // Of a code that nobody has scanned the provider knows nothing, and it can still be scanned.
            let shown = order.stage == Stage::Presented && order.order.presentation == Presentation::QrCode;
            if shown && !is_over(order, now) {
                order.unseen = true;
                return ask_later(order, rules, now);
            }
            record(order, OrderOutcome::Closed)
        }
        _ => nobody_knows(order, rules, now),
    }
}

fn is_over(order: &Tracked, now: Timestamp) -> bool {
    now >= seconds_after(order.order.expires_at, CLOCKS_APART_SECONDS)
}

fn ask_later(order: &mut Tracked, rules: Rules, now: Timestamp) -> Effect {
    (order.failures, order.failing_since) = (0, None);
    let place = usize::try_from(order.asked).unwrap_or(usize::MAX);
    order.asked = order.asked.saturating_add(1);
    let pause = WAITING_SECONDS.get(place).copied().unwrap_or(rules.query_seconds_max);
    ask_after(order, pause.min(rules.query_seconds_max), now)
}

/// Asks again, ever more seldom; when it goes on for too long, somebody must look.
fn nobody_knows(order: &mut Tracked, rules: Rules, now: Timestamp) -> Effect {
    let since = *order.failing_since.get_or_insert(now);
    if now >= seconds_after(since, rules.review_seconds) {
        return record(order, OrderOutcome::Unclear);
    }
    let pause = FAILING_SECONDS.saturating_mul(1 << order.failures.min(16));
    order.failures = order.failures.saturating_add(1);
    ask_after(order, pause.min(rules.query_seconds_max), now)
}

fn ask_after(order: &Tracked, seconds: u32, now: Timestamp) -> Effect {
    let timer = format!("{POLL}{}", order.order.order_no.attempt());
    Effect::set_timer(&timer, seconds_after(now, seconds))
}
