//! Bills that are shared.

use baize_domain::ids::{MemberId, SessionId, SplitId, session_split};
use baize_domain::member::Member;
use baize_domain::session::TableSession;
use baize_domain::split::{self, BillSplit, Division, SplitError, SplitEvent};
use baize_domain::units::splits::{
    SplitChanges, StartSplitInput, charge_share, confirm_share, deliver_share, pay_share, return_share, start_split,
};
use baize_domain::wallet::Wallet;
use jiff::Timestamp;

use super::session::post;
use super::work::{Held, Work};
use super::{CommandError, Reply};

/// Cuts a bill into shares, or cuts it anew.
pub async fn start(
    work: &Work<'_>,
    session_id: SessionId,
    member_id: MemberId,
    (division, tokens): (&Division, &[String]),
    anew: bool,
) -> Result<Reply, CommandError> {
    work.of_session(session_id);
    let split_id = session_split(session_id);
    let (session, split, member) = tokio::try_join!(
        work.read::<TableSession>(session_id),
        work.read::<BillSplit>(split_id),
        work.read::<Member>(member_id),
    )?;
    let changes = start_split(StartSplitInput {
        session: &session,
        split: &split,
        member: &member,
        division,
        tokens,
        anew,
        now: work.now,
    })?;
    let split = work.write(&split, changes.split)?;
    note(work, &split);
    let shares = split.shares.iter().map(|share| (share.amount, share.token.clone()));
    Ok(Reply::SplitStarted {
        split_id,
        shares: shares.collect(),
        confirm_by: split.confirm_by,
    })
}

/// Somebody agrees to pay the share of a link.
pub async fn confirm(
    work: &Work<'_>,
    split_id: SplitId,
    token: &str,
    member_id: MemberId,
) -> Result<Reply, CommandError> {
    let (split, member, wallet) = tokio::try_join!(
        work.read::<BillSplit>(split_id),
        work.read::<Member>(member_id),
        work.read::<Wallet>(member_id),
    )?;
    note(work, &split);
    let changes = confirm_share(&split, &member, &wallet, token, work.now)?;
    let split = work.write(&split, changes.split)?;
    let (ordinal, share) = split
        .share_of(member_id)
        .and_then(|ordinal| Some((ordinal, split.share(ordinal)?)))
        .ok_or_else(|| CommandError::refuse(SplitError::LinkUnknown))?;
    Ok(Reply::ShareConfirmed {
        split_id,
        ordinal,
        amount: share.amount,
        charging: split.phase != split::Phase::Confirming,
    })
}

/// Somebody does not pay the share of a link.
pub async fn decline(
    work: &Work<'_>,
    split_id: SplitId,
    token: &str,
    member_id: MemberId,
) -> Result<Reply, CommandError> {
    let split = read(work, split_id).await?;
    let events = split::decide::decline(&split, token, member_id, work.now).map_err(CommandError::refuse)?;
    work.write(&split, events)?;
    Ok(Reply::Done)
}

/// Whoever splits the bill says how it goes on.
pub async fn by_opener(
    work: &Work<'_>,
    split_id: SplitId,
    member_id: MemberId,
    decide: impl FnOnce(&BillSplit, Timestamp) -> Result<Vec<SplitEvent>, SplitError>,
) -> Result<Reply, CommandError> {
    let split = read(work, split_id).await?;
    split::decide::of_opener(&split, member_id).map_err(CommandError::refuse)?;
    let events = decide(&split, work.now).map_err(CommandError::refuse)?;
    work.write(&split, events)?;
    Ok(Reply::Done)
}

/// A timer says how it goes on, unless the shares were cut anew since.
pub async fn in_round(
    work: &Work<'_>,
    split_id: SplitId,
    round: u32,
    decide: impl FnOnce(&BillSplit, Timestamp) -> Result<Vec<SplitEvent>, SplitError>,
) -> Result<Reply, CommandError> {
    let split = read(work, split_id).await?;
    if split.terms.as_ref().is_some_and(|terms| terms.round == round) {
        let events = decide(&split, work.now).map_err(CommandError::refuse)?;
        work.write(&split, events)?;
    }
    Ok(Reply::Done)
}

/// Somebody pays the own share from the balance.
pub async fn pay(work: &Work<'_>, split_id: SplitId, member_id: MemberId) -> Result<Reply, CommandError> {
    let (split, wallet) = tokio::try_join!(read(work, split_id), work.read::<Wallet>(member_id))?;
    let changes = pay_share(&split, &wallet, member_id, work.now)?;
    write(work, &split, (&wallet, None), changes)
}

/// Takes a share from the wallet of whoever confirmed it.
pub async fn charge(work: &Work<'_>, split_id: SplitId, round: u32, ordinal: u8) -> Result<Reply, CommandError> {
    let split = read(work, split_id).await?;
    let wallet = payer(work, &split, ordinal).await?;
    let changes = charge_share(&split, &wallet, round, ordinal, work.now)?;
    write(work, &split, (&wallet, None), changes)
}

/// Moves a share to the wallet of whose bill it is.
pub async fn deliver(work: &Work<'_>, split_id: SplitId, round: u32, ordinal: u8) -> Result<Reply, CommandError> {
    let split = read(work, split_id).await?;
    let opener = split.terms.as_ref().map(|terms| terms.opener).unwrap_or_default();
    let (wallet, opener) = tokio::try_join!(payer(work, &split, ordinal), work.read::<Wallet>(opener))?;
    let changes = deliver_share(&split, &wallet, &opener, (round, ordinal), work.now)?;
    write(work, &split, (&wallet, Some(&opener)), changes)
}

/// Puts a share back into the wallet that it came from.
pub async fn give_back(work: &Work<'_>, split_id: SplitId, round: u32, ordinal: u8) -> Result<Reply, CommandError> {
    let split = read(work, split_id).await?;
    let wallet = payer(work, &split, ordinal).await?;
    let changes = return_share(&split, &wallet, (round, ordinal), work.now)?;
    write(work, &split, (&wallet, None), changes)
}

fn write(
    work: &Work<'_>,
    split: &Held<BillSplit>,
    (wallet, opener): (&Held<Wallet>, Option<&Held<Wallet>>),
    changes: SplitChanges,
) -> Result<Reply, CommandError> {
    work.write(wallet, changes.wallet)?;
    if let Some(opener) = opener {
        work.write(opener, changes.opener)?;
    }
    post(work, &changes.journal)?;
    work.write(split, changes.split)?;
    Ok(Reply::Done)
}

async fn payer(work: &Work<'_>, split: &BillSplit, ordinal: u8) -> Result<Held<Wallet>, CommandError> {
    let member_id = split.share(ordinal).and_then(|share| share.member_id);
    work.read::<Wallet>(member_id.unwrap_or_default()).await
}

async fn read(work: &Work<'_>, split_id: SplitId) -> Result<Held<BillSplit>, CommandError> {
    let split = work.read::<BillSplit>(split_id).await?;
    note(work, &split);
    Ok(split)
}

/// Notes the hall and the session that the events belong to.
fn note(work: &Work<'_>, split: &BillSplit) {
    if let Some(terms) = &split.terms {
        work.in_hall(terms.hall_id);
        work.of_session(terms.session_id);
    }
}
