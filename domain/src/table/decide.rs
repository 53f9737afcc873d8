//! What a table decides.

use std::sync::Arc;

use jiff::Timestamp;

use crate::device::LightChannel;
use crate::ids::{RepairId, SessionId};
use crate::refusal::InvalidField;

use super::{Table, TableChange, TableCommand, TableError, TableEvent, TableProfile};

/// Characters of a label, at most.
const LABEL_CHARS_MAX: usize = 32;
/// Characters of the token in a table's code: long enough not to be guessed, short enough for a small code.
const QR_TOKEN_CHARS: std::ops::RangeInclusive<usize> = 8..=128;
/// Characters of a reason, at most.
const REASON_CHARS_MAX: usize = 200;

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(table: &Table, command: TableCommand) -> Result<Vec<TableEvent>, TableError> {
    match command {
        TableCommand::Register(profile) => register(table, profile),
        TableCommand::Change(change) => self::change(table, change),
        TableCommand::RotateQrToken { qr_token } => rotate_qr_token(table, qr_token),
        TableCommand::Retire { at } => retire(table, at),
        TableCommand::Occupy { session_id, at } => occupy(table, session_id, at),
        TableCommand::Release { session_id, at } => Ok(release(table, session_id, at)),
        TableCommand::StartMaintenance {
            reason,
            expected_end,
            at,
        } => start_maintenance(table, reason, expected_end, at),
        TableCommand::EndMaintenance { at } => end_maintenance(table, at),
    }
}

/// Sets a table up; the same table again changes nothing.
///
/// # Errors
/// [`TableError::Exists`], [`TableError::Invalid`].
pub fn register(table: &Table, profile: TableProfile) -> Result<Vec<TableEvent>, TableError> {
    if let Some(existing) = &table.profile {
        return if **existing == profile {
            Ok(Vec::new())
        } else {
            Err(TableError::Exists(existing.table_id))
        };
    }
    InvalidField::unless_text(&profile.label, LABEL_CHARS_MAX, "label")?;
    validate_light(profile.light)?;
    validate_qr_token(&profile.qr_token)?;
    Ok(vec![TableEvent::TableRegistered {
        table_id: profile.table_id,
        hall_id: profile.hall_id,
        label: profile.label,
        class: profile.class,
        tariff_plan_id: profile.tariff_plan_id,
        light: profile.light,
        qr_token: profile.qr_token,
    }])
}

/// Changes label, class, tariff plan and light; what is so already changes nothing. A session that runs keeps the tariff it opened with.
///
/// # Errors
/// [`TableError::NotFound`], [`TableError::Retired`], [`TableError::Invalid`]; [`TableError::InUse`] for another light while somebody
/// plays: the light that is on would be left to itself.
pub fn change(table: &Table, change: TableChange) -> Result<Vec<TableEvent>, TableError> {
    let profile = registered(table)?;
    let mut events = Vec::new();
    if let Some(label) = change.label {
        InvalidField::unless_text(&label, LABEL_CHARS_MAX, "label")?;
        if label != profile.label {
            events.push(TableEvent::TableRenamed { label });
        }
    }
    if let Some(class) = change.class.filter(|class| *class != profile.class) {
        events.push(TableEvent::TableReclassified { class });
    }
    if let Some(tariff_plan_id) = change.tariff_plan_id.filter(|plan| *plan != profile.tariff_plan_id) {
        events.push(TableEvent::TableTariffChanged { tariff_plan_id });
    }
    if let Some(light) = change.light.filter(|light| *light != profile.light) {
        validate_light(light)?;
        nobody_plays(table, profile)?;
        events.push(TableEvent::TableLightChanged { light });
    }
    Ok(events)
}

/// Gives the table another code.
///
/// # Errors
/// [`TableError::NotFound`], [`TableError::Retired`], [`TableError::Invalid`].
pub fn rotate_qr_token(table: &Table, qr_token: String) -> Result<Vec<TableEvent>, TableError> {
    let profile = registered(table)?;
    validate_qr_token(&qr_token)?;
    if profile.qr_token == qr_token {
        return Ok(Vec::new());
    }
    Ok(vec![TableEvent::QrTokenRotated { qr_token }])
}

/// Takes the table out of the hall for good.
///
/// # Errors
/// [`TableError::NotFound`], [`TableError::InUse`].
pub fn retire(table: &Table, at: Timestamp) -> Result<Vec<TableEvent>, TableError> {
    let profile = table.profile.as_ref().ok_or(TableError::NotFound)?;
    if table.retired {
        return Ok(Vec::new());
    }
    nobody_plays(table, profile)?;
    Ok(vec![TableEvent::TableRetired { at }])
}

/// Gives the table to a session.
///
/// # Errors
/// [`TableError::NotFound`], [`TableError::Retired`], [`TableError::Occupied`], [`TableError::InMaintenance`].
pub fn occupy(table: &Table, session_id: SessionId, at: Timestamp) -> Result<Vec<TableEvent>, TableError> {
    let profile = registered(table)?;
    if table.session_id == Some(session_id) {
        return Ok(Vec::new());
    }
    if table.session_id.is_some() {
        return Err(TableError::Occupied {
            table_id: profile.table_id,
            label: profile.label.clone(),
        });
    }
    if let Some(maintenance) = &table.maintenance {
        return Err(TableError::InMaintenance {
            table_id: profile.table_id,
            label: profile.label.clone(),
            reason: maintenance.reason.clone(),
            expected_end: maintenance.expected_end,
        });
    }
    Ok(vec![TableEvent::TableOccupied { session_id, at }])
}

/// Takes the table back from a session, if that session has it.
pub fn release(table: &Table, session_id: SessionId, at: Timestamp) -> Vec<TableEvent> {
    if table.session_id == Some(session_id) {
        vec![TableEvent::TableReleased { session_id, at }]
    } else {
        Vec::new()
    }
}

/// Takes the table off sale. A running session plays to its end; a new reason replaces the old one, and a repair goes on.
///
/// # Errors
/// [`TableError::NotFound`], [`TableError::Invalid`].
pub fn start_maintenance(
    table: &Table,
    reason: String,
    expected_end: Option<Timestamp>,
    at: Timestamp,
) -> Result<Vec<TableEvent>, TableError> {
    registered(table)?;
    InvalidField::unless_text(&reason, REASON_CHARS_MAX, "reason")?;
    let already = table
        .maintenance
        .as_ref()
        .is_some_and(|m| m.reason == reason && m.expected_end == expected_end);
    if already {
        return Ok(Vec::new());
    }
    Ok(vec![TableEvent::MaintenanceStarted {
        reason,
        expected_end,
        repair_id: under_repair(table),
        at,
    }])
}

/// Takes the table off sale until a repair has ended; one that is under repair stays so.
pub fn take_out(table: &Table, repair_id: RepairId, reason: &str, at: Timestamp) -> Vec<TableEvent> {
    if table.retired || under_repair(table).is_some() {
        return Vec::new();
    }
    let expected_end = table.maintenance.as_ref().and_then(|known| known.expected_end);
    vec![TableEvent::MaintenanceStarted {
        reason: reason.to_owned(),
        expected_end,
        repair_id: Some(repair_id),
        at,
    }]
}

/// Puts the table back on sale, if it is that repair that kept it off.
pub fn repaired(table: &Table, repair_id: RepairId, at: Timestamp) -> Vec<TableEvent> {
    if under_repair(table) == Some(repair_id) {
        vec![TableEvent::MaintenanceEnded { at }]
    } else {
        Vec::new()
    }
}

/// The repair that keeps the table off sale.
pub fn under_repair(table: &Table) -> Option<RepairId> {
    table.maintenance.as_ref()?.repair_id
}

/// Puts the table back on sale.
///
/// # Errors
/// [`TableError::NotFound`]; [`TableError::UnderRepair`] while a fault has not been repaired.
pub fn end_maintenance(table: &Table, at: Timestamp) -> Result<Vec<TableEvent>, TableError> {
    let profile = registered(table)?;
    if table.maintenance.is_none() {
        return Ok(Vec::new());
    }
    if let Some(repair_id) = under_repair(table) {
        return Err(TableError::UnderRepair {
            table_id: profile.table_id,
            label: profile.label.clone(),
            repair_id,
        });
    }
    Ok(vec![TableEvent::MaintenanceEnded { at }])
}

fn registered(table: &Table) -> Result<&Arc<TableProfile>, TableError> {
    let profile = table.profile.as_ref().ok_or(TableError::NotFound)?;
    if table.retired {
        return Err(TableError::Retired {
            table_id: profile.table_id,
            label: profile.label.clone(),
        });
    }
    Ok(profile)
}

fn nobody_plays(table: &Table, profile: &TableProfile) -> Result<(), TableError> {
    match table.session_id {
        None => Ok(()),
        Some(_) => Err(TableError::InUse {
            table_id: profile.table_id,
            label: profile.label.clone(),
        }),
    }
}

fn validate_light(light: LightChannel) -> Result<(), InvalidField> {
    InvalidField::unless(light.channel >= 1, "light.channel", "counts from 1")
}

fn validate_qr_token(qr_token: &str) -> Result<(), InvalidField> {
    InvalidField::unless(
        QR_TOKEN_CHARS.contains(&qr_token.chars().count()),
        "qr_token",
        "must be 8 to 128 characters",
    )
}
