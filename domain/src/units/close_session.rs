//! Play ends: the price is fixed, the table is free, the light lingers or goes off. No device can keep a session from closing.

use jiff::Timestamp;

use crate::device::{self, DesireReason, Device};
use crate::refusal::Refusal;
use crate::session::{self, CloseCause, TableSession, TableSessionEvent};
use crate::table::{self, Table};

use super::Changes;

/// What it is decided from.
#[derive(Clone, Copy, Debug)]
pub struct CloseSessionInput<'a> {
    /// Why.
    pub cause: CloseCause,
    /// In the words of the staff, if they close it.
    pub reason: Option<&'a str>,
    /// The session.
    pub session: &'a TableSession,
    /// Its table.
    pub table: &'a Table,
    /// The device with the table's light.
    pub device: &'a Device,
    /// When.
    pub now: Timestamp,
}

/// Closes a session; a closed one stays as it is.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `SESSION_CANCELLED`, and for causes by which a session ends by itself `SESSION_NOT_OVER` (with the fact `until`),
/// `SESSION_IS_PREPAID`, `SESSION_IS_POSTPAID`, `INVALID_ARGUMENT`.
pub fn close_session(input: CloseSessionInput<'_>) -> Result<Changes, Refusal> {
    let events = session::decide::close(input.session, input.cause, input.reason, input.now)?;
    Ok(ended(events, &input))
}

/// What ends with play: the table is free, the light lingers or goes off.
pub(super) fn ended(events: Vec<TableSessionEvent>, input: &CloseSessionInput<'_>) -> Changes {
    let (
        Some(TableSessionEvent::SessionClosed {
            at, light, light_until, ..
        }),
        Some(opening),
    ) = (events.last(), &input.session.opening)
    else {
        return Changes::default();
    };
    let session_id = opening.session_id;
    let has_light = input
        .device
        .output(light.channel)
        .and_then(|output| output.desired)
        .is_some_and(|desired| desired.session_id == Some(session_id));
    let device_events = if !has_light {
        Vec::new()
    } else if light_until > at {
        device::decide::desire_on(
            input.device,
            light.channel,
            session_id,
            *light_until,
            DesireReason::Lingering,
            input.now,
        )
        .unwrap_or_default()
    } else {
        device::decide::switch_off(input.device, light.channel, session_id, input.now).unwrap_or_default()
    };
    Changes {
        table: table::decide::release(input.table, session_id, *at),
        device: device_events,
        session: events,
        ..Changes::default()
    }
}
