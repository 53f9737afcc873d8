//! The clock stops and goes on. The light may stay on for as long as the pause may last, and for what is left of play after it.

use jiff::Timestamp;

use crate::device::{self, DesireReason, Device, DeviceEvent};
use crate::refusal::Refusal;
use crate::session::reach::light_until;
use crate::session::{self, ResumeCause, TableSession, TableSessionEvent};

use super::Changes;

/// What it is decided from. The device is that of the session's light.
#[derive(Clone, Copy, Debug)]
pub struct PauseInput<'a> {
    /// The session.
    pub session: &'a TableSession,
    /// The device with the table's light.
    pub device: &'a Device,
    /// When.
    pub now: Timestamp,
}

/// Stops a session's clock; a paused session stays as it is. `reason` is 1–200 characters.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `SESSION_CLOSED`, `SESSION_CANCELLED`, `SESSION_STARTING`, `SESSION_TIME_OVER`, `INVALID_ARGUMENT`.
pub fn pause_session(input: PauseInput<'_>, reason: &str) -> Result<Changes, Refusal> {
    let events = session::moves::pause(input.session, reason, input.now)?;
    let longest = match events.as_slice() {
        [TableSessionEvent::SessionPaused { at, until, .. }] => until.duration_since(*at),
        _ => return Ok(Changes::default()),
    };
    let covered_until = input.session.covered_until.saturating_add(longest);
    Ok(Changes {
        device: keep_light(&input, covered_until.unwrap_or(Timestamp::MAX)),
        session: events,
        ..Changes::default()
    })
}

/// Lets a session's clock go on; one whose clock runs stays as it is.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `SESSION_CLOSED`, `SESSION_CANCELLED`, `PAUSE_NOT_OVER` (with the fact `until`).
pub fn resume_session(input: PauseInput<'_>, cause: ResumeCause) -> Result<Changes, Refusal> {
    let events = session::moves::resume(input.session, cause, input.now)?;
    let [TableSessionEvent::SessionResumed { covered_until, .. }] = events.as_slice() else {
        return Ok(Changes::default());
    };
    Ok(Changes {
        device: keep_light(&input, *covered_until),
        session: events,
        ..Changes::default()
    })
}

/// A device that is gone keeps nobody from pausing or playing on.
fn keep_light(input: &PauseInput<'_>, covered_until: Timestamp) -> Vec<DeviceEvent> {
    let Some(opening) = &input.session.opening else {
        return Vec::new();
    };
    device::decide::desire_on(
        input.device,
        input.session.place(opening).light.channel,
        opening.session_id,
        light_until(opening, true, covered_until),
        DesireReason::SessionProlonged,
        input.now,
    )
    .unwrap_or_default()
}
