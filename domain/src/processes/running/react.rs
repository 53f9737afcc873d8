//! What is done while a session runs: take the input in, then do whatever is due.

use jiff::Timestamp;

use crate::command::Command;
use crate::event::Event;
use crate::processes::{Effect, Input};
use crate::refusal::Refusal;
use crate::session::{CloseCause, ResumeCause, SessionMode, TableSessionEvent, Warning};
use crate::tariff::pricing::{minutes_after, seconds_after};

use super::names::{CLOSE, NEXT, RENEW, RESUME, WARN_SHORT};
use super::state::{Game, Renewal, Standstill, State};

/// A refused renewal is asked for again every minute, at most so many times.
const RENEWALS_MAX: u32 = 10;

pub(super) fn react(state: &mut State, input: &Input<'_>, now: Timestamp) -> Vec<Effect> {
    let taken = match input {
        Input::Event { event, .. } => on_event(state, event),
        Input::Timer { .. } => {
            state.armed = None;
            Taken::GoesOn
        }
        Input::Accepted { step: CLOSE } => Taken::Over,
        Input::Accepted { .. } | Input::Answered { .. } => Taken::GoesOn,
        Input::Refused { step, refusal } => on_refused(state, step, refusal, now),
    };
    match taken {
        Taken::Over => vec![Effect::End],
        Taken::GoesOn => due(state, now),
        Taken::RunsShort => {
            let mut effects = warn_short(state);
            effects.extend(due(state, now));
            effects
        }
    }
}

/// What an input amounts to.
enum Taken {
    /// Nothing more to do for this session.
    Over,
    /// Something may be due.
    GoesOn,
    /// The hold could not be renewed.
    RunsShort,
}

fn on_event(state: &mut State, event: &Event) -> Taken {
    let Event::TableSession(event) = event else {
        return Taken::GoesOn;
    };
    match event {
        TableSessionEvent::SessionOpened { .. } => on_opened(state, event),
        // The end moves by the delay of billing, the warnings with it.
        TableSessionEvent::BillingStarted { covered_until, .. } => {
            state.until = state.until.max(Some(*covered_until));
        }
        TableSessionEvent::SessionExtended { ends_at, at, .. } => prolong(state, *ends_at, *at),
        TableSessionEvent::HoldRenewed { covered_until, at, .. }
        | TableSessionEvent::SessionTransferred { covered_until, at, .. } => prolong(state, *covered_until, *at),
        TableSessionEvent::SessionPaused { until, at, .. } => on_paused(state, *until, *at),
        TableSessionEvent::SessionResumed {
            paused_at,
            covered_until,
            ..
        } => on_resumed(state, *paused_at, *covered_until),
        TableSessionEvent::SessionClosed { .. } | TableSessionEvent::SessionCancelled { .. } => {
            return Taken::Over;
        }
        TableSessionEvent::OpeningAwaited { .. }
        | TableSessionEvent::OpeningLapsed { .. }
        | TableSessionEvent::GoodsAdded { .. }
        | TableSessionEvent::GoodsRemoved { .. }
        | TableSessionEvent::CustomerWarned { .. }
        | TableSessionEvent::SessionSettled { .. } => {}
    }
    Taken::GoesOn
}

fn on_paused(state: &mut State, until: Timestamp, at: Timestamp) {
    if state.paused_last.is_none_or(|last| last < at) {
        state.pause = Some(Standstill { until, asked: false });
    }
}

/// The end moves by the pause; what was warned of it stays said.
fn on_resumed(state: &mut State, paused_at: Timestamp, covered_until: Timestamp) {
    state.until = state.until.max(Some(covered_until));
    if state.paused_last.is_none_or(|last| last < paused_at) {
        state.paused_last = Some(paused_at);
        state.pause = None;
    }
}

fn on_opened(state: &mut State, event: &TableSessionEvent) {
    let TableSessionEvent::SessionOpened {
        session_id,
        mode,
        policy,
        opened_at,
        ..
    } = event
    else {
        return;
    };
    if state.game.is_some() {
        return;
    }
    let (bounded, ends_by) = match mode {
        SessionMode::Prepaid { .. } => (true, CloseCause::PrepaidEnd),
        // What was put down is all that is played for, unless the customer adds to it.
        SessionMode::Deposit { .. } => (true, CloseCause::HoldExhausted),
        SessionMode::Postpaid { .. } => (false, CloseCause::HoldExhausted),
    };
    state.game = Some(Game {
        session_id: *session_id,
        bounded,
        ends_by,
        warning_minutes: policy.warning_minutes.clone(),
        renewal_minutes: policy.hold_renewal_minutes,
        courtesy_minutes: match mode {
            SessionMode::Prepaid { .. } => policy.auto_close_minutes,
            SessionMode::Postpaid { .. } | SessionMode::Deposit { .. } => 0,
        },
    });
    let until = state.until.map_or(mode.reach(), |known| known.max(mode.reach()));
    state.until = Some(until);
    skip_late_warnings(state, until, *opened_at);
}

/// A later end: everything begins anew for it. An end that is not later was heard of before.
fn prolong(state: &mut State, until: Timestamp, at: Timestamp) {
    if state.until.is_some_and(|known| known >= until) {
        return;
    }
    state.until = Some(until);
    state.renewal = Renewal::Idle;
    state.warned_short = false;
    state.closing = false;
    state.not_before = None;
    state.given.clear();
    skip_late_warnings(state, until, at);
}

/// Whoever buys 20 minutes is not told at once that fewer than 30 are left.
fn skip_late_warnings(state: &mut State, until: Timestamp, at: Timestamp) {
    let Some(game) = &state.game else {
        return;
    };
    let late = game
        .warning_minutes
        .iter()
        .filter(|minutes| minutes_before(until, **minutes) <= at);
    state.given.extend(late);
}

fn on_refused(state: &mut State, step: &str, refusal: &Refusal, now: Timestamp) -> Taken {
    match (step, refusal.reason.as_str()) {
        (CLOSE, "SESSION_NOT_OVER") => {
            state.closing = false;
            state.not_before = Some(seconds_after(now, 1));
            let courtesy = state.game.as_ref().map_or(0, |game| game.courtesy_minutes);
            if let Some(until) = refusal.facts.get("until").and_then(|until| until.parse().ok()) {
                prolong(state, minutes_before(until, courtesy), now);
            }
            Taken::GoesOn
        }
        (RENEW, "TOP_UP_REQUIRED") => {
            let Renewal::Asked { refusals } = state.renewal else {
                return Taken::GoesOn;
            };
            let refusals = refusals + 1;
            state.renewal = if refusals < RENEWALS_MAX {
                Renewal::Again {
                    at: minutes_after(now, 1),
                    refusals,
                }
            } else {
                Renewal::GivenUp
            };
            Taken::RunsShort
        }
        (RENEW, "SESSION_TOO_LONG" | "SESSION_TIME_OVER") => {
            if matches!(state.renewal, Renewal::Asked { .. }) {
                state.renewal = Renewal::GivenUp;
            }
            Taken::GoesOn
        }
        // The pause is in the log and will be heard of; until then, there is nothing to ask for.
        (CLOSE | RENEW, "SESSION_PAUSED") => {
            state.closing = false;
            state.renewal = Renewal::Idle;
            state.not_before = Some(seconds_after(now, 1));
            Taken::GoesOn
        }
        (RESUME, "PAUSE_NOT_OVER") => {
            state.not_before = Some(seconds_after(now, 1));
            if let Some(pause) = &mut state.pause {
                pause.asked = false;
            }
            Taken::GoesOn
        }
        (CLOSE | RENEW | RESUME, _) => Taken::Over,
        // A warning that came too late.
        _ => Taken::GoesOn,
    }
}

fn warn_short(state: &mut State) -> Vec<Effect> {
    let Some(game) = state.game.as_ref().filter(|_| !state.warned_short) else {
        return Vec::new();
    };
    state.warned_short = true;
    vec![Effect::dispatch(
        WARN_SHORT,
        Command::WarnCustomer {
            session_id: game.session_id,
            warning: Warning::HoldRunningShort,
        },
    )]
}

/// Does what is due at `now`, and sets the timer to when the next thing is.
fn due(state: &mut State, now: Timestamp) -> Vec<Effect> {
    let (Some(game), Some(until)) = (state.game.clone(), state.until) else {
        return Vec::new();
    };
    let mut effects = Vec::new();
    if !state.closing && state.not_before.is_none_or(|then| then <= now) {
        effects = if state.pause.is_some() {
            due_paused(state, &game, now)
        } else if game.bounded {
            due_prepaid(state, &game, until, now)
        } else {
            due_postpaid(state, &game, until, now)
        };
    }
    let next = next(state, &game, until).map(|due| state.not_before.map_or(due, |then| due.max(then)));
    if next != state.armed {
        state.armed = next;
        effects.push(next.map_or_else(|| Effect::clear_timer(NEXT), |due| Effect::set_timer(NEXT, due)));
    }
    effects
}

/// The clock goes on by itself when the longest pause is over.
fn due_paused(state: &mut State, game: &Game, now: Timestamp) -> Vec<Effect> {
    let Some(pause) = state.pause.as_mut().filter(|pause| !pause.asked && pause.until <= now) else {
        return Vec::new();
    };
    pause.asked = true;
    vec![Effect::dispatch(
        RESUME,
        Command::ResumeSession {
            session_id: game.session_id,
            cause: ResumeCause::Limit,
        },
    )]
}

fn due_prepaid(state: &mut State, game: &Game, until: Timestamp, now: Timestamp) -> Vec<Effect> {
    if minutes_after(until, game.courtesy_minutes) <= now {
        state.closing = true;
        return vec![close(game, game.ends_by)];
    }
    let late: Vec<u32> = pending_warnings(state, game)
        .filter(|minutes| minutes_before(until, *minutes) <= now)
        .collect();
    state.given.extend(&late);
    // If several are due at once, only the most urgent still says something.
    late.into_iter()
        .min()
        .map(|minutes| {
            Effect::dispatch(
                &format!("warn-{minutes}"),
                Command::WarnCustomer {
                    session_id: game.session_id,
                    warning: Warning::PrepaidEnding { minutes },
                },
            )
        })
        .into_iter()
        .collect()
}

/// The hold is renewed before its end, or, if that was missed, at its end; only when that fails too is the session closed.
fn due_postpaid(state: &mut State, game: &Game, until: Timestamp, now: Timestamp) -> Vec<Effect> {
    let refusals = match state.renewal {
        Renewal::Idle if minutes_before(until, game.renewal_minutes) <= now => 0,
        Renewal::Again { at, refusals } if at <= now && now < until => refusals,
        Renewal::Again { .. } | Renewal::GivenUp if until <= now => {
            state.closing = true;
            return vec![close(game, game.ends_by)];
        }
        _ => return Vec::new(),
    };
    state.renewal = Renewal::Asked { refusals };
    vec![Effect::dispatch(
        RENEW,
        Command::RenewHold {
            session_id: game.session_id,
        },
    )]
}

/// When something may be due next; never, while an answer is awaited.
fn next(state: &State, game: &Game, until: Timestamp) -> Option<Timestamp> {
    if state.closing {
        return None;
    }
    if let Some(pause) = state.pause {
        return (!pause.asked).then_some(pause.until);
    }
    if game.bounded {
        return pending_warnings(state, game)
            .map(|minutes| minutes_before(until, minutes))
            .min()
            .map_or(Some(minutes_after(until, game.courtesy_minutes)), |first| {
                Some(first.min(until))
            });
    }
    match state.renewal {
        Renewal::Idle => Some(minutes_before(until, game.renewal_minutes)),
        Renewal::Asked { .. } => None,
        Renewal::Again { at, .. } => Some(at.min(until)),
        Renewal::GivenUp => Some(until),
    }
}

fn pending_warnings<'a>(state: &'a State, game: &'a Game) -> impl Iterator<Item = u32> + 'a {
    game.warning_minutes
        .iter()
        .copied()
        .filter(|minutes| !state.given.contains(minutes))
}

fn close(game: &Game, cause: CloseCause) -> Effect {
    Effect::dispatch(
        CLOSE,
        Command::CloseSession {
            session_id: game.session_id,
            cause,
        },
    )
}

fn minutes_before(at: Timestamp, minutes: u32) -> Timestamp {
    at.saturating_sub(std::time::Duration::from_secs(u64::from(minutes) * 60))
        .unwrap_or(Timestamp::MIN)
}
