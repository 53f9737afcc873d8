//! How far a session's money reaches, and what it costs to reach further.

use jiff::Timestamp;

use crate::money::Fen;
use crate::refusal::InvalidField;
use crate::tariff::Course;
use crate::tariff::pricing::{PLAY_MINUTES_MAX, minutes_after, minutes_between, seconds_after, whole_steps};

use super::{Opening, TableSession, TableSessionError};

/// More prepaid time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Minutes sold, in whole steps.
    pub minutes: u32,
    /// What they cost.
    pub price: Fen,
    /// The new end.
    pub ends_at: Timestamp,
}

/// A larger hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raise {
    /// How much more is set aside; nothing once the cap is reached.
    pub added: Fen,
    /// The whole hold.
    pub held: Fen,
    /// Until when it covers play.
    pub covered_until: Timestamp,
}

/// Minutes that a customer may ask for: 1–1440.
///
/// # Errors
/// [`TableSessionError::Invalid`].
pub fn check_minutes(minutes: u32, field: &str) -> Result<(), TableSessionError> {
    InvalidField::unless((1..=PLAY_MINUTES_MAX).contains(&minutes), field, "must be 1 to 1440")?;
    Ok(())
}

/// Whether play may still be prolonged: once the light went off by itself it may not, or the time in the dark would be sold too.
///
/// # Errors
/// [`TableSessionError::TimeOver`], [`TableSessionError::Paused`].
pub fn check_time(session: &TableSession, opening: &Opening, now: Timestamp) -> Result<(), TableSessionError> {
    if session.pause.is_some() {
        return Err(TableSessionError::Paused);
    }
    let until = session.covered_until;
    if now > light_until(opening, session.billing.is_some(), until) {
        return Err(TableSessionError::TimeOver { until });
    }
    Ok(())
}

/// What `minutes` more of prepaid time give and cost: the price of all time bought at this table less that of what was bought there before, so
/// that buying in parts never costs more than buying at once, and the cap holds for all of it.
///
/// # Errors
/// [`TableSessionError::TooLong`].
pub fn extension(session: &TableSession, opening: &Opening, minutes: u32) -> Result<Extension, TableSessionError> {
    let Some(leg) = session.legs.last() else {
        return Err(TableSessionError::OtherMode { prepaid: false });
    };
    let pinned = leg.prices();
    let prices = &pinned.tariff;
    let minutes = whole_steps(prices, minutes);
    if session.bought_minutes().saturating_add(minutes) > whole_steps(prices, PLAY_MINUTES_MAX) {
        return Err(TableSessionError::TooLong {
            minutes_max: PLAY_MINUTES_MAX,
        });
    }
    let zone = opening.zone();
    let course = Course {
        prices: &pinned,
        from: leg.from,
        ..opening.course(&zone)
    };
    let (before, after) = (course.prepaid(leg.minutes), course.prepaid(leg.minutes + minutes));
    Ok(Extension {
        minutes,
        price: after.total.saturating_sub_zero(before.total),
        ends_at: minutes_after(session.covered_until, minutes),
    })
}

/// What it takes to keep play secured for as long as it was, with the goods that are on the bill now. What is held stays held.
pub fn raise_for_goods(session: &TableSession, opening: &Opening) -> Raise {
    let zone = opening.zone();
    let past = session.past();
    let course = session.course(opening, &zone, &past);
    let held = course.secured(session.covered_until).total.max(session.held);
    Raise {
        added: held - session.held,
        held,
        covered_until: course.covered_until(held).max(session.covered_until),
    }
}

/// What it takes to secure `minutes` more of postpaid play.
///
/// # Errors
/// [`TableSessionError::TooLong`].
pub fn raise(session: &TableSession, opening: &Opening, minutes: u32) -> Result<Raise, TableSessionError> {
    let zone = opening.zone();
    let past = session.past();
    let course = session.course(opening, &zone, &past);
    let reach_max = course.reach_max();
    if session.covered_until >= reach_max {
        return Err(TableSessionError::TooLong {
            minutes_max: minutes_between(course.from, reach_max),
        });
    }
    let target = minutes_after(session.covered_until, minutes).min(reach_max);
    let held = course.secured(target).total.max(session.held);
    Ok(Raise {
        added: held - session.held,
        held,
        covered_until: course.covered_until(held),
    })
}

/// What `available` can still secure, if that is a step or more.
pub fn raise_within(session: &TableSession, opening: &Opening, available: Fen) -> Option<Raise> {
    let zone = opening.zone();
    let past = session.past();
    let course = session.course(opening, &zone, &past);
    let reached = course.covered_until(session.held + available);
    if reached <= session.covered_until {
        return None;
    }
    let held = course.secured(reached).total.max(session.held);
    Some(Raise {
        added: held - session.held,
        held,
        covered_until: reached,
    })
}

/// Until when the light may be on. Before billing starts, its start may still be put off by as much as the policy allows.
pub fn light_until(opening: &Opening, billing_started: bool, covered_until: Timestamp) -> Timestamp {
    let delay = if billing_started {
        0
    } else {
        opening.policy.billing_start_seconds_max
    };
    let courtesy = opening.courtesy_minutes().saturating_mul(60);
    let after = opening
        .policy
        .linger_seconds
        .saturating_add(delay)
        .saturating_add(courtesy);
    seconds_after(covered_until, after)
}
