//! What a hall consists of.

use baize_domain::device::{self, Device, DeviceError, DeviceProfile, LightChannel};
use baize_domain::hall::{self, Hall, HallError, HallPolicy, HallProfile};
use baize_domain::ids::{HallId, TableId, TariffPlanId};
use baize_domain::table::{self, Table, TableProfile};
use baize_domain::tariff::{self, Tariff, TariffPlan};
use jiff::Timestamp;

use super::work::Work;
use super::{CommandError, Reply, chain};

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

/// Publishes the next version of a plan.
pub async fn publish_tariff(
    work: &Work<'_>,
    plan_id: TariffPlanId,
    hall_id: HallId,
    tariff: &Tariff,
) -> Result<Reply, CommandError> {
    known_hall(work, hall_id).await?;
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
    known_hall(work, profile.hall_id).await?;
    let device = work.read::<Device>(device_id).await?;
    let events = device::decide::register(&device, profile).map_err(CommandError::refuse)?;
    work.write(&device, events)?;
    Ok(Reply::DeviceRegistered { device_id })
}

/// Sets a table up. Its light must be there; its tariff may be published later, but before it opens.
pub async fn register_table(work: &Work<'_>, profile: TableProfile) -> Result<Reply, CommandError> {
    let table_id = profile.table_id;
    known_hall(work, profile.hall_id).await?;
    known_light(work, profile.light).await?;
    let table = work.read::<Table>(table_id).await?;
    let qr_token = profile.qr_token.clone();
    let events = table::decide::register(&table, profile).map_err(CommandError::refuse)?;
    work.write(&table, events)?;
    Ok(Reply::TableRegistered { table_id, qr_token })
}

/// Takes a table off sale.
pub async fn start_maintenance(
    work: &Work<'_>,
    table_id: TableId,
    reason: &str,
    expected_end: Option<Timestamp>,
) -> Result<Reply, CommandError> {
    change_table(work, table_id, |table| {
        table::decide::start_maintenance(table, reason.to_owned(), expected_end, work.now)
    })
    .await
}

/// Puts a table back on sale.
pub async fn end_maintenance(work: &Work<'_>, table_id: TableId) -> Result<Reply, CommandError> {
    change_table(work, table_id, |table| table::decide::end_maintenance(table, work.now)).await
}

async fn change_table(
    work: &Work<'_>,
    table_id: TableId,
    decide: impl FnOnce(&Table) -> Result<Vec<table::TableEvent>, table::TableError>,
) -> Result<Reply, CommandError> {
    let table = work.read::<Table>(table_id).await?;
    if let Some(profile) = &table.profile {
        work.in_hall(profile.hall_id);
    }
    let events = decide(&table).map_err(CommandError::refuse)?;
    work.write(&table, events)?;
    Ok(Reply::Done)
}

async fn known_hall(work: &Work<'_>, hall_id: HallId) -> Result<(), CommandError> {
    work.in_hall(hall_id);
    let hall = work.read::<Hall>(hall_id).await?;
    match hall.profile {
        Some(_) => Ok(()),
        None => Err(CommandError::refuse(HallError::NotFound)),
    }
}

async fn known_light(work: &Work<'_>, light: LightChannel) -> Result<(), CommandError> {
    let device = work.read::<Device>(light.device_id).await?;
    let Some(profile) = &device.profile else {
        return Err(CommandError::refuse(DeviceError::NotFound));
    };
    if device.output(light.channel).is_none() {
        let (channel, channels) = (light.channel, profile.channels);
        return Err(CommandError::refuse(DeviceError::NoSuchChannel { channel, channels }));
    }
    Ok(())
}
