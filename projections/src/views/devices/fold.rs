//! How events change devices, repairs and alerts.

use baize_domain::Event;
use baize_domain::complaint::{ComplaintEvent, ComplaintTerms};
use baize_domain::device::{DeviceEvent, FailureKind};
use baize_domain::repair::{Fault, RepairEvent, Ticket};
use baize_domain::table::TableEvent;
use jiff::Timestamp;
use sqlx::types::Json;
use uuid::Uuid;

use crate::engine::{Contradiction, Decoded};

use super::rows::{
    AlertKind, AlertRow, DeviceRow, FaultKind, HistoryKind, HistoryRow, IncidentRow, LabelRow, OutputState, Phase,
    RepairRow, Standing,
};
use super::state::DevicesState;

pub(super) fn fold(state: &mut DevicesState, decoded: &Decoded<'_>) -> Result<(), Contradiction> {
    let position = decoded.position();
    match &decoded.event {
        Event::Device(event) => device(state, stream_id(decoded)?, event, position),
        Event::Repair(event) => repair(state, stream_id(decoded)?, event, position)?,
        Event::Table(TableEvent::TableRegistered { label, .. } | TableEvent::TableRenamed { label, .. }) => {
            state.labels.put(LabelRow {
                table_id: stream_id(decoded)?,
                label: label.clone(),
            });
        }
        Event::Complaint(ComplaintEvent::ComplaintFiled { terms, at }) => {
            state.alerts.put(complaint(terms, *at, position));
        }
        _ => {}
    }
    Ok(())
}

fn complaint(terms: &ComplaintTerms, at: Timestamp, position: i64) -> AlertRow {
    AlertRow {
        position,
        hall_id: terms.hall_id.0,
        kind: AlertKind::Complaint,
        name: String::new(),
        device_id: None,
        table_id: None,
        repair_id: None,
        incident_id: None,
        complaint_id: Some(terms.complaint_id.0),
        at: at.into(),
    }
}

pub(super) fn stream_id(decoded: &Decoded<'_>) -> Result<Uuid, Contradiction> {
    let stream = &decoded.recorded.stream;
    stream
        .aggregate_id
        .parse()
        .map_err(|_| Contradiction(format!("the id of stream {stream} is no UUID")))
}

fn device(state: &mut DevicesState, device_id: Uuid, event: &DeviceEvent, position: i64) {
    if let DeviceEvent::DeviceRegistered {
        hall_id,
        topic,
        channels,
        ..
    } = event
    {
        state.devices.put(DeviceRow {
            device_id,
            hall_id: hall_id.0,
            topic: topic.clone(),
            channels: i16::from(*channels),
            retired: false,
            offline_since: None,
            incident_id: None,
            last_heard_at: None,
            held_until: None,
            outputs: Json::default(),
            registered: position,
        });
        return;
    }
    let Some(row) = state.devices.change(device_id) else {
        // Nobody's hall: nobody could be shown it.
        return;
    };
    change(row, event);
    let row = row.clone();
    if let Some(entry) = history(device_id, event, position) {
        state.history.put(entry);
    }
    if let Some(alert) = told(state, &row, event, position) {
        state.alerts.put(alert);
    }
}

fn change(row: &mut DeviceRow, event: &DeviceEvent) {
    let outputs = &mut row.outputs.0;
    match event {
        DeviceEvent::DeviceRegistered { .. } => {}
        DeviceEvent::DeviceRetired { .. } => row.retired = true,
        DeviceEvent::LightDesired {
            channel,
            rev,
            on,
            session_id,
            not_after,
            ..
        } => {
            let known = outputs.get(channel).cloned();
            outputs.insert(
                *channel,
                OutputState {
                    rev: *rev,
                    desired_on: *on,
                    session_id: session_id.map(|id| id.0),
                    not_after: *not_after,
                    standing: Standing::Pending,
                    reported_on: known.as_ref().and_then(|known| known.reported_on),
                    reported_at: known.as_ref().and_then(|known| known.reported_at),
                    latency_ms: known.as_ref().map_or(0, |known| known.latency_ms),
                    attempts: known.map_or(0, |known| known.attempts),
                },
            );
        }
        DeviceEvent::LightConfirmed {
            channel,
            rev,
            on,
            latency_ms,
            attempts,
            at,
            ..
        } => {
            row.last_heard_at = Some((*at).into());
            if let Some(output) = outputs.get_mut(channel) {
                (output.latency_ms, output.attempts) = (*latency_ms, *attempts);
                report(output, *rev, *on, Standing::Confirmed, *at);
            }
        }
        DeviceEvent::LightExpired { channel, rev, at, .. } => {
            row.last_heard_at = Some((*at).into());
            if let Some(output) = outputs.get_mut(channel) {
                report(output, *rev, false, Standing::Expired, *at);
            }
        }
        DeviceEvent::LightFailed { channel, rev, kind, .. } => {
            if let Some(output) = outputs.get_mut(channel).filter(|output| output.rev == *rev) {
                output.standing = match kind {
                    FailureKind::Late => Standing::Late,
                    FailureKind::Unreachable => Standing::Unreachable,
                    FailureKind::Mismatch => Standing::Mismatch,
                };
            }
        }
        DeviceEvent::DeviceWentOffline {
            last_heard_at,
            incident_id,
            at,
            ..
        } => {
            row.offline_since = Some((*at).into());
            row.incident_id = *incident_id;
            row.last_heard_at = Some((*last_heard_at).into());
        }
        DeviceEvent::DeviceCameBack { at } => {
            row.offline_since = None;
            row.incident_id = None;
            row.last_heard_at = Some((*at).into());
        }
        DeviceEvent::DeviceFlapped { hold_until, .. } => row.held_until = Some((*hold_until).into()),
    }
}

fn report(output: &mut OutputState, rev: u64, on: bool, standing: Standing, at: Timestamp) {
    output.reported_on = Some(on);
    output.reported_at = Some(at);
    if output.rev == rev {
        output.standing = standing;
    }
}

fn history(device_id: Uuid, event: &DeviceEvent, position: i64) -> Option<HistoryRow> {
    let blank = |kind, at: &Timestamp| HistoryRow {
        position,
        device_id,
        kind,
        channel: 0,
        lit: false,
        rev: 0,
        latency_ms: 0,
        attempts: 0,
        at: (*at).into(),
    };
    let light = |kind, channel: u8, rev: u64, at: &Timestamp| HistoryRow {
        channel: i16::from(channel),
        rev: rev as i64,
        ..blank(kind, at)
    };
    Some(match event {
        DeviceEvent::DeviceRegistered { .. } | DeviceEvent::DeviceRetired { .. } => return None,
        DeviceEvent::LightDesired {
            channel,
            rev,
            on,
            issued_at,
            ..
        } => HistoryRow {
            lit: *on,
            ..light(HistoryKind::Desired, *channel, *rev, issued_at)
        },
        DeviceEvent::LightConfirmed {
            channel,
            rev,
            on,
            latency_ms,
            attempts,
            at,
            ..
        } => HistoryRow {
            lit: *on,
            latency_ms: i64::try_from(*latency_ms).unwrap_or(i64::MAX),
            attempts: i32::try_from(*attempts).unwrap_or(i32::MAX),
            ..light(HistoryKind::Confirmed, *channel, *rev, at)
        },
        DeviceEvent::LightExpired { channel, rev, at, .. } => light(HistoryKind::Expired, *channel, *rev, at),
        DeviceEvent::LightFailed {
            channel, rev, kind, at, ..
        } => {
            let kind = match kind {
                FailureKind::Late => HistoryKind::Late,
                FailureKind::Unreachable => HistoryKind::Unreachable,
                FailureKind::Mismatch => HistoryKind::Mismatch,
            };
            light(kind, *channel, *rev, at)
        }
        DeviceEvent::DeviceWentOffline { at, .. } => blank(HistoryKind::WentOffline, at),
        DeviceEvent::DeviceCameBack { at } => blank(HistoryKind::CameBack, at),
        DeviceEvent::DeviceFlapped { at, .. } => blank(HistoryKind::Flapped, at),
    })
}

/// What staff are told of a device; of many that are lost at once, once.
fn told(state: &mut DevicesState, row: &DeviceRow, event: &DeviceEvent, position: i64) -> Option<AlertRow> {
    let about = |kind, at: &Timestamp| AlertRow {
        position,
        hall_id: row.hall_id,
        kind,
        name: row.topic.clone(),
        device_id: Some(row.device_id),
        table_id: None,
        repair_id: None,
        incident_id: None,
        complaint_id: None,
        at: (*at).into(),
    };
    match event {
        DeviceEvent::DeviceWentOffline { incident_id, at, .. } => {
            let Some(incident_id) = *incident_id else {
                return Some(about(AlertKind::DeviceLost, at));
            };
            if let Some(known) = state.incidents.change(incident_id) {
                known.devices += 1;
                return None;
            }
            state.incidents.put(IncidentRow {
                incident_id,
                devices: 1,
            });
            Some(AlertRow {
                device_id: None,
                incident_id: Some(incident_id),
                ..about(AlertKind::HallLost, at)
            })
        }
        DeviceEvent::DeviceCameBack { at } => Some(about(AlertKind::DeviceBack, at)),
        DeviceEvent::DeviceFlapped { at, .. } => Some(about(AlertKind::DeviceFlapping, at)),
        _ => None,
    }
}

fn repair(state: &mut DevicesState, repair_id: Uuid, event: &RepairEvent, position: i64) -> Result<(), Contradiction> {
    if let RepairEvent::RepairOpened { ticket, at } = event {
        let label = state.labels.get(ticket.table_id.0).map(|row| row.label.clone());
        let row = opened(ticket, label.unwrap_or_default(), position, *at);
        state.alerts.put(alert(&row, AlertKind::Fault, *at, position));
        state.repairs.put(row);
        return Ok(());
    }
    let Some(row) = state.repairs.change(repair_id) else {
        return Err(Contradiction(format!("repair {repair_id} was never opened")));
    };
    let told = match event {
        RepairEvent::RepairOpened { .. } => None,
        RepairEvent::RepairStarted { by, .. } => {
            (row.phase, row.assigned_to) = (Phase::Started, Some(*by));
            None
        }
        RepairEvent::RepairCompleted { note, .. } => {
            row.phase = Phase::Completed;
            row.note.clone_from(note);
            None
        }
        RepairEvent::RepairTestStarted { test, .. } => {
            (row.phase, row.tests) = (Phase::Testing, i32::try_from(*test).unwrap_or(i32::MAX));
            None
        }
        RepairEvent::RepairTestPassed { at, .. } => {
            (row.phase, row.closed_at) = (Phase::Closed, Some((*at).into()));
            Some((AlertKind::Repaired, *at))
        }
        RepairEvent::RepairTestFailed { at, .. } => {
            (row.phase, row.assigned_to) = (Phase::Open, None);
            Some((AlertKind::TestFailed, *at))
        }
    };
    let told = told.map(|(kind, at)| alert(row, kind, at, position));
    if let Some(told) = told {
        state.alerts.put(told);
    }
    Ok(())
}

fn opened(ticket: &Ticket, table_label: String, position: i64, at: Timestamp) -> RepairRow {
    let (fault, words) = match &ticket.fault {
        Fault::NotConfirmed => (FaultKind::NotConfirmed, ""),
        Fault::Unreachable => (FaultKind::Unreachable, ""),
        Fault::Mismatch => (FaultKind::Mismatch, ""),
        Fault::Offline => (FaultKind::Offline, ""),
        Fault::Reported { words } => (FaultKind::Reported, words.as_str()),
    };
    RepairRow {
        repair_id: ticket.repair_id.0,
        hall_id: ticket.hall_id.0,
        table_id: ticket.table_id.0,
        table_label,
        device_id: ticket.light.device_id.0,
        channel: i16::from(ticket.light.channel),
        fault,
        words: words.to_owned(),
        since: ticket.since.into(),
        session_id: ticket.session_id.map(|id| id.0),
        phase: Phase::Open,
        assigned_to: None,
        note: String::new(),
        tests: 0,
        opened: position,
        opened_at: at.into(),
        closed_at: None,
    }
}

fn alert(row: &RepairRow, kind: AlertKind, at: Timestamp, position: i64) -> AlertRow {
    AlertRow {
        position,
        hall_id: row.hall_id,
        kind,
        name: row.table_label.clone(),
        device_id: Some(row.device_id),
        table_id: Some(row.table_id),
        repair_id: Some(row.repair_id),
        incident_id: None,
        complaint_id: None,
        at: at.into(),
    }
}
