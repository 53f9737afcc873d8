//! What a hall consists of.

use std::sync::Arc;

use baize_domain::device::{Device, DeviceError, DeviceProfile};
use baize_domain::hall::{self, Goods, Hall, HallChange, HallPolicy, HallProfile};
use baize_domain::ids::{DeviceId, DisplayId, HallId, TableId, TariffPlanId};
use baize_domain::table::{self, Table, TableChange, TableError, TableProfile};
use baize_domain::tariff::{self, Tariff, TariffPlan};
use baize_domain::units;
use jiff::Timestamp;

use super::work::{Held, Work};
use super::{CommandError, Reply, calendar, chain};

/// Sets a hall up in a chain.
pub async fn register_hall(work: &Work<'_>, profile: HallProfile) -> Result<Reply, CommandError> {
    let hall_id = profile.hall_id;
    work.in_hall(hall_id);
    chain::known(work, profile.chain_id).await?;
    let hall = work.read::<Hall>(hall_id).await?;
    let events = hall::decide::register(&hall, profile).map_err(CommandError::refuse)?;
    work.write(&hall, events)?;
    Ok(Reply::HallRegistered { hall_id })
}

/// Changes a hall's limits and delays.
pub async fn change_policy(work: &Work<'_>, hall_id: HallId, policy: &HallPolicy) -> Result<Reply, CommandError> {
    work.in_hall(hall_id);
    let hall = work.read::<Hall>(hall_id).await?;
    let events = hall::decide::change_policy(&hall, policy.clone()).map_err(CommandError::refuse)?;
    work.write(&hall, events)?;
    Ok(Reply::Done)
}

/// Changes name, time zone and business day.
pub async fn change_hall(work: &Work<'_>, hall_id: HallId, change: &HallChange) -> Result<Reply, CommandError> {
    work.in_hall(hall_id);
    let hall = work.read::<Hall>(hall_id).await?;
    let mut tables = Vec::new();
    if change.time_zone.is_some() {
        for table_id in hall.tables.keys() {
            tables.push(work.read::<Table>(*table_id).await?);
        }
    }
    let tables: Vec<&Table> = tables.iter().map(|table| &**table).collect();
    let events = units::change_hall(&hall, &tables, change.clone())?;
    work.write(&hall, events)?;
    Ok(Reply::Done)
}

/// Says what a hall sells beside play.
pub async fn list_goods(work: &Work<'_>, hall_id: HallId, goods: &[Goods]) -> Result<Reply, CommandError> {
    work.in_hall(hall_id);
    let hall = work.read::<Hall>(hall_id).await?;
    let events = hall::decide::list_goods(&hall, goods.to_vec()).map_err(CommandError::refuse)?;
    let version = work.write(&hall, events)?.goods_version;
    Ok(Reply::GoodsListed { version })
}

/// Closes a hall for good.
pub async fn retire_hall(work: &Work<'_>, hall_id: HallId) -> Result<Reply, CommandError> {
    work.in_hall(hall_id);
    let hall = work.read::<Hall>(hall_id).await?;
    let events = hall::decide::retire(&hall, work.now).map_err(CommandError::refuse)?;
    work.write(&hall, events)?;
    Ok(Reply::Done)
}

/// Makes a link to a hall's wall screen.
pub async fn issue_display_link(
    work: &Work<'_>,
    hall_id: HallId,
    display_id: DisplayId,
    label: &str,
    days: u16,
) -> Result<Reply, CommandError> {
    work.in_hall(hall_id);
    let hall = work.read::<Hall>(hall_id).await?;
    let issued = hall::displays::issue(&hall, display_id, label.to_owned(), days, work.now);
    let hall = work.write(&hall, issued.map_err(CommandError::refuse)?)?;
    let expires_at = hall.displays.get(&display_id).map_or(work.now, |link| link.expires_at);
    Ok(Reply::DisplayLinkIssued { display_id, expires_at })
}

/// Lets a link to a hall's wall screen show nothing any more.
pub async fn revoke_display_link(
    work: &Work<'_>,
    hall_id: HallId,
    display_id: DisplayId,
) -> Result<Reply, CommandError> {
    work.in_hall(hall_id);
    let hall = work.read::<Hall>(hall_id).await?;
    let events = hall::displays::revoke(&hall, display_id, work.now).map_err(CommandError::refuse)?;
    work.write(&hall, events)?;
    Ok(Reply::Done)
}

/// Publishes the next version of a plan.
pub async fn publish_tariff(
    work: &Work<'_>,
    plan_id: TariffPlanId,
    hall_id: HallId,
    tariff: &Tariff,
) -> Result<Reply, CommandError> {
    known_hall(work, hall_id).await?;
    if let Some(calendar_id) = tariff.calendar_id {
        calendar::known(work, calendar_id).await?;
    }
    let plan = work.read::<TariffPlan>(plan_id).await?;
    let events =
        tariff::decide::publish(&plan, plan_id, hall_id, tariff.clone(), work.now).map_err(CommandError::refuse)?;
    let plan = work.write(&plan, events)?;
    let version = plan.published.as_ref().map_or(0, |published| published.pinned.version);
    Ok(Reply::TariffPublished { plan_id, version })
}

/// Sets a device up.
pub async fn register_device(work: &Work<'_>, profile: DeviceProfile) -> Result<Reply, CommandError> {
    let device_id = profile.device_id;
    work.in_hall(profile.hall_id);
    let (hall, device) = tokio::try_join!(work.read::<Hall>(profile.hall_id), work.read::<Device>(device_id))?;
    let changes = units::register_device(&hall, &device, profile)?;
    work.write(&hall, changes.hall)?;
    work.write(&device, changes.device)?;
    Ok(Reply::DeviceRegistered { device_id })
}

/// Takes a device out of its hall for good.
pub async fn retire_device(work: &Work<'_>, device_id: DeviceId) -> Result<Reply, CommandError> {
    let device = work.read::<Device>(device_id).await?;
    let Some(profile) = &device.profile else {
        return Err(CommandError::refuse(DeviceError::NotFound));
    };
    work.in_hall(profile.hall_id);
    let hall = work.read::<Hall>(profile.hall_id).await?;
    let changes = units::retire_device(&hall, &device, work.now)?;
    work.write(&hall, changes.hall)?;
    work.write(&device, changes.device)?;
    Ok(Reply::Done)
}

/// Sets a table up. Its light must be there; its tariff may be published later, but before it opens.
pub async fn register_table(work: &Work<'_>, profile: TableProfile) -> Result<Reply, CommandError> {
    let (table_id, qr_token) = (profile.table_id, profile.qr_token.clone());
    work.in_hall(profile.hall_id);
    let (hall, light, table) = tokio::try_join!(
        work.read::<Hall>(profile.hall_id),
        work.read::<Device>(profile.light.device_id),
        work.read::<Table>(table_id),
    )?;
    let changes = units::register_table(&hall, &light, &table, profile)?;
    work.write(&hall, changes.hall)?;
    work.write(&table, changes.table)?;
    Ok(Reply::TableRegistered { table_id, qr_token })
}

/// Changes label, class, tariff plan and light.
pub async fn change_table(work: &Work<'_>, table_id: TableId, change: &TableChange) -> Result<Reply, CommandError> {
    let (hall, table, profile) = table_in_hall(work, table_id).await?;
    let light = change.light.unwrap_or(profile.light);
    let light = work.read::<Device>(light.device_id).await?;
    let changes = units::change_table(&hall, &light, &table, change.clone())?;
    work.write(&hall, changes.hall)?;
    work.write(&table, changes.table)?;
    Ok(Reply::Done)
}

/// Gives a table another code.
pub async fn rotate_qr_token(work: &Work<'_>, table_id: TableId, qr_token: &str) -> Result<Reply, CommandError> {
    let decide = |table: &Table| table::decide::rotate_qr_token(table, qr_token.to_owned());
    tell_table(work, table_id, decide).await?;
    let qr_token = qr_token.to_owned();
    Ok(Reply::QrTokenRotated { qr_token })
}

/// Takes a table out of its hall for good.
pub async fn retire_table(work: &Work<'_>, table_id: TableId) -> Result<Reply, CommandError> {
    let (hall, table, _) = table_in_hall(work, table_id).await?;
    let changes = units::retire_table(&hall, &table, work.now)?;
    work.write(&hall, changes.hall)?;
    work.write(&table, changes.table)?;
    Ok(Reply::Done)
}

/// Takes a table off sale.
pub async fn start_maintenance(
    work: &Work<'_>,
    table_id: TableId,
    reason: &str,
    expected_end: Option<Timestamp>,
) -> Result<Reply, CommandError> {
    tell_table(work, table_id, |table| {
        table::decide::start_maintenance(table, reason.to_owned(), expected_end, work.now)
    })
    .await
}

/// Puts a table back on sale.
pub async fn end_maintenance(work: &Work<'_>, table_id: TableId) -> Result<Reply, CommandError> {
    tell_table(work, table_id, |table| table::decide::end_maintenance(table, work.now)).await
}

async fn tell_table(
    work: &Work<'_>,
    table_id: TableId,
    decide: impl FnOnce(&Table) -> Result<Vec<table::TableEvent>, TableError>,
) -> Result<Reply, CommandError> {
    let table = work.read::<Table>(table_id).await?;
    if let Some(profile) = &table.profile {
        work.in_hall(profile.hall_id);
    }
    let events = decide(&table).map_err(CommandError::refuse)?;
    work.write(&table, events)?;
    Ok(Reply::Done)
}

async fn table_in_hall(
    work: &Work<'_>,
    table_id: TableId,
) -> Result<(Held<Hall>, Held<Table>, Arc<TableProfile>), CommandError> {
    let table = work.read::<Table>(table_id).await?;
    let profile = match &table.profile {
        Some(profile) => Arc::clone(profile),
        None => return Err(CommandError::refuse(TableError::NotFound)),
    };
    work.in_hall(profile.hall_id);
    let hall = work.read::<Hall>(profile.hall_id).await?;
    Ok((hall, table, profile))
}

async fn known_hall(work: &Work<'_>, hall_id: HallId) -> Result<(), CommandError> {
    work.in_hall(hall_id);
    let hall = work.read::<Hall>(hall_id).await?;
    let open = hall::decide::open(&hall).map(|_| ());
    open.map_err(CommandError::refuse)
}
