//! People, and what they are recognised by.

use baize_domain::chain::Chain;
use baize_domain::identity::Identity;
use baize_domain::ids::{ChainId, IdentityId, MemberId};
use baize_domain::member::{self, Member, MemberError, MemberEvent, Registration};
use baize_domain::personal::{Identifier, Sealed};
use baize_domain::points_account::PointsAccount;
use baize_domain::units::people as decide;
use baize_domain::wallet::Wallet;
use baize_domain::{LevelCode, Refusal};
use jiff::Timestamp;

use super::session::post;
use super::work::{Held, Work};
use super::{CommandError, Reply, chain};

/// A guest may have been merged into a guest who was merged.
const MERGES_MAX: usize = 8;

/// Takes somebody in at the counter.
pub async fn register(work: &Work<'_>, registration: Registration) -> Result<Reply, CommandError> {
    let member_id = registration.member_id;
    let member = work.read::<Member>(member_id).await?;
    join(work, &member, None, registration).await?;
    Ok(Reply::MemberRegistered { member_id })
}

/// Lets the owner of an openid in, or takes a newcomer in, or attaches the openid to a member who had none. Of two logins of a newcomer at once, one
/// finds the other's member.
pub async fn log_in(work: &Work<'_>, openid: IdentityId, registration: Registration) -> Result<Reply, CommandError> {
    let account = work.read::<Identity>(openid).await?;
    if let Some(member_id) = account.owner {
        tell(work, member_id, member::decide::record_login).await?;
        return Ok(Reply::LoggedIn {
            member_id,
            is_new: false,
            phone_noted: false,
        });
    }
    let (member_id, phone_noted) = (registration.member_id, registration.phone.is_some());
    let member = work.read::<Member>(member_id).await?;
    if member.profile.is_some() {
        attach(work, &member, &account, registration).await?;
        return Ok(Reply::LoggedIn {
            member_id,
            is_new: false,
            phone_noted,
        });
    }
    join(work, &member, Some(account), registration).await?;
    Ok(Reply::LoggedIn {
        member_id,
        is_new: true,
        phone_noted,
    })
}

/// Attaches an openid to a member who is known by a phone number.
async fn attach(
    work: &Work<'_>,
    member: &Held<Member>,
    account: &Held<Identity>,
    registration: Registration,
) -> Result<(), CommandError> {
    let (Some(openid), Some(number)) = (registration.openid, registration.phone) else {
        return Err(CommandError::refuse(MemberError::Exists(registration.member_id)));
    };
    let phone = work.read::<Identity>(number.identity_id).await?;
    let changes = decide::attach_openid(member, account, &phone, openid, work.now)?;
    work.write(account, changes.openid)?;
    work.write(member, changes.member)?;
    Ok(())
}

async fn join(
    work: &Work<'_>,
    member: &Held<Member>,
    openid: Option<Held<Identity>>,
    registration: Registration,
) -> Result<(), CommandError> {
    chain::known(work, registration.chain_id).await?;
    let phone = registration.phone.as_ref().map(|phone| phone.identity_id);
    let phone = identity(work, phone).await?;
    let changes = decide::register_member(member, openid.as_deref(), phone.as_deref(), registration, work.now)?;
    if let Some(openid) = &openid {
        work.write(openid, changes.openid)?;
    }
    if let Some(phone) = &phone {
        work.write(phone, changes.phone)?;
    }
    work.write(member, changes.member)?;
    Ok(())
}

/// Lets somebody in who gives no name.
pub async fn start_guest(work: &Work<'_>, member_id: MemberId, chain_id: ChainId) -> Result<Reply, CommandError> {
    chain::known(work, chain_id).await?;
    let decide = |guest: &Member, now| member::decide::start_guest(guest, member_id, chain_id, now);
    tell(work, member_id, decide).await?;
    Ok(Reply::MemberRegistered { member_id })
}

/// Puts a member on a level of the chain.
pub async fn change_level(work: &Work<'_>, member_id: MemberId, level: &LevelCode) -> Result<Reply, CommandError> {
    let member = work.read::<Member>(member_id).await?;
    let chain_id = member.members_only().map_err(CommandError::refuse)?.chain_id;
    let chain = work.read::<Chain>(chain_id).await?;
    if chain.level(level).is_none() {
        return Err(Refusal::invalid("level", "is not a level of the member's chain").into());
    }
    let events = member::decide::change_level(&member, level.clone(), work.now).map_err(CommandError::refuse)?;
    work.write(&member, events)?;
    Ok(Reply::Done)
}

/// Puts one question to a person's state.
pub async fn tell(
    work: &Work<'_>,
    member_id: MemberId,
    decide: impl FnOnce(&Member, Timestamp) -> Result<Vec<MemberEvent>, MemberError>,
) -> Result<Reply, CommandError> {
    let member = work.read::<Member>(member_id).await?;
    let events = decide(&member, work.now).map_err(CommandError::refuse)?;
    work.write(&member, events)?;
    Ok(Reply::Done)
}

/// Notes a phone number that its owner proved to have.
pub async fn verify_phone(work: &Work<'_>, member_id: MemberId, number: &Identifier) -> Result<Reply, CommandError> {
    let member = work.read::<Member>(member_id).await?;
    let phone = work.read::<Identity>(number.identity_id).await?;
    let former = decide::identities(&member)
        .1
        .filter(|former| *former != number.identity_id);
    let former = identity(work, former).await?;
    let changes = decide::verify_phone(&member, &phone, former.as_deref(), number.clone(), work.now)?;
    work.write(&phone, changes.phone)?;
    if let Some(former) = &former {
        work.write(former, changes.former_phone)?;
    }
    work.write(&member, changes.member)?;
    Ok(Reply::Done)
}

/// Makes a guest a member.
pub async fn upgrade(
    work: &Work<'_>,
    member_id: MemberId,
    openid: Option<&Identifier>,
    nickname: Option<&Sealed>,
) -> Result<Reply, CommandError> {
    let member = work.read::<Member>(member_id).await?;
    let account = identity(work, openid.map(|openid| openid.identity_id)).await?;
    let named = account.as_deref().zip(openid.cloned());
    let changes = decide::upgrade_guest(&member, named, nickname.cloned(), work.now)?;
    if let Some(account) = &account {
        work.write(account, changes.openid)?;
    }
    work.write(&member, changes.member)?;
    Ok(Reply::Done)
}

/// Makes a guest one with somebody known.
pub async fn merge(
    work: &Work<'_>,
    guest_id: MemberId,
    target_id: MemberId,
    carried: Option<&Identifier>,
) -> Result<Reply, CommandError> {
    if guest_id == target_id {
        let itself = Refusal::invalid("target_id", "must be another person");
        return Err(itself.into());
    }
    let (guest, target) = tokio::try_join!(work.read::<Member>(guest_id), work.read::<Member>(target_id))?;
    let (guest_wallet, target_wallet) =
        tokio::try_join!(work.read::<Wallet>(guest_id), work.read::<Wallet>(target_id))?;
    let phone = identity(work, decide::identities(&guest).1).await?;
    let (whole_guest, whole_target) = ((&*guest, &*guest_wallet), (&*target, &*target_wallet));
    let changes = decide::merge_guest(whole_guest, whole_target, phone.as_deref(), carried.cloned(), work.now)?;
    work.write(&guest_wallet, changes.wallet)?;
    work.write(&target_wallet, changes.target_wallet)?;
    post(work, &changes.journal)?;
    if let Some(phone) = &phone {
        work.write(phone, changes.phone)?;
    }
    work.write(&target, changes.target)?;
    work.write(&guest, changes.member)?;
    Ok(Reply::Done)
}

/// Forgets who somebody is.
pub async fn erase(work: &Work<'_>, member_id: MemberId, reason: &str) -> Result<Reply, CommandError> {
    let member = work.read::<Member>(member_id).await?;
    let (openid, phone) = decide::identities(&member);
    let openid = identity(work, openid).await?;
    let phone = identity(work, phone).await?;
    let points = work.read::<PointsAccount>(member_id).await?;
    let changes = decide::erase_person(
        &member,
        openid.as_deref(),
        phone.as_deref(),
        &points,
        reason.to_owned(),
        work.now,
    )?;
    if let Some(openid) = &openid {
        work.write(openid, changes.openid)?;
    }
    if let Some(phone) = &phone {
        work.write(phone, changes.phone)?;
    }
    work.write(&points, changes.points)?;
    work.write(&member, changes.member)?;
    Ok(Reply::Done)
}

async fn identity(work: &Work<'_>, id: Option<IdentityId>) -> Result<Option<Held<Identity>>, CommandError> {
    match id {
        Some(id) => Ok(Some(work.read::<Identity>(id).await?)),
        None => Ok(None),
    }
}

/// Who a person is by now: the person, or into whom the person was merged.
pub(super) async fn stands_for(work: &Work<'_>, mut member_id: MemberId) -> Result<MemberId, CommandError> {
    for _ in 0..MERGES_MAX {
        let member = work.read::<Member>(member_id).await?;
        match member.profile.as_ref().and_then(|profile| profile.merged_into) {
            Some(target_id) => member_id = target_id,
            None => break,
        }
    }
    Ok(member_id)
}
