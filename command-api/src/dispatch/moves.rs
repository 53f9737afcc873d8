//! A session that moves on or stands still: changes of tables and pauses.

use std::sync::Arc;

use baize_domain::device::Device;
use baize_domain::ids::{SessionId, TableId};
use baize_domain::session::ResumeCause;
use baize_domain::table::{Table, TableError};
use baize_domain::tariff::TariffPlan;
use baize_domain::units::{PauseInput, TransferSessionInput, pause_session, resume_session, transfer_session};
use baize_domain::wallet::Wallet;

use super::session::{opened_session, post, secured};
use super::work::Work;
use super::{CommandError, Reply, calendar};

/// Moves play to another table.
pub async fn transfer(work: &Work<'_>, session_id: SessionId, table_id: TableId) -> Result<Reply, CommandError> {
    let (session, opening) = opened_session(work, session_id).await?;
    let left = session.place(&opening);
    if left.table_id == table_id {
        return Ok(Reply::Extended {
            secured_until: session.covered_until,
            amount: baize_domain::Fen::ZERO,
        });
    }
    let to = work.read::<Table>(table_id).await?;
    let profile = match &to.profile {
        Some(profile) => Arc::clone(profile),
        None => return Err(CommandError::refuse(TableError::NotFound)),
    };
    let (from, plan, wallet, device) = tokio::try_join!(
        work.read::<Table>(left.table_id),
        work.read::<TariffPlan>(profile.tariff_plan_id),
        work.read::<Wallet>(opening.member_id),
        work.read::<Device>(left.light.device_id),
    )?;
    let to_device = match profile.light.device_id == left.light.device_id {
        true => None,
        false => Some(work.read::<Device>(profile.light.device_id).await?),
    };
    let calendar = calendar::named_by(work, &plan).await?;
    let changes = transfer_session(TransferSessionInput {
        session: &session,
        from: &from,
        to: &to,
        plan: &plan,
        calendar: &calendar,
        wallet: &wallet,
        device: &device,
        to_device: to_device.as_deref(),
        now: work.now,
    })?;
    work.write(&wallet, changes.wallet)?;
    post(work, &changes.journal)?;
    // Behind what pays for it, but before the tables: whoever shows them learns from it what moves with it.
    let after = work.write(&session, changes.session)?;
    work.write(&from, changes.table)?;
    work.write(&to, changes.to_table)?;
    work.write(&device, changes.device)?;
    if let Some(to_device) = &to_device {
        work.write(to_device, changes.to_device)?;
    }
    Ok(Reply::Extended {
        secured_until: after.covered_until,
        amount: secured(&after) - secured(&session),
    })
}

/// Stops the clock.
pub async fn pause(work: &Work<'_>, session_id: SessionId, reason: &str) -> Result<Reply, CommandError> {
    clock(work, session_id, |input| pause_session(input, reason)).await
}

/// Lets the clock go on.
pub async fn resume(work: &Work<'_>, session_id: SessionId, cause: ResumeCause) -> Result<Reply, CommandError> {
    clock(work, session_id, |input| resume_session(input, cause)).await
}

async fn clock(
    work: &Work<'_>,
    session_id: SessionId,
    decide: impl FnOnce(PauseInput<'_>) -> Result<baize_domain::units::Changes, baize_domain::Refusal>,
) -> Result<Reply, CommandError> {
    let (session, opening) = opened_session(work, session_id).await?;
    let device = work.read::<Device>(session.place(&opening).light.device_id).await?;
    let changes = decide(PauseInput {
        session: &session,
        device: &device,
        now: work.now,
    })?;
    work.write(&device, changes.device)?;
    let after = work.write(&session, changes.session)?;
    Ok(Reply::Clock {
        paused_until: after.pause.map(|pause| pause.until),
        secured_until: after.covered_until,
    })
}
