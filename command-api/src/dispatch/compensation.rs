//! What the staff give back for sessions.

use baize_domain::Refusal;
use baize_domain::chain::{Chain, ChainError};
use baize_domain::compensation::{self, Compensation};
use baize_domain::ids::{CompensationId, SessionId};
use baize_domain::member::Member;
use baize_domain::payment::PaymentPolicy;
use baize_domain::session::{self, TableSession};
use baize_domain::units::{
    CompensateInput, CompensationAsked, CompensationChanges, approve_compensation, compensate_session,
};
use baize_domain::wallet::Wallet;
use uuid::Uuid;

use super::session::post;
use super::work::Work;
use super::{CommandError, Reply};

/// Gives something back, or puts it before somebody else.
pub async fn compensate(
    work: &Work<'_>,
    session_id: SessionId,
    asked: CompensationAsked,
) -> Result<Reply, CommandError> {
    let compensation_id = asked.compensation_id;
    let given = give(work, session_id, |input, policy| {
        compensate_session(input, policy, asked)
    })
    .await?;
    let part = given.part(compensation_id);
    Ok(Reply::Compensated {
        compensation_id,
        needs_approval: part.is_some_and(|part| part.stage == compensation::Stage::Waiting),
    })
}

/// Lets it be given.
pub async fn approve(
    work: &Work<'_>,
    session_id: SessionId,
    compensation_id: CompensationId,
    by: Uuid,
) -> Result<Reply, CommandError> {
    give(work, session_id, |input, _| {
        approve_compensation(input, compensation_id, by)
    })
    .await?;
    Ok(Reply::Done)
}

/// Does not let it be given.
pub async fn reject(
    work: &Work<'_>,
    session_id: SessionId,
    compensation_id: CompensationId,
    by: Uuid,
    reason: &str,
) -> Result<Reply, CommandError> {
    let state = work.read::<Compensation>(session_id).await?;
    let events = compensation::decide::reject(&state, compensation_id, by, reason.to_owned(), work.now)
        .map_err(CommandError::refuse)?;
    if let Some(part) = state.part(compensation_id) {
        work.in_hall(part.terms.hall_id);
    }
    work.of_session(session_id);
    work.write(&state, events)?;
    Ok(Reply::Done)
}

async fn give(
    work: &Work<'_>,
    session_id: SessionId,
    decide: impl FnOnce(CompensateInput<'_>, &PaymentPolicy) -> Result<CompensationChanges, Refusal>,
) -> Result<std::sync::Arc<Compensation>, CommandError> {
    let session = work.read::<TableSession>(session_id).await?;
    let opening = session::decide::settled(&session)
        .map_err(CommandError::refuse)?
        .clone();
    work.of_session(session_id);
    work.in_hall(opening.hall_id);
    let (compensation, member, wallet) = tokio::try_join!(
        work.read::<Compensation>(session_id),
        work.read::<Member>(opening.member_id),
        work.read::<Wallet>(opening.member_id),
    )?;
    let chain_id = member.profile.as_ref().map(|profile| profile.chain_id);
    let chain = work.read::<Chain>(chain_id.unwrap_or_default()).await?;
    let chain = chain
        .profile
        .clone()
        .ok_or_else(|| CommandError::refuse(ChainError::NotFound))?;
    let input = CompensateInput {
        session: &session,
        compensation: &compensation,
        member: &member,
        wallet: &wallet,
        now: work.now,
    };
    let changes = decide(input, &chain.payment_policy)?;
    work.write(&wallet, changes.wallet)?;
    post(work, &changes.journal)?;
    work.write(&compensation, changes.compensation)
}
