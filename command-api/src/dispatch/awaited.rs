//! Openings that wait for their payment.

use std::sync::Arc;

use baize_domain::device::Device;
use baize_domain::ids::SessionId;
use baize_domain::session::{LapseReason, TableSession, TableSessionError};
use baize_domain::table::Table;
use baize_domain::units::{AwaitedInput, Changes, lapse_opening, pay_opening};
use baize_domain::{Refusal, wallet::Wallet};

use super::session::post;
use super::work::Work;
use super::{CommandError, Reply};

/// Begins a session whose payment has come.
pub async fn pay(work: &Work<'_>, session_id: SessionId) -> Result<Reply, CommandError> {
    change(work, session_id, pay_opening).await
}

/// Lets go of the table.
pub async fn lapse(work: &Work<'_>, session_id: SessionId, reason: LapseReason) -> Result<Reply, CommandError> {
    change(work, session_id, |input| lapse_opening(input, reason)).await
}

async fn change(
    work: &Work<'_>,
    session_id: SessionId,
    decide: impl FnOnce(AwaitedInput<'_>) -> Result<Changes, Refusal>,
) -> Result<Reply, CommandError> {
    work.of_session(session_id);
    let session = work.read::<TableSession>(session_id).await?;
    let awaited = match &session.awaited {
        Some(awaited) => Arc::clone(awaited),
        None => return Err(CommandError::refuse(TableSessionError::NotFound)),
    };
    let asked = &awaited.asked;
    work.in_hall(asked.hall_id);
    let (table, wallet, device) = tokio::try_join!(
        work.read::<Table>(asked.table_id),
        work.read::<Wallet>(asked.member_id),
        work.read::<Device>(asked.light.device_id),
    )?;
    let changes = decide(AwaitedInput {
        session: &session,
        table: &table,
        wallet: &wallet,
        device: &device,
        now: work.now,
    })?;
    work.write(&table, changes.table)?;
    work.write(&wallet, changes.wallet)?;
    work.write(&device, changes.device)?;
    post(work, &changes.journal)?;
    work.write(&session, changes.session)?;
    Ok(Reply::Done)
}
