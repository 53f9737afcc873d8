//! How events change the board.

use baize_domain::Event;
use baize_domain::device::{DeviceEvent, FailureKind};
use baize_domain::hall::HallEvent;
use baize_domain::session::{SessionMode, TableSessionEvent};
use baize_domain::table::TableEvent;
use uuid::Uuid;

use crate::engine::{Contradiction, Decoded};
use crate::store::Instant;

use super::rows::{HallRow, LightStatus, TableRow, TableStatus};
use super::state::BoardState;

pub(super) fn fold(state: &mut BoardState, decoded: &Decoded<'_>) -> Result<(), Contradiction> {
    let position = decoded.position();
    match &decoded.event {
        Event::Hall(event) => hall(state, stream_id(decoded)?, event, position),
        Event::Table(event) => table(state, stream_id(decoded)?, event, position),
        Event::TableSession(event) => session(state, stream_id(decoded)?, event, position),
        Event::Device(event) => {
            device(state, stream_id(decoded)?, event, position);
            Ok(())
        }
        Event::Calendar(_)
        | Event::Chain(_)
        | Event::Staff(_)
        | Event::PointsAccount(_)
        | Event::Payment(_)
        | Event::Refund(_)
        | Event::Gift(_)
        | Event::Reconciliation(_)
        | Event::Redemption(_)
        | Event::BillSplit(_)
        | Event::Repair(_)
        | Event::Compensation(_)
        | Event::Complaint(_)
        | Event::TariffPlan(_)
        | Event::Member(_)
        | Event::Identity(_)
        | Event::Journal(_)
        | Event::Wallet(_) => Ok(()),
    }
}

/// The id of the aggregate, which is a UUID for all that the board looks at.
pub(super) fn stream_id(decoded: &Decoded<'_>) -> Result<Uuid, Contradiction> {
    let id = &decoded.recorded.stream.aggregate_id;
    id.parse()
        .map_err(|_| Contradiction(format!("the id of stream {} is no UUID", decoded.recorded.stream)))
}

fn hall(state: &mut BoardState, id: Uuid, event: &HallEvent, position: i64) -> Result<(), Contradiction> {
    let change: &dyn Fn(&mut HallRow) = match event {
        HallEvent::HallRegistered {
            hall_id,
            chain_id,
            name,
            time_zone,
            ..
        } => {
            state.halls.put(HallRow {
                hall_id: hall_id.0,
                chain_id: chain_id.0,
                name: name.clone(),
                time_zone: time_zone.clone(),
                retired: false,
                position,
            });
            return Ok(());
        }
        HallEvent::HallRenamed { name } => &|row| row.name.clone_from(name),
        HallEvent::HallTimeZoneChanged { time_zone } => &|row| row.time_zone.clone_from(time_zone),
        HallEvent::HallRetired { .. } => &|row| row.retired = true,
        HallEvent::HallPolicyChanged { .. }
        | HallEvent::BusinessDayCutoffChanged { .. }
        | HallEvent::TableListed { .. }
        | HallEvent::TableDelisted { .. }
        | HallEvent::DeviceListed { .. }
        | HallEvent::DeviceDelisted { .. }
        | HallEvent::GoodsListed { .. }
        | HallEvent::DisplayLinkIssued { .. }
        | HallEvent::DisplayLinkRevoked { .. } => return Ok(()),
    };
    let row = state.halls.change(id);
    let row = row.ok_or_else(|| Contradiction(format!("hall {id} was never registered")))?;
    change(row);
    row.position = position;
    Ok(())
}

fn table(state: &mut BoardState, table_id: Uuid, event: &TableEvent, position: i64) -> Result<(), Contradiction> {
    if let TableEvent::TableRegistered {
        hall_id,
        label,
        class,
        light,
        ..
    } = event
    {
        state.put_table(TableRow {
            table_id,
            hall_id: hall_id.0,
            label: label.clone(),
            class: (*class).into(),
            status: TableStatus::Idle,
            session_id: None,
            opened_at: None,
            billing_started_at: None,
            secured_until: None,
            prepaid: false,
            maintenance_reason: None,
            maintenance_expected_end: None,
            light_device_id: light.device_id.0,
            light_channel: i16::from(light.channel),
            light: LightStatus::Off,
            light_rev: 0,
            light_desired: false,
            light_lit: false,
            light_failed: false,
            retired: false,
            position,
        });
        return Ok(());
    }
    let known = state.change_table(table_id, position, |row| match event {
        TableEvent::TableRegistered { .. }
        | TableEvent::TableTariffChanged { .. }
        | TableEvent::QrTokenRotated { .. } => {}
        TableEvent::TableRenamed { label } => row.label.clone_from(label),
        TableEvent::TableReclassified { class } => row.class = (*class).into(),
        TableEvent::TableLightChanged { light } => {
            row.light_device_id = light.device_id.0;
            row.light_channel = i16::from(light.channel);
            row.light_rev = 0;
            row.light_desired = false;
            row.light_lit = false;
            row.light_failed = false;
        }
        TableEvent::TableRetired { .. } => row.retired = true,
        TableEvent::TableOccupied { session_id, at } => {
            if row.session_id != Some(session_id.0) {
                take(row, session_id.0);
                row.opened_at = Some((*at).into());
            }
        }
        TableEvent::TableReleased { session_id, .. } => {
            if row.session_id == Some(session_id.0) {
                leave(row);
            }
        }
        TableEvent::MaintenanceStarted {
            reason, expected_end, ..
        } => {
            row.maintenance_reason = Some(reason.clone());
            row.maintenance_expected_end = expected_end.map(Instant::from);
        }
        TableEvent::MaintenanceEnded { .. } => {
            row.maintenance_reason = None;
            row.maintenance_expected_end = None;
        }
    });
    if known { Ok(()) } else { Err(unregistered(table_id)) }
}

fn unregistered(table_id: Uuid) -> Contradiction {
    Contradiction(format!("table {table_id} was never registered"))
}

/// A session's events change the table that it has; after the table was released they change nothing here.
fn session(
    state: &mut BoardState,
    session_id: Uuid,
    event: &TableSessionEvent,
    position: i64,
) -> Result<(), Contradiction> {
    if let TableSessionEvent::SessionOpened {
        table_id,
        mode,
        opened_at,
        ..
    } = event
    {
        // Of one unit of work, the table's event may stand before or behind this one.
        let known = state.change_table(table_id.0, position, |row| {
            if row.session_id.is_none() {
                take(row, session_id);
            }
            if row.session_id != Some(session_id) {
                return;
            }
            row.opened_at = Some((*opened_at).into());
            row.prepaid = matches!(mode, SessionMode::Prepaid { .. });
            row.secured_until = Some(mode.reach().into());
        });
        return if known { Ok(()) } else { Err(unregistered(table_id.0)) };
    }
    if let TableSessionEvent::SessionTransferred {
        from_table_id,
        table_id,
        covered_until,
        ..
    } = event
    {
        let (from, to) = (from_table_id.0, table_id.0);
        let known = state.move_session(session_id, from, to, (*covered_until).into(), position);
        return if known { Ok(()) } else { Err(unregistered(to)) };
    }
    let Some(table_id) = state.table_of(session_id) else {
        return Ok(());
    };
    state.change_table(table_id, position, |row| match event {
        TableSessionEvent::BillingStarted { at, covered_until, .. } => {
            row.billing_started_at = Some((*at).into());
            row.secured_until = Some((*covered_until).into());
        }
        TableSessionEvent::SessionExtended { ends_at, .. } => row.secured_until = Some((*ends_at).into()),
        TableSessionEvent::HoldRenewed { covered_until, .. } => row.secured_until = Some((*covered_until).into()),
        TableSessionEvent::SessionResumed { covered_until, .. } => row.secured_until = Some((*covered_until).into()),
        TableSessionEvent::SessionClosed { .. } | TableSessionEvent::SessionCancelled { .. } => leave(row),
        TableSessionEvent::SessionOpened { .. }
        | TableSessionEvent::SessionTransferred { .. }
        | TableSessionEvent::OpeningAwaited { .. }
        | TableSessionEvent::OpeningLapsed { .. }
        | TableSessionEvent::SessionPaused { .. }
        | TableSessionEvent::GoodsAdded { .. }
        | TableSessionEvent::GoodsRemoved { .. }
        | TableSessionEvent::CustomerWarned { .. }
        | TableSessionEvent::SessionSettled { .. } => {}
    });
    Ok(())
}

fn device(state: &mut BoardState, device_id: Uuid, event: &DeviceEvent, position: i64) {
    let channel = match event {
        DeviceEvent::DeviceRegistered { .. }
        | DeviceEvent::DeviceRetired { .. }
        | DeviceEvent::DeviceWentOffline { .. }
        | DeviceEvent::DeviceCameBack { .. }
        | DeviceEvent::DeviceFlapped { .. } => return,
        DeviceEvent::LightDesired { channel, .. }
        | DeviceEvent::LightConfirmed { channel, .. }
        | DeviceEvent::LightExpired { channel, .. }
        | DeviceEvent::LightFailed { channel, .. } => i16::from(*channel),
    };
    for table_id in state.tables_lit_by(device_id, channel) {
        state.change_table(table_id, position, |row| light(row, event));
    }
}

/// `rev` counts upwards: news of an older desired state says what the light did, but not whether the newest is met.
fn light(row: &mut TableRow, event: &DeviceEvent) {
    match event {
        DeviceEvent::DeviceRegistered { .. }
        | DeviceEvent::DeviceRetired { .. }
        | DeviceEvent::DeviceWentOffline { .. }
        | DeviceEvent::DeviceCameBack { .. }
        | DeviceEvent::DeviceFlapped { .. } => {}
        DeviceEvent::LightDesired { rev, on, .. } => {
            if *rev as i64 > row.light_rev {
                row.light_rev = *rev as i64;
                row.light_desired = *on;
                row.light_failed = false;
            }
        }
        DeviceEvent::LightConfirmed { rev, on, .. } => {
            row.light_lit = *on;
            if *rev as i64 == row.light_rev {
                row.light_failed = false;
            }
        }
        DeviceEvent::LightExpired { rev, .. } => {
            row.light_lit = false;
            if *rev as i64 == row.light_rev {
                row.light_desired = false;
                row.light_failed = false;
            }
        }
        DeviceEvent::LightFailed { rev, kind, .. } => match kind {
            // The bridge goes on trying.
            FailureKind::Late => {}
            FailureKind::Unreachable | FailureKind::Mismatch => {
                if *rev as i64 == row.light_rev {
                    row.light_failed = true;
                }
            }
        },
    }
}

pub(super) fn take(row: &mut TableRow, session_id: Uuid) {
    leave(row);
    row.session_id = Some(session_id);
}

pub(super) fn leave(row: &mut TableRow) {
    row.session_id = None;
    row.opened_at = None;
    row.billing_started_at = None;
    row.secured_until = None;
    row.prepaid = false;
}
