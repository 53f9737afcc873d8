//! Points: earned, taken back, expired.

use baize_domain::Fen;
use baize_domain::chain::{self, Chain};
use baize_domain::ids::{ChainId, MemberId, SessionId};
use baize_domain::member::{Member, MemberError};
use baize_domain::points_account::{self, Earning, PointsAccount, PointsPolicy};
use baize_domain::session::TableSession;
use baize_domain::units::{EarnPointsInput, earn_points};

use super::work::Work;
use super::{CommandError, Reply};

/// Changes how a chain gives points.
pub async fn change_policy(work: &Work<'_>, chain_id: ChainId, policy: PointsPolicy) -> Result<Reply, CommandError> {
    let chain = work.read::<Chain>(chain_id).await?;
    let events = chain::decide::change_points_policy(&chain, policy).map_err(CommandError::refuse)?;
    work.write(&chain, events)?;
    Ok(Reply::Done)
}

/// Credits what a payment earns.
pub async fn earn(work: &Work<'_>, member_id: MemberId, earning: Earning) -> Result<Reply, CommandError> {
    work.of_session(earning.session_id);
    let (member, account, session) = tokio::try_join!(
        work.read::<Member>(member_id),
        work.read::<PointsAccount>(member_id),
        work.read::<TableSession>(earning.session_id),
    )?;
    let Some(profile) = &member.profile else {
        return Err(CommandError::refuse(MemberError::NotFound));
    };
    let chain = work.read::<Chain>(profile.chain_id).await?;
    if let Some(opening) = &session.opening {
        work.in_hall(opening.hall_id);
    }
    let changes = earn_points(EarnPointsInput {
        earning,
        member: &member,
        account: &account,
        session: &session,
        chain: &chain,
        now: work.now,
    });
    work.write(&account, changes.account)?;
    work.write(&member, changes.member)?;
    Ok(Reply::Done)
}

/// Looks at a level whose time is over.
pub async fn review_level(work: &Work<'_>, member_id: MemberId) -> Result<Reply, CommandError> {
    let (member, account) = tokio::try_join!(work.read::<Member>(member_id), work.read::<PointsAccount>(member_id))?;
    let Some(profile) = &member.profile else {
        return Err(CommandError::refuse(MemberError::NotFound));
    };
    let chain = work.read::<Chain>(profile.chain_id).await?;
    let events = baize_domain::units::review_level(&member, &account, &chain, work.now);
    work.write(&member, events.map_err(CommandError::refuse)?)?;
    Ok(Reply::Done)
}

/// Takes back the points of money that went back.
pub async fn reverse(
    work: &Work<'_>,
    member_id: MemberId,
    session_id: SessionId,
    refunded: Fen,
    reason: &str,
) -> Result<Reply, CommandError> {
    let (member, account) = tokio::try_join!(work.read::<Member>(member_id), work.read::<PointsAccount>(member_id))?;
    if member.profile.is_none() {
        return Err(CommandError::refuse(MemberError::NotFound));
    }
    let events = points_account::decide::reverse(&account, session_id, refunded, reason.to_owned(), work.now)
        .map_err(CommandError::refuse)?;
    let account = work.write(&account, events)?;
    Ok(Reply::Points {
        points: account.lots.balance(),
        owed: account.owed,
    })
}

/// Drops the points whose time is over.
pub async fn expire(work: &Work<'_>, member_id: MemberId) -> Result<Reply, CommandError> {
    let account = work.read::<PointsAccount>(member_id).await?;
    let events = points_account::decide::expire(&account, work.now);
    work.write(&account, events)?;
    Ok(Reply::Done)
}
