//! What concerns a person and the identities by which the person is recognised: both change, or neither.

use jiff::Timestamp;

use crate::identity::{self, Identity, IdentityError, IdentityEvent, IdentityKind};
use crate::ids::{IdentityId, MemberId, TransactionId};
use crate::journal::JournalEvent;
use crate::member::{self, Member, MemberError, MemberEvent, Registration};
use crate::personal::{Identifier, Sealed};
use crate::points_account::{self, PointsAccount, PointsAccountEvent};
use crate::refusal::Refusal;
use crate::wallet::{Wallet, WalletEvent};

use super::merge_wallets::merge_wallets;

/// The events of a unit about people, by the aggregates that its input named.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PeopleChanges {
    /// For the person.
    pub member: Vec<MemberEvent>,
    /// For the person into whom the first is merged.
    pub target: Vec<MemberEvent>,
    /// For the WeChat account named.
    pub openid: Vec<IdentityEvent>,
    /// For the phone number named.
    pub phone: Vec<IdentityEvent>,
    /// For the phone number that the person had before.
    pub former_phone: Vec<IdentityEvent>,
    /// For the person's points.
    pub points: Vec<PointsAccountEvent>,
    /// For the person's wallet.
    pub wallet: Vec<WalletEvent>,
    /// For the wallet of the person into whom the first is merged.
    pub target_wallet: Vec<WalletEvent>,
    /// For new streams of the journal, one per transaction.
    pub journal: Vec<(TransactionId, Vec<JournalEvent>)>,
}

/// Takes somebody in. `openid` and `phone` are the identities that the registration names, if it names any.
///
/// # Errors
/// `MEMBER_EXISTS`, `OPENID_BELONGS_TO_MEMBER`, `PHONE_BELONGS_TO_MEMBER`.
pub fn register_member(
    member: &Member,
    openid: Option<&Identity>,
    phone: Option<&Identity>,
    registration: Registration,
    now: Timestamp,
) -> Result<PeopleChanges, Refusal> {
    let member_id = registration.member_id;
    Ok(PeopleChanges {
        member: member::decide::register(member, registration, now)?,
        openid: claim(openid, IdentityKind::Openid, member_id, now)?,
        phone: claim(phone, IdentityKind::Phone, member_id, now)?,
        ..PeopleChanges::default()
    })
}

/// Lets a member in who was known by the phone number alone and comes with a WeChat account of their own: from now on both lead to the member.
/// `account` is the identity of `openid`, `phone` that of the number.
///
/// # Errors
/// `MEMBER_NOT_FOUND`, `MEMBER_MERGED`, `MEMBER_ERASED`, `GUEST_NOT_ALLOWED`, `PHONE_BELONGS_TO_MEMBER` (to another, or the member has an account),
/// `OPENID_BELONGS_TO_MEMBER`.
pub fn attach_openid(
    member: &Member,
    account: &Identity,
    phone: &Identity,
    openid: Identifier,
    now: Timestamp,
) -> Result<PeopleChanges, Refusal> {
    let profile = member.members_only()?;
    let member_id = profile.member_id;
    let other = |known: &Identifier| known.identity_id != openid.identity_id;
    if phone.owner != Some(member_id) || profile.openid.as_ref().is_some_and(other) {
        return Err(IdentityError::Taken(IdentityKind::Phone).into());
    }
    let mut events = member::decide::attach_openid(member, openid, now)?;
    events.extend(member::decide::record_login(member, now)?);
    Ok(PeopleChanges {
        member: events,
        openid: claim(Some(account), IdentityKind::Openid, member_id, now)?,
        ..PeopleChanges::default()
    })
}

/// Notes a phone number that its owner proved to have; `former` is the identity of the number noted before.
///
/// # Errors
/// `MEMBER_NOT_FOUND`, `MEMBER_MERGED`, `MEMBER_ERASED`, `PHONE_BELONGS_TO_MEMBER`.
pub fn verify_phone(
    member: &Member,
    phone: &Identity,
    former: Option<&Identity>,
    number: Identifier,
    now: Timestamp,
) -> Result<PeopleChanges, Refusal> {
    let member_id = member.active()?.member_id;
    let claimed = identity::decide::claim(phone, IdentityKind::Phone, member_id, now)?;
    let events = member::decide::verify_phone(member, number, now)?;
    let released = former.filter(|_| !events.is_empty());
    Ok(PeopleChanges {
        member: events,
        phone: claimed,
        former_phone: released.map_or_else(Vec::new, |former| identity::decide::release(former, member_id, now)),
        ..PeopleChanges::default()
    })
}

/// Makes a guest a member.
///
/// # Errors
/// `MEMBER_NOT_FOUND`, `MEMBER_MERGED`, `MEMBER_ERASED`, `NOT_A_GUEST`, `PHONE_NOT_VERIFIED`, `OPENID_BELONGS_TO_MEMBER`.
pub fn upgrade_guest(
    member: &Member,
    openid: Option<(&Identity, Identifier)>,
    nickname: Option<Sealed>,
    now: Timestamp,
) -> Result<PeopleChanges, Refusal> {
    let member_id = member.active()?.member_id;
    let (identity, openid) = openid.unzip();
    Ok(PeopleChanges {
        member: member::decide::upgrade(member, openid, nickname, now)?,
        openid: claim(identity, IdentityKind::Openid, member_id, now)?,
        ..PeopleChanges::default()
    })
}

/// Makes a guest one with a person who is known. The guest's phone number goes over if that person has none, and is free otherwise; `phone` is its
/// identity, `carried` the number sealed for that person. What is in the guest's wallet, and what the guest owes, goes to that person's; while a session
/// of the guest is not settled, the merge has to wait.
///
/// # Errors
/// `MEMBER_NOT_FOUND`, `MEMBER_MERGED`, `MEMBER_ERASED`, `NOT_A_GUEST`, `OTHER_CHAIN`, `INVALID_ARGUMENT`, `GUEST_HAS_OPEN_SESSION`,
/// `GUEST_HAS_OPEN_SHARE`, `TOO_MANY_TOP_UPS`.
pub fn merge_guest(
    (guest, guest_wallet): (&Member, &Wallet),
    (target, target_wallet): (&Member, &Wallet),
    phone: Option<&Identity>,
    carried: Option<Identifier>,
    now: Timestamp,
) -> Result<PeopleChanges, Refusal> {
    let target_profile = target.active()?;
    let guest_profile = guest.profile.as_deref().ok_or(MemberError::NotFound)?;
    if guest_profile.chain_id != target_profile.chain_id {
        return Err(MemberError::OtherChain.into());
    }
    let (guest_id, target_id) = (guest_profile.member_id, target_profile.member_id);
    let merged = member::decide::merge_into(guest, target_id, now)?;
    if merged.is_empty() {
        return Ok(PeopleChanges::default());
    }
    let wallets = merge_wallets((guest_id, guest_wallet), (target_id, target_wallet), now)?;
    let number = guest_profile.phone.as_ref().map(|phone| phone.identity_id);
    let carried = carried.filter(|carried| Some(carried.identity_id) == number);
    let absorbed = member::decide::absorb(target, guest_id, carried, now)?;
    let goes_over = matches!(absorbed.as_slice(), [MemberEvent::GuestAbsorbed { phone: Some(_), .. }]);
    Ok(PeopleChanges {
        member: merged,
        target: absorbed,
        phone: phone.map_or_else(Vec::new, |phone| {
            hand_over(phone, guest_id, goes_over.then_some(target_id), now)
        }),
        wallet: wallets.guest,
        target_wallet: wallets.target,
        journal: wallets.journal,
        ..PeopleChanges::default()
    })
}

/// Forgets who somebody is; what the person was recognised by is free again, and the points are gone.
///
/// # Errors
/// `MEMBER_NOT_FOUND`, `INVALID_ARGUMENT`.
pub fn erase_person(
    member: &Member,
    openid: Option<&Identity>,
    phone: Option<&Identity>,
    points: &PointsAccount,
    reason: String,
    now: Timestamp,
) -> Result<PeopleChanges, Refusal> {
    let member_id = member.profile.as_ref().ok_or(MemberError::NotFound)?.member_id;
    let release = |identity: Option<&Identity>| {
        identity.map_or_else(Vec::new, |identity| identity::decide::release(identity, member_id, now))
    };
    Ok(PeopleChanges {
        member: member::decide::erase(member, reason, now)?,
        openid: release(openid),
        phone: release(phone),
        points: points_account::decide::forfeit(points, now),
        ..PeopleChanges::default()
    })
}

/// The identities of a person: openid and phone number.
pub fn identities(member: &Member) -> (Option<IdentityId>, Option<IdentityId>) {
    let profile = member.profile.as_deref();
    (
        profile.and_then(|profile| profile.openid.as_ref().map(|openid| openid.identity_id)),
        profile.and_then(|profile| profile.phone.as_ref().map(|phone| phone.identity_id)),
    )
}

fn claim(
    identity: Option<&Identity>,
    kind: IdentityKind,
    member_id: MemberId,
    now: Timestamp,
) -> Result<Vec<IdentityEvent>, Refusal> {
    match identity {
        Some(identity) => Ok(identity::decide::claim(identity, kind, member_id, now)?),
        None => Ok(Vec::new()),
    }
}

fn hand_over(phone: &Identity, from: MemberId, to: Option<MemberId>, at: Timestamp) -> Vec<IdentityEvent> {
    let mut events = identity::decide::release(phone, from, at);
    if let Some(member_id) = to.filter(|_| !events.is_empty()) {
        let kind = IdentityKind::Phone;
        events.push(IdentityEvent::IdentityClaimed { kind, member_id, at });
    }
    events
}
