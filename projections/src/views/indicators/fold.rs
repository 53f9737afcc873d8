//! How events change the figures.

use baize_domain::Event;
use baize_domain::complaint::ComplaintEvent;
use baize_domain::device::DeviceEvent;
use baize_domain::hall::HallEvent;
use baize_domain::payment::PaymentEvent;
use baize_domain::session::TableSessionEvent;
use baize_domain::table::TableEvent;
use jiff::Timestamp;
use uuid::Uuid;

use crate::engine::{Contradiction, Decoded};

use super::rows::{DeviceRow, DisplayRow, HallRow, PaymentRow, SessionRow, TableRow};
use super::state::IndicatorsState;

pub(super) fn fold(state: &mut IndicatorsState, decoded: &Decoded<'_>) -> Result<(), Contradiction> {
    let (id, position) = (stream_id(decoded)?, decoded.position());
    match &decoded.event {
        Event::Hall(event) => hall(state, id, event, position),
        Event::Table(event) => table(state, id, event, position),
        Event::TableSession(event) => session(state, id, event, position),
        Event::Device(event) => device(state, id, event, position),
        Event::Payment(event) => payment(state, id, event, position),
        Event::Complaint(ComplaintEvent::ComplaintFiled { terms, at }) => {
            state.hour(terms.hall_id.0, *at, position)?.complaints += 1;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The id of the aggregate, which is a UUID for all that is looked at.
pub(super) fn stream_id(decoded: &Decoded<'_>) -> Result<Uuid, Contradiction> {
    let stream = &decoded.recorded.stream;
    let id = stream.aggregate_id.parse();
    id.map_err(|_| Contradiction(format!("the id of stream {stream} is no UUID")))
}

fn hall(state: &mut IndicatorsState, id: Uuid, event: &HallEvent, position: i64) -> Result<(), Contradiction> {
    let minutes = |cutoff: u16| i16::try_from(cutoff).unwrap_or(i16::MAX);
    if let HallEvent::HallRegistered {
        chain_id,
        name,
        time_zone,
        business_day_cutoff_minutes,
        ..
    } = event
    {
        state.halls.put(HallRow {
            hall_id: id,
            chain_id: chain_id.0,
            name: name.clone(),
            time_zone: time_zone.clone(),
            business_day_cutoff_minutes: minutes(*business_day_cutoff_minutes),
            retired: false,
            position,
        });
        return Ok(());
    }
    let row = state.halls.change(id);
    let row = row.ok_or_else(|| Contradiction(format!("hall {id} was never registered")))?;
    match event {
        HallEvent::HallRenamed { name } => row.name.clone_from(name),
        HallEvent::HallTimeZoneChanged { time_zone } => row.time_zone.clone_from(time_zone),
        HallEvent::BusinessDayCutoffChanged {
            business_day_cutoff_minutes,
        } => row.business_day_cutoff_minutes = minutes(*business_day_cutoff_minutes),
        HallEvent::HallRetired { .. } => row.retired = true,
        HallEvent::DisplayLinkIssued {
            display_id,
            label,
            expires_at,
            at,
        } => state.displays.put(DisplayRow {
            display_id: display_id.0,
            hall_id: id,
            label: label.clone(),
            issued_at: (*at).into(),
            expires_at: (*expires_at).into(),
            revoked: false,
            position,
        }),
        HallEvent::DisplayLinkRevoked { display_id, .. } => {
            if let Some(link) = state.displays.change(display_id.0) {
                link.revoked = true;
                link.position = position;
            }
        }
        _ => {}
    }
    if let Some(row) = state.halls.change(id) {
        row.position = position;
    }
    Ok(())
}

fn table(state: &mut IndicatorsState, id: Uuid, event: &TableEvent, position: i64) -> Result<(), Contradiction> {
    if let TableEvent::TableRegistered { hall_id, .. } = event {
        state.tables.put(TableRow {
            table_id: id,
            hall_id: hall_id.0,
            session_id: None,
            occupied_since: None,
            retired: false,
            position,
        });
        return Ok(());
    }
    let row = state.tables.change(id);
    let row = row.ok_or_else(|| Contradiction(format!("table {id} was never registered")))?;
    match event {
        TableEvent::TableOccupied { session_id, at } => {
            // A table that was kept for a session stays taken when that begins.
            if row.session_id != Some(session_id.0) {
                row.session_id = Some(session_id.0);
                row.occupied_since = Some((*at).into());
            }
        }
        TableEvent::TableReleased { session_id, at } => {
            if row.session_id == Some(session_id.0) {
                row.position = position;
                row.session_id = None;
                let (hall_id, since) = (row.hall_id, row.occupied_since.take());
                let since = since.map_or(*at, |since| since.timestamp());
                return state.occupied(hall_id, since, *at, position);
            }
        }
        TableEvent::TableRetired { .. } => row.retired = true,
        _ => return Ok(()),
    }
    row.position = position;
    Ok(())
}

fn session(
    state: &mut IndicatorsState,
    id: Uuid,
    event: &TableSessionEvent,
    position: i64,
) -> Result<(), Contradiction> {
    match event {
        TableSessionEvent::SessionOpened { hall_id, opened_at, .. } => {
            state.sessions.put(SessionRow {
                session_id: id,
                hall_id: hall_id.0,
                opened_at: (*opened_at).into(),
                decided: false,
                position,
            });
            state.hour(hall_id.0, *opened_at, position)?.sessions += 1;
            Ok(())
        }
        TableSessionEvent::SessionCancelled { .. } => {
            if let Some((hall_id, opened_at)) = decide(state, id, position)? {
                state.hour(hall_id, opened_at, position)?.open_failed += 1;
            }
            Ok(())
        }
        TableSessionEvent::SessionClosed { at, bill, .. } => {
            let hall_id = known(state, id)?.hall_id;
            let hour = state.hour(hall_id, *at, position)?;
            hour.closed += 1;
            hour.revenue_fen += bill.total.0;
            Ok(())
        }
        _ => Ok(()),
    }
}

fn known(state: &IndicatorsState, session_id: Uuid) -> Result<&SessionRow, Contradiction> {
    let row = state.sessions.get(session_id);
    row.ok_or_else(|| Contradiction(format!("session {session_id} was never opened")))
}

/// Notes that it is known how an opening went; where and when it was, if it was not known before.
fn decide(
    state: &mut IndicatorsState,
    session_id: Uuid,
    position: i64,
) -> Result<Option<(Uuid, Timestamp)>, Contradiction> {
    if known(state, session_id)?.decided {
        return Ok(None);
    }
    Ok(state.sessions.change(session_id).map(|row| {
        row.decided = true;
        row.position = position;
        (row.hall_id, row.opened_at.timestamp())
    }))
}

fn device(state: &mut IndicatorsState, id: Uuid, event: &DeviceEvent, position: i64) -> Result<(), Contradiction> {
    match event {
        DeviceEvent::DeviceRegistered { hall_id, .. } => {
            state.devices.put(DeviceRow {
                device_id: id,
                hall_id: hall_id.0,
                position,
            });
            Ok(())
        }
        DeviceEvent::LightConfirmed {
            session_id,
            on,
            latency_ms,
            at,
            ..
        } => {
            if let Some(hall_id) = state.devices.get(id).map(|row| row.hall_id) {
                state.hour(hall_id, *at, position)?.response.add(*latency_ms);
            }
            // A session's light is confirmed more than once: when it moves, and when its time is prolonged.
            let Some(session_id) = session_id.filter(|id| *on && state.sessions.get(id.0).is_some()) else {
                return Ok(());
            };
            if let Some((hall_id, opened_at)) = decide(state, session_id.0, position)? {
                let took_ms = at.as_millisecond().saturating_sub(opened_at.as_millisecond());
                let hour = state.hour(hall_id, opened_at, position)?;
                hour.opened += 1;
                hour.open_time.add(u64::try_from(took_ms).unwrap_or_default());
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn payment(state: &mut IndicatorsState, id: Uuid, event: &PaymentEvent, position: i64) -> Result<(), Contradiction> {
    let (at, succeeded) = match event {
        PaymentEvent::PaymentStarted { intent, .. } => {
            state.payments.put(PaymentRow {
                intent_id: id,
                hall_id: intent.hall_id.map(|hall_id| hall_id.0),
                decided: false,
                position,
            });
            return Ok(());
        }
        PaymentEvent::PaymentSucceeded { at, .. } => (*at, true),
        PaymentEvent::PaymentFailed { at, .. } | PaymentEvent::PaymentConflicted { at, .. } => (*at, false),
        _ => return Ok(()),
    };
    let row = state.payments.get(id);
    let row = row.ok_or_else(|| Contradiction(format!("payment {id} was never started")))?;
    if row.decided {
        return Ok(());
    }
    let hall_id = row.hall_id;
    if let Some(row) = state.payments.change(id) {
        row.decided = true;
        row.position = position;
    }
    let Some(hall_id) = hall_id else { return Ok(()) };
    let hour = state.hour(hall_id, at, position)?;
    if succeeded {
        hour.paid += 1;
    } else {
        hour.pay_failed += 1;
    }
    Ok(())
}
