//! What a table decides.

use std::sync::Arc;

use jiff::Timestamp;

use crate::ids::SessionId;
use crate::refusal::InvalidField;

use super::{Table, TableCommand, TableError, TableEvent, TableProfile};

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
    InvalidField::unless(profile.light.channel >= 1, "light.channel", "counts from 1")?;
    InvalidField::unless(
        QR_TOKEN_CHARS.contains(&profile.qr_token.chars().count()),
        "qr_token",
        "must be 8 to 128 characters",
    )?;
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

/// Gives the table to a session.
///
/// # Errors
/// [`TableError::NotFound`], [`TableError::Occupied`], [`TableError::InMaintenance`].
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

/// Takes the table off sale. A running session plays to its end; a new reason replaces the old one.
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
        at,
    }])
}

/// Puts the table back on sale.
///
/// # Errors
/// [`TableError::NotFound`].
pub fn end_maintenance(table: &Table, at: Timestamp) -> Result<Vec<TableEvent>, TableError> {
    registered(table)?;
    if table.maintenance.is_none() {
        return Ok(Vec::new());
    }
    Ok(vec![TableEvent::MaintenanceEnded { at }])
}

fn registered(table: &Table) -> Result<&Arc<TableProfile>, TableError> {
    table.profile.as_ref().ok_or(TableError::NotFound)
}
