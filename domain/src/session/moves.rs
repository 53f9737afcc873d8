//! A session that is interrupted or moves on: pauses and changes of tables. Each begins another stretch of play.

use std::sync::Arc;

use jiff::Timestamp;

use crate::money::Fen;
use crate::refusal::InvalidField;
use crate::tariff::pricing::{minutes_after, minutes_between, seconds_after};
use crate::tariff::{Course, PinnedTariff};

use super::decide::{REASON_CHARS_MAX, playing};
use super::{Opening, Pause, Place, ResumeCause, TableSession, TableSessionError, TableSessionEvent};

/// What it takes to play on by other prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Postpaid: how much more is set aside.
    pub added: Fen,
    /// Postpaid: the whole hold.
    pub held: Fen,
    /// Prepaid: what the time that is left costs more.
    pub surcharge: Fen,
    /// Prepaid: whole minutes that are left.
    pub minutes_left: u32,
    /// Until when play is paid for or secured: not earlier than before.
    pub covered_until: Timestamp,
}

/// The opening of a session that may be paused or moved: its billing has begun, it is not paused, its time is not over.
///
/// # Errors
/// [`TableSessionError::NotFound`], [`TableSessionError::Closed`], [`TableSessionError::Cancelled`], [`TableSessionError::Paused`],
/// [`TableSessionError::Starting`], [`TableSessionError::TimeOver`].
pub fn underway(session: &TableSession, now: Timestamp) -> Result<&Arc<Opening>, TableSessionError> {
    let opening = playing(session)?;
    if session.pause.is_some() {
        return Err(TableSessionError::Paused);
    }
    if session.billing.is_none() {
        return Err(TableSessionError::Starting);
    }
    let until = session.covered_until;
    if now >= until {
        return Err(TableSessionError::TimeOver { until });
    }
    Ok(opening)
}

/// What playing on by `prices` takes, so that play stays secured for as long as it was. Prepaid time that is left keeps its length: at a dearer
/// table the difference is paid, at a cheaper one nothing is paid back.
pub fn terms(session: &TableSession, opening: &Opening, prices: &PinnedTariff, now: Timestamp) -> Terms {
    let zone = opening.zone();
    let from = now.max(session.from(opening));
    if opening.is_prepaid() {
        let minutes_left = minutes_between(from, session.covered_until);
        let course = |prices| Course {
            prices,
            from,
            ..opening.course(&zone)
        };
        let (here, there) = (
            course(session.prices(opening)).prepaid(minutes_left).total,
            course(prices).prepaid(minutes_left).total,
        );
        return Terms {
            added: Fen::ZERO,
            held: session.held,
            surcharge: there.saturating_sub_zero(here),
            minutes_left,
            covered_until: session.covered_until,
        };
    }
    let past = session.played_until(opening, from);
    let course = Course {
        past: &past,
        prices,
        from,
        goods: &session.goods,
        ..opening.course(&zone)
    };
    let held = course.secured(session.covered_until).total.max(session.held);
    Terms {
        added: held - session.held,
        held,
        surcharge: Fen::ZERO,
        minutes_left: 0,
        covered_until: course.covered_until(held).max(session.covered_until),
    }
}

/// Moves play to another table.
///
/// # Errors
/// Those of [`underway`].
pub fn transfer(
    session: &TableSession,
    to: Place,
    terms: Terms,
    now: Timestamp,
) -> Result<Vec<TableSessionEvent>, TableSessionError> {
    let opening = underway(session, now)?;
    let at = now.max(session.from(opening));
    let left = session.place(opening);
    Ok(vec![TableSessionEvent::SessionTransferred {
        from_table_id: left.table_id,
        left_light: left.light,
        left_light_until: seconds_after(at, opening.policy.linger_seconds),
        table_id: to.table_id,
        light: to.light,
        tariff: to.tariff,
        held: terms.held,
        surcharge: terms.surcharge,
        minutes_left: terms.minutes_left,
        covered_until: terms.covered_until,
        at,
    }])
}

/// Stops the clock; a paused session stays as it is. It goes on by itself after the longest pause that the hall's policy allows.
///
/// # Errors
/// Those of [`underway`], [`TableSessionError::Invalid`].
pub fn pause(
    session: &TableSession,
    reason: &str,
    now: Timestamp,
) -> Result<Vec<TableSessionEvent>, TableSessionError> {
    InvalidField::unless_text(reason, REASON_CHARS_MAX, "reason")?;
    if session.pause.is_some() {
        playing(session)?;
        return Ok(Vec::new());
    }
    let opening = underway(session, now)?;
    let at = now.max(session.from(opening));
    Ok(vec![TableSessionEvent::SessionPaused {
        reason: reason.to_owned(),
        until: minutes_after(at, opening.policy.pause_minutes_max),
        at,
    }])
}

/// Lets the clock go on; a session that is not paused stays as it is. However late it comes, no pause is longer than allowed. Prepaid time and
/// what a hold covers move by the pause; what a hold covers by the prices of later may be more, but its end is never earlier than before.
///
/// # Errors
/// [`TableSessionError::NotFound`], [`TableSessionError::Closed`], [`TableSessionError::Cancelled`], [`TableSessionError::PauseNotOver`].
pub fn resume(
    session: &TableSession,
    cause: ResumeCause,
    now: Timestamp,
) -> Result<Vec<TableSessionEvent>, TableSessionError> {
    let opening = playing(session)?;
    let Some(Pause { at: paused_at, until }) = session.pause else {
        return Ok(Vec::new());
    };
    if cause == ResumeCause::Limit && now < until {
        return Err(TableSessionError::PauseNotOver { until });
    }
    let at = now.clamp(paused_at, until);
    let covered_until = if opening.is_prepaid() {
        let paused = at.duration_since(paused_at);
        session.covered_until.saturating_add(paused).unwrap_or(Timestamp::MAX)
    } else {
        let (zone, past) = (opening.zone(), session.past());
        let course = Course {
            past: &past,
            prices: session.prices(opening),
            from: at,
            goods: &session.goods,
            ..opening.course(&zone)
        };
        course.covered_until(session.held).max(session.covered_until)
    };
    Ok(vec![TableSessionEvent::SessionResumed {
        paused_at,
        cause,
        covered_until,
        at,
    }])
}
