//! A session, from opening to settlement.

use std::sync::Arc;

use baize_domain::Fen;
use baize_domain::chain::Chain;
use baize_domain::command::OpenMode;
use baize_domain::device::Device;
use baize_domain::hall::Hall;
use baize_domain::ids::{MemberId, SessionId, TableId};
use baize_domain::journal::Journal;
use baize_domain::member::Member;
use baize_domain::session::{
    self, BillingStartCause, CancelReason, CloseCause, Opening, SessionMode, TableSession, TableSessionError,
    TableSessionEvent, Warning,
};
use baize_domain::table::{Table, TableError};
use baize_domain::tariff::TariffPlan;
use baize_domain::units::{
    CancelSessionInput, Changes, CloseSessionInput, ExtendSessionInput, OpenTableInput, PayBillInput, RenewHoldInput,
    SettleSessionInput, cancel_session, close_session, extend_session, open_table, pay_bill as decide_payment,
    renew_hold as decide_renewal, settle_session,
};
use baize_domain::wallet::Wallet;
use jiff::Timestamp;

use super::people::stands_for;
use super::work::{Held, Work};
use super::{CommandError, Reply, calendar};

/// Opens a table.
pub async fn open(
    work: &Work<'_>,
    session_id: SessionId,
    table_id: TableId,
    member_id: MemberId,
    mode: &OpenMode,
    wait_for_payment: bool,
) -> Result<Reply, CommandError> {
    work.of_session(session_id);
    let session = work.expect_new::<TableSession>(session_id).await?;
    let table = work.read::<Table>(table_id).await?;
    let profile = match &table.profile {
        Some(profile) => Arc::clone(profile),
        None => return Err(CommandError::refuse(TableError::NotFound)),
    };
    work.in_hall(profile.hall_id);
    let (hall, plan, member, wallet, device) = tokio::try_join!(
        work.read::<Hall>(profile.hall_id),
        work.read::<TariffPlan>(profile.tariff_plan_id),
        work.read::<Member>(member_id),
        work.read::<Wallet>(member_id),
        work.read::<Device>(profile.light.device_id),
    )?;
    // A level that the chain takes away meanwhile must not open at its price: the chain is read with the rest.
    let discount = match (&hall.profile, &member.profile) {
        (Some(hall), Some(member)) => work.read::<Chain>(hall.chain_id).await?.discount(&member.level),
        _ => None,
    };
    let calendar = calendar::named_by(work, &plan).await?;
    let changes = open_table(OpenTableInput {
        session_id,
        member_id,
        mode,
        wait_for_payment,
        discount: discount.as_ref(),
        session: &session,
        table: &table,
        hall: &hall,
        plan: &plan,
        calendar: &calendar,
        member: &member,
        wallet: &wallet,
        device: &device,
        now: work.now,
    })?;
    work.write(&table, changes.table)?;
    work.write(&wallet, changes.wallet)?;
    work.write(&device, changes.device)?;
    post(work, &changes.journal)?;
    let session = work.write(&session, changes.session)?;
    opened(&session)
}

/// Buys or secures more play.
pub async fn extend(work: &Work<'_>, session_id: SessionId, minutes: u32) -> Result<Reply, CommandError> {
    let (session, opening) = opened_session(work, session_id).await?;
    let (wallet, device) = tokio::try_join!(
        work.read::<Wallet>(opening.member_id),
        work.read::<Device>(session.place(&opening).light.device_id),
    )?;
    let changes = extend_session(ExtendSessionInput {
        minutes,
        session: &session,
        wallet: &wallet,
        device: &device,
        now: work.now,
    })?;
    prolonged(work, &session, &wallet, &device, changes)
}

/// Raises a hold by another stretch.
pub async fn renew_hold(work: &Work<'_>, session_id: SessionId) -> Result<Reply, CommandError> {
    let (session, opening) = opened_session(work, session_id).await?;
    let (wallet, device) = tokio::try_join!(
        work.read::<Wallet>(opening.member_id),
        work.read::<Device>(session.place(&opening).light.device_id),
    )?;
    let changes = decide_renewal(RenewHoldInput {
        session: &session,
        wallet: &wallet,
        device: &device,
        now: work.now,
    })?;
    prolonged(work, &session, &wallet, &device, changes)
}

/// Ends play.
pub async fn close(
    work: &Work<'_>,
    session_id: SessionId,
    cause: CloseCause,
    reason: Option<&str>,
) -> Result<Reply, CommandError> {
    let (session, opening) = opened_session(work, session_id).await?;
    let place = session.place(&opening);
    let (table, device) = tokio::try_join!(
        work.read::<Table>(place.table_id),
        work.read::<Device>(place.light.device_id),
    )?;
    let changes = close_session(CloseSessionInput {
        cause,
        reason,
        session: &session,
        table: &table,
        device: &device,
        now: work.now,
    })?;
    work.write(&table, changes.table)?;
    work.write(&device, changes.device)?;
    let session = work.write(&session, changes.session)?;
    let closing = session
        .closing
        .as_ref()
        .ok_or_else(|| impossible("a closed session without its closing"))?;
    Ok(Reply::Closed {
        closed_at: closing.at,
        bill: closing.bill.clone(),
    })
}

/// Gives up a session that never began.
pub async fn cancel(work: &Work<'_>, session_id: SessionId, reason: CancelReason) -> Result<Reply, CommandError> {
    let (session, opening) = opened_session(work, session_id).await?;
    let place = session.place(&opening);
    let (table, wallet, device) = tokio::try_join!(
        work.read::<Table>(place.table_id),
        work.read::<Wallet>(opening.member_id),
        work.read::<Device>(place.light.device_id),
    )?;
    let changes = cancel_session(CancelSessionInput {
        reason,
        session: &session,
        table: &table,
        wallet: &wallet,
        device: &device,
        now: work.now,
    })?;
    super::repairs::open_repair(work, &changes.repair)?;
    work.write(&table, changes.table)?;
    work.write(&wallet, changes.wallet)?;
    work.write(&device, changes.device)?;
    post(work, &changes.journal)?;
    work.write(&session, changes.session)?;
    Ok(Reply::Done)
}

/// Takes the bill from the wallet.
pub async fn settle(work: &Work<'_>, session_id: SessionId) -> Result<Reply, CommandError> {
    let (session, opening) = opened_session(work, session_id).await?;
    let wallet = work.read::<Wallet>(opening.member_id).await?;
    let changes = settle_session(SettleSessionInput {
        session: &session,
        wallet: &wallet,
        now: work.now,
    })?;
    work.write(&wallet, changes.wallet)?;
    post(work, &changes.journal)?;
    work.write(&session, changes.session)?;
    Ok(Reply::Done)
}

/// Pays what a settlement left open.
pub async fn pay_bill(work: &Work<'_>, session_id: SessionId) -> Result<Reply, CommandError> {
    let (session, opening) = opened_session(work, session_id).await?;
    let payer = stands_for(work, opening.member_id).await?;
    let wallet = work.read::<Wallet>(payer).await?;
    let changes = decide_payment(PayBillInput {
        session: &session,
        payer,
        wallet: &wallet,
        now: work.now,
    })?;
    let before = wallet.balance().total();
    let after = work.write(&wallet, changes.wallet)?.balance().total();
    post(work, &changes.journal)?;
    Ok(Reply::BillPaid { paid: before - after })
}

/// Starts billing.
pub async fn start_billing(
    work: &Work<'_>,
    session_id: SessionId,
    cause: BillingStartCause,
    at: Timestamp,
) -> Result<Reply, CommandError> {
    record(work, session_id, |session| {
        session::decide::start_billing(session, cause, at)
    })
    .await
}

/// Records a warning.
pub async fn warn(work: &Work<'_>, session_id: SessionId, warning: Warning) -> Result<Reply, CommandError> {
    record(work, session_id, |session| {
        session::decide::warn(session, warning, work.now)
    })
    .await
}

async fn record(
    work: &Work<'_>,
    session_id: SessionId,
    decide: impl FnOnce(&TableSession) -> Result<Vec<TableSessionEvent>, TableSessionError>,
) -> Result<Reply, CommandError> {
    let (session, _) = opened_session(work, session_id).await?;
    let events = decide(&session).map_err(CommandError::refuse)?;
    work.write(&session, events)?;
    Ok(Reply::Done)
}

/// A session that was opened, however far it has come since.
pub(super) async fn opened_session(
    work: &Work<'_>,
    session_id: SessionId,
) -> Result<(Held<TableSession>, Arc<Opening>), CommandError> {
    work.of_session(session_id);
    let session = work.read::<TableSession>(session_id).await?;
    let opening = match &session.opening {
        Some(opening) => Arc::clone(opening),
        None => {
            let why = session::decide::playing(&session).err();
            return Err(CommandError::refuse(why.unwrap_or(TableSessionError::NotFound)));
        }
    };
    work.in_hall(opening.hall_id);
    Ok((session, opening))
}

fn prolonged(
    work: &Work<'_>,
    session: &Held<TableSession>,
    wallet: &Held<Wallet>,
    device: &Held<Device>,
    changes: Changes,
) -> Result<Reply, CommandError> {
    work.write(wallet, changes.wallet)?;
    work.write(device, changes.device)?;
    post(work, &changes.journal)?;
    let after = work.write(session, changes.session)?;
    Ok(Reply::Extended {
        secured_until: after.covered_until,
        amount: secured(&after) - secured(session),
    })
}

fn opened(session: &TableSession) -> Result<Reply, CommandError> {
    let Some(opening) = &session.opening else {
        let awaited = session.awaited.as_ref();
        let awaited = awaited.ok_or_else(|| impossible("an opening that neither began nor waits"))?;
        return Ok(Reply::Awaited {
            session_id: awaited.asked.session_id,
            due: awaited.due,
            shortfall: awaited.shortfall,
            pay_by: awaited.pay_by,
        });
    };
    let secured_until = opening.mode.reach();
    let secured = match opening.mode {
        SessionMode::Postpaid { held, .. } | SessionMode::Deposit { held, .. } => held,
        SessionMode::Prepaid { price, .. } => price,
    };
    Ok(Reply::Opened {
        session_id: opening.session_id,
        opened_at: opening.opened_at,
        secured,
        secured_until,
    })
}

/// What is held or paid for a session.
pub(super) fn secured(session: &TableSession) -> Fen {
    session.held + session.bought_price()
}

pub(super) fn post(
    work: &Work<'_>,
    journal: &[(
        baize_domain::ids::TransactionId,
        Vec<baize_domain::journal::JournalEvent>,
    )],
) -> Result<(), CommandError> {
    journal
        .iter()
        .try_for_each(|(transaction_id, events)| work.write_new::<Journal>(transaction_id, events))
}

fn impossible(what: &'static str) -> CommandError {
    CommandError::Internal(anyhow::anyhow!(what))
}
