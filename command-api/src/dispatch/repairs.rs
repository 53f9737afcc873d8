//! From a fault to the test that ends its repair.

use std::sync::Arc;

use baize_domain::device::{self, Device, DeviceError, LightChannel};
use baize_domain::hall::Hall;
use baize_domain::ids::{RepairId, TableId, fault_repair, goodwill_top_up, top_up_transaction};
use baize_domain::journal::Journal;
use baize_domain::member::Member;
use baize_domain::processes::testing::BURNS_SECONDS_MAX;
use baize_domain::repair::{self, Fault, Repair, RepairError, RepairEvent, Ticket};
use baize_domain::session::{Phase, TableSession};
use baize_domain::table::{self, Table, TableError, TableProfile};
use baize_domain::tariff::pricing::seconds_after;
use baize_domain::units::faults::{self, FaultInput, Game};
use baize_domain::wallet::Wallet;
use jiff::Timestamp;

use super::work::{Held, Work};
use super::{CommandError, Reply};

/// Looks whether a light has been faulty for long enough.
pub async fn check(work: &Work<'_>, light: LightChannel) -> Result<Reply, CommandError> {
    let device = work.read::<Device>(light.device_id).await?;
    let Some(profile) = &device.profile else {
        return Err(CommandError::refuse(DeviceError::NotFound));
    };
    work.in_hall(profile.hall_id);
    let hall = work.read::<Hall>(profile.hall_id).await?;
    let Some((policy, table)) = hall
        .profile
        .as_ref()
        .map(|hall| &hall.policy)
        .zip(lit_by(work, &hall, light).await?)
    else {
        return Ok(Reply::Done);
    };
    let game = Playing::at(work, &table).await?;
    let session = game.as_ref().map(|game| &*game.session);
    let certain = faults::certain_fault(&device, light.channel, session, policy, work.now)?;
    let (Some((fault, since)), Some(profile)) = (certain, table.profile.clone()) else {
        return Ok(Reply::Done);
    };
    let what = (fault_repair(profile.table_id, since), fault, since);
    take_out(work, &table, &profile, &device, game.as_ref(), what).await?;
    Ok(Reply::Done)
}

/// Takes a table off sale because staff say so.
pub async fn report(
    work: &Work<'_>,
    repair_id: RepairId,
    table_id: TableId,
    words: &str,
) -> Result<Reply, CommandError> {
    let table = work.read::<Table>(table_id).await?;
    let profile = match &table.profile {
        Some(profile) => Arc::clone(profile),
        None => return Err(CommandError::refuse(TableError::NotFound)),
    };
    work.in_hall(profile.hall_id);
    if let Some(repair_id) = table::decide::under_repair(&table) {
        return Ok(Reply::RepairOpened { repair_id });
    }
    let device = work.read::<Device>(profile.light.device_id).await?;
    let game = Playing::at(work, &table).await?;
    let fault = Fault::Reported {
        words: words.to_owned(),
    };
    take_out(
        work,
        &table,
        &profile,
        &device,
        game.as_ref(),
        (repair_id, fault, work.now),
    )
    .await?;
    Ok(Reply::RepairOpened { repair_id })
}

/// Puts one question to a repair's state.
pub async fn tell(
    work: &Work<'_>,
    repair_id: RepairId,
    decide: impl FnOnce(&Repair, Timestamp) -> Result<Vec<RepairEvent>, RepairError>,
) -> Result<Reply, CommandError> {
    let (repair, _) = opened(work, repair_id).await?;
    let events = decide(&repair, work.now).map_err(CommandError::refuse)?;
    work.write(&repair, events)?;
    Ok(Reply::Done)
}

/// Begins a test of the light that hangs over the table by now.
pub async fn test_device(work: &Work<'_>, repair_id: RepairId) -> Result<Reply, CommandError> {
    let (repair, ticket) = opened(work, repair_id).await?;
    let (table, hall) = tokio::try_join!(work.read::<Table>(ticket.table_id), work.read::<Hall>(ticket.hall_id))?;
    let policy = hall
        .profile
        .as_ref()
        .map(|hall| hall.policy.clone())
        .unwrap_or_default();
    let events = faults::test_device(&repair, &table, &policy, work.now)?;
    work.write(&repair, events)?;
    Ok(Reply::Done)
}

/// Tells the light one command of a test.
pub async fn test_light(work: &Work<'_>, light: LightChannel, on: bool) -> Result<Reply, CommandError> {
    let not_after = seconds_after(work.now, BURNS_SECONDS_MAX);
    let decide = |state: &Device, now| device::decide::test(state, light.channel, on, not_after, now);
    super::device::tell(work, light.device_id, decide).await
}

/// A test was passed: the table is back on sale.
pub async fn pass_test(work: &Work<'_>, repair_id: RepairId, test: u32) -> Result<Reply, CommandError> {
    let (repair, ticket) = opened(work, repair_id).await?;
    let table = work.read::<Table>(ticket.table_id).await?;
    let changes = faults::pass_test(&repair, &table, test, work.now)?;
    work.write(&table, changes.table)?;
    work.write(&repair, changes.repair)?;
    Ok(Reply::Done)
}

/// A repair that a unit opens with something else.
pub(super) fn open_repair(work: &Work<'_>, events: &[RepairEvent]) -> Result<(), CommandError> {
    match events {
        [RepairEvent::RepairOpened { ticket, .. }, ..] => work.write_new::<Repair>(ticket.repair_id, events),
        _ => Ok(()),
    }
}

/// A game that is being played.
struct Playing {
    session: Held<TableSession>,
    member: Held<Member>,
    wallet: Held<Wallet>,
    goodwill: Held<Journal>,
}

impl Playing {
    async fn at(work: &Work<'_>, table: &Table) -> Result<Option<Self>, CommandError> {
        let Some(session_id) = table.session_id else {
            return Ok(None);
        };
        let session = work.read::<TableSession>(session_id).await?;
        let (Some(opening), Phase::Open) = (session.opening.clone(), session.phase) else {
            return Ok(None);
        };
        work.of_session(session_id);
        let (member, wallet, goodwill) = tokio::try_join!(
            work.read::<Member>(opening.member_id),
            work.read::<Wallet>(opening.member_id),
            work.expect_new::<Journal>(top_up_transaction(goodwill_top_up(session_id))),
        )?;
        Ok(Some(Self {
            session,
            member,
            wallet,
            goodwill,
        }))
    }

    fn game(&self) -> Game<'_> {
        Game {
            session: &self.session,
            member: &self.member,
            wallet: &self.wallet,
            goodwill: &self.goodwill,
        }
    }
}

async fn take_out(
    work: &Work<'_>,
    table: &Held<Table>,
    profile: &TableProfile,
    device: &Held<Device>,
    playing: Option<&Playing>,
    (repair_id, fault, since): (RepairId, Fault, Timestamp),
) -> Result<(), CommandError> {
    let repair = work.expect_new::<Repair>(repair_id).await?;
    let changes = faults::take_out(FaultInput {
        ticket: Ticket {
            repair_id,
            hall_id: profile.hall_id,
            table_id: profile.table_id,
            light: profile.light,
            fault,
            since,
            session_id: table.session_id.filter(|_| playing.is_some()),
        },
        repair: &repair,
        table,
        device,
        game: playing.map(Playing::game),
        now: work.now,
    })?;
    work.write(table, changes.table)?;
    work.write(device, changes.device)?;
    work.write(&repair, changes.repair)?;
    if let Some(playing) = playing {
        // The goodwill is all that is posted.
        for (_, events) in changes.journal {
            work.write(&playing.goodwill, events)?;
        }
        work.write(&playing.wallet, changes.wallet)?;
        work.write(&playing.session, changes.session)?;
    }
    Ok(())
}

/// The table of the hall under a light, if there is one.
async fn lit_by(work: &Work<'_>, hall: &Hall, light: LightChannel) -> Result<Option<Held<Table>>, CommandError> {
    let listed = hall.tables.iter();
    for (table_id, _) in listed.filter(|(_, listed)| listed.light_device_id == light.device_id) {
        let table = work.read::<Table>(*table_id).await?;
        if faults::hangs_over(light, &table) {
            return Ok(Some(table));
        }
    }
    Ok(None)
}

async fn opened(work: &Work<'_>, repair_id: RepairId) -> Result<(Held<Repair>, Arc<Ticket>), CommandError> {
    let repair = work.read::<Repair>(repair_id).await?;
    let ticket = Arc::clone(repair::decide::ticket(&repair).map_err(CommandError::refuse)?);
    work.in_hall(ticket.hall_id);
    Ok((repair, ticket))
}
