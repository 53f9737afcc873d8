//! How events change the directory.

use baize_domain::Event;
use baize_domain::chain::ChainEvent;
use baize_domain::device::DeviceEvent;
use baize_domain::hall::HallEvent;
use baize_domain::table::TableEvent;
use baize_domain::tariff::TariffPlanEvent;
use sqlx::types::Json;
use uuid::Uuid;

use crate::engine::{Contradiction, Decoded};
use crate::store::Instant;
use crate::views::board::TableStatus;

use super::rows::{ChainRow, CodeRow, DeviceRow, HallRow, TableRow, TariffRow, code_id};
use super::state::DirectoryState;

pub(super) fn fold(state: &mut DirectoryState, decoded: &Decoded<'_>) -> Result<(), Contradiction> {
    let (id, position) = (stream_id(decoded)?, decoded.position());
    let known = match &decoded.event {
        Event::Chain(event) => chain(state, id, event, position),
        Event::Hall(event) => hall(state, id, event, position),
        Event::Table(event) => table(state, id, event, position),
        Event::Device(event) => device(state, id, event, position),
        Event::TariffPlan(event) => {
            tariff(state, event, position);
            Some(())
        }
        _ => Some(()),
    };
    let unknown = || Contradiction(format!("{} was never registered", decoded.recorded.stream));
    known.ok_or_else(unknown)
}

pub(super) fn stream_id(decoded: &Decoded<'_>) -> Result<Uuid, Contradiction> {
    let id = &decoded.recorded.stream.aggregate_id;
    id.parse()
        .map_err(|_| Contradiction(format!("the id of stream {} is no UUID", decoded.recorded.stream)))
}

fn chain(state: &mut DirectoryState, id: Uuid, event: &ChainEvent, position: i64) -> Option<()> {
    if let ChainEvent::ChainRegistered { name, .. } = event {
        state.chains.put(ChainRow {
            chain_id: id,
            name: name.clone(),
            levels_version: 0,
            levels: Json(Vec::new()),
            window_days: 0,
            period_months: 0,
            position,
        });
        return Some(());
    }
    let row = state.chains.change(id)?;
    match event {
        ChainEvent::ChainRegistered { .. }
        | ChainEvent::PointsPolicyChanged { .. }
        | ChainEvent::TopUpTiersDefined { .. }
        | ChainEvent::PaymentPolicyChanged { .. } => {}
        ChainEvent::ChainRenamed { name } => row.name.clone_from(name),
        ChainEvent::LevelsDefined {
            version,
            levels,
            policy,
        } => {
            row.window_days = policy.window_days.into();
            row.period_months = policy.period_months.into();
            row.levels_version = i32::try_from(*version).unwrap_or(i32::MAX);
            row.levels = Json(levels.clone());
        }
    }
    row.position = position;
    Some(())
}

fn hall(state: &mut DirectoryState, id: Uuid, event: &HallEvent, position: i64) -> Option<()> {
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
            goods: Json(Vec::new()),
            goods_version: 0,
            retired: false,
            registered: position,
            position,
        });
        return Some(());
    }
    let row = state.halls.change(id)?;
    match event {
        HallEvent::HallRenamed { name } => row.name.clone_from(name),
        HallEvent::HallTimeZoneChanged { time_zone } => row.time_zone.clone_from(time_zone),
        HallEvent::BusinessDayCutoffChanged {
            business_day_cutoff_minutes,
        } => row.business_day_cutoff_minutes = minutes(*business_day_cutoff_minutes),
        HallEvent::GoodsListed { version, goods } => {
            row.goods = Json(goods.clone());
            row.goods_version = i32::try_from(*version).unwrap_or(i32::MAX);
        }
        HallEvent::HallRetired { .. } => row.retired = true,
        HallEvent::HallRegistered { .. }
        | HallEvent::HallPolicyChanged { .. }
        | HallEvent::TableListed { .. }
        | HallEvent::TableDelisted { .. }
        | HallEvent::DeviceListed { .. }
        | HallEvent::DeviceDelisted { .. }
        | HallEvent::DisplayLinkIssued { .. }
        | HallEvent::DisplayLinkRevoked { .. } => {}
    }
    row.position = position;
    Some(())
}

/// Below a day, as the hall decided.
fn minutes(cutoff: u16) -> i16 {
    i16::try_from(cutoff).unwrap_or(i16::MAX)
}

fn table(state: &mut DirectoryState, id: Uuid, event: &TableEvent, position: i64) -> Option<()> {
    if let TableEvent::TableRegistered {
        hall_id,
        label,
        class,
        tariff_plan_id,
        light,
        qr_token,
        ..
    } = event
    {
        state.codes.put(code(id, qr_token, false, position));
        state.tables.put(TableRow {
            table_id: id,
            hall_id: hall_id.0,
            label: label.clone(),
            class: (*class).into(),
            status: TableStatus::Idle,
            tariff_plan_id: tariff_plan_id.0,
            light_device_id: light.device_id.0,
            light_channel: i16::from(light.channel),
            qr_token: qr_token.clone(),
            session_id: None,
            maintenance_reason: None,
            maintenance_expected_end: None,
            registered: position,
            position,
        });
        return Some(());
    }
    let row = state.tables.change(id)?;
    change_table(row, event);
    row.derive();
    row.position = position;
    let old_token = std::mem::take(&mut row.qr_token);
    row.qr_token = match event {
        TableEvent::QrTokenRotated { qr_token } => qr_token.clone(),
        _ => old_token.clone(),
    };
    match event {
        TableEvent::QrTokenRotated { qr_token } => {
            state.codes.put(code(id, &old_token, true, position));
            state.codes.put(code(id, qr_token, false, position));
        }
        TableEvent::TableRetired { .. } => state.codes.put(code(id, &old_token, true, position)),
        _ => {}
    }
    Some(())
}

fn change_table(row: &mut TableRow, event: &TableEvent) {
    match event {
        TableEvent::TableRenamed { label } => row.label.clone_from(label),
        TableEvent::TableReclassified { class } => row.class = (*class).into(),
        TableEvent::TableTariffChanged { tariff_plan_id } => row.tariff_plan_id = tariff_plan_id.0,
        TableEvent::TableLightChanged { light } => {
            row.light_device_id = light.device_id.0;
            row.light_channel = i16::from(light.channel);
        }
        TableEvent::TableRetired { .. } => row.status = TableStatus::Retired,
        TableEvent::TableOccupied { session_id, .. } => row.session_id = Some(session_id.0),
        TableEvent::TableReleased { session_id, .. } => {
            row.session_id = row.session_id.filter(|has| *has != session_id.0);
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
        TableEvent::TableRegistered { .. } | TableEvent::QrTokenRotated { .. } => {}
    }
}

fn code(table_id: Uuid, qr_token: &str, retired: bool, position: i64) -> CodeRow {
    CodeRow {
        code_id: code_id(qr_token),
        table_id,
        retired,
        position,
    }
}

fn device(state: &mut DirectoryState, id: Uuid, event: &DeviceEvent, position: i64) -> Option<()> {
    match event {
        DeviceEvent::DeviceRegistered {
            hall_id,
            driver,
            topic,
            channels,
            ..
        } => state.devices.put(DeviceRow {
            device_id: id,
            hall_id: hall_id.0,
            driver: (*driver).into(),
            topic: topic.clone(),
            channels: i16::from(*channels),
            retired: false,
            registered: position,
            position,
        }),
        DeviceEvent::DeviceRetired { .. } => {
            let row = state.devices.change(id)?;
            row.retired = true;
            row.position = position;
        }
        DeviceEvent::LightDesired { .. }
        | DeviceEvent::LightConfirmed { .. }
        | DeviceEvent::LightExpired { .. }
        | DeviceEvent::LightFailed { .. }
        | DeviceEvent::DeviceWentOffline { .. }
        | DeviceEvent::DeviceCameBack { .. }
        | DeviceEvent::DeviceFlapped { .. } => {}
    }
    Some(())
}

fn tariff(state: &mut DirectoryState, event: &TariffPlanEvent, position: i64) {
    let TariffPlanEvent::TariffPublished {
        plan_id,
        hall_id,
        version,
        tariff,
        at,
    } = event;
    state.tariffs.put(TariffRow {
        plan_id: plan_id.0,
        hall_id: hall_id.0,
        version: i32::try_from(*version).unwrap_or(i32::MAX),
        published_at: (*at).into(),
        tariff: Json(tariff.clone()),
        position,
    });
}
