//! What a member decides.

use jiff::Timestamp;

use crate::ids::{ChainId, MemberId};
use crate::level::LevelCode;
use crate::personal::{Identifier, Sealed};
use crate::refusal::InvalidField;

use super::{
    Member, MemberCommand, MemberError, MemberEvent, MemberKind, PaymentMethod, Registration, messages, standing,
};

/// Characters of a reason, at most.
const REASON_CHARS_MAX: usize = 200;

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(member: &Member, command: MemberCommand) -> Result<Vec<MemberEvent>, MemberError> {
    match command {
        MemberCommand::Register { registration, at } => register(member, registration, at),
        MemberCommand::StartGuest {
            member_id,
            chain_id,
            at,
        } => start_guest(member, member_id, chain_id, at),
        MemberCommand::VerifyPhone { phone, at } => verify_phone(member, phone, at),
        MemberCommand::Upgrade { openid, nickname, at } => upgrade(member, openid, nickname, at),
        MemberCommand::MergeInto { target_id, at } => merge_into(member, target_id, at),
        MemberCommand::Absorb { guest_id, phone, at } => absorb(member, guest_id, phone, at),
        MemberCommand::AttachOpenid { openid, at } => attach_openid(member, openid, at),
        MemberCommand::RaiseLevel { standing, at } => standing::raise(member, &standing, at),
        MemberCommand::ReviewLevel { standing, at } => standing::review(member, &standing, at),
        MemberCommand::ChangeLevel { level, at } => change_level(member, level, at),
        MemberCommand::Blacklist { reason, at } => blacklist(member, reason, at),
        MemberCommand::Unblacklist { at } => unblacklist(member, at),
        MemberCommand::BindPaymentMethod { method, at } => bind_payment_method(member, method, at),
        MemberCommand::UnbindPaymentMethod { method, at } => unbind_payment_method(member, method, at),
        MemberCommand::RecordLogin { at } => record_login(member, at),
        MemberCommand::ReadNotices { up_to, at } => read_notices(member, up_to, at),
        MemberCommand::AllowMessages { kinds, at } => messages::allow_messages(member, &kinds, at),
        MemberCommand::ChooseMessages { unwanted, at } => messages::choose_messages(member, &unwanted, at),
        MemberCommand::NoteMessage { note, at } => messages::note_message(member, note, at),
        MemberCommand::Erase { reason, at } => erase(member, reason, at),
    }
}

/// Takes somebody in; the same person again changes nothing. Sealed texts differ each time they are sealed, so they do not count.
///
/// # Errors
/// [`MemberError::Exists`].
pub fn register(member: &Member, registration: Registration, at: Timestamp) -> Result<Vec<MemberEvent>, MemberError> {
    let Registration {
        member_id,
        chain_id,
        openid,
        phone,
        nickname,
    } = registration;
    if let Some(existing) = &member.profile {
        let identity = |identifier: &Option<Identifier>| identifier.as_ref().map(|one| one.identity_id);
        let same = existing.kind == MemberKind::Member
            && existing.chain_id == chain_id
            && identity(&existing.openid) == identity(&openid)
            && identity(&existing.phone) == identity(&phone);
        return if same {
            Ok(Vec::new())
        } else {
            Err(MemberError::Exists(existing.member_id))
        };
    }
    Ok(vec![MemberEvent::MemberRegistered {
        member_id,
        chain_id,
        openid,
        phone,
        nickname,
        at,
    }])
}

/// Lets somebody in who gives no name; the same guest again changes nothing.
///
/// # Errors
/// [`MemberError::Exists`].
pub fn start_guest(
    member: &Member,
    member_id: MemberId,
    chain_id: ChainId,
    at: Timestamp,
) -> Result<Vec<MemberEvent>, MemberError> {
    match &member.profile {
        None => Ok(vec![MemberEvent::GuestStarted {
            member_id,
            chain_id,
            at,
        }]),
        Some(existing) if existing.kind == MemberKind::Guest && existing.chain_id == chain_id => Ok(Vec::new()),
        Some(existing) => Err(MemberError::Exists(existing.member_id)),
    }
}

/// Notes a phone number that was proved, in place of an earlier one.
///
/// # Errors
/// The person is not [`Member::active`].
pub fn verify_phone(member: &Member, phone: Identifier, at: Timestamp) -> Result<Vec<MemberEvent>, MemberError> {
    let known = member.active()?.phone.as_ref();
    if known.is_some_and(|known| known.identity_id == phone.identity_id) {
        return Ok(Vec::new());
    }
    Ok(vec![MemberEvent::PhoneVerified { phone, at }])
}

/// Makes a guest a member. It takes something by which the person can be recognised: a WeChat account or a verified phone number.
///
/// # Errors
/// The person is not [`Member::active`]; [`MemberError::NotAGuest`], [`MemberError::PhoneNotVerified`].
pub fn upgrade(
    member: &Member,
    openid: Option<Identifier>,
    nickname: Option<Sealed>,
    at: Timestamp,
) -> Result<Vec<MemberEvent>, MemberError> {
    let profile = member.active()?;
    if profile.kind != MemberKind::Guest {
        return Err(MemberError::NotAGuest);
    }
    if openid.is_none() && !profile.phone_verified() {
        return Err(MemberError::PhoneNotVerified);
    }
    Ok(vec![MemberEvent::GuestUpgraded { openid, nickname, at }])
}

/// Sends a guest into another person; the same again changes nothing. The other's side is [`absorb`].
///
/// # Errors
/// The guest is not [`Member::active`]; [`MemberError::NotAGuest`], [`MemberError::Invalid`] (into itself).
pub fn merge_into(member: &Member, target_id: MemberId, at: Timestamp) -> Result<Vec<MemberEvent>, MemberError> {
    if member
        .profile
        .as_ref()
        .is_some_and(|profile| profile.merged_into == Some(target_id))
    {
        return Ok(Vec::new());
    }
    let profile = member.active()?;
    InvalidField::unless(profile.member_id != target_id, "target_id", "must be another person")?;
    if profile.kind != MemberKind::Guest {
        return Err(MemberError::NotAGuest);
    }
    Ok(vec![MemberEvent::GuestMerged { target_id, at }])
}

/// Takes a guest in; the same again changes nothing. A phone number the person has stays.
///
/// # Errors
/// The person is not [`Member::active`].
pub fn absorb(
    member: &Member,
    guest_id: MemberId,
    phone: Option<Identifier>,
    at: Timestamp,
) -> Result<Vec<MemberEvent>, MemberError> {
    let profile = member.active()?;
    if profile.absorbed.contains(&guest_id) {
        return Ok(Vec::new());
    }
    let phone = phone.filter(|_| profile.phone.is_none());
    Ok(vec![MemberEvent::GuestAbsorbed { guest_id, phone, at }])
}

/// Notes the WeChat account of a member who had none; the same account again changes nothing.
///
/// # Errors
/// [`Member::members_only`]; [`MemberError::Exists`]: the member has another account.
pub fn attach_openid(member: &Member, openid: Identifier, at: Timestamp) -> Result<Vec<MemberEvent>, MemberError> {
    let profile = member.members_only()?;
    match &profile.openid {
        Some(known) if known.identity_id == openid.identity_id => Ok(Vec::new()),
        Some(_) => Err(MemberError::Exists(profile.member_id)),
        None => Ok(vec![MemberEvent::OpenidAttached { openid, at }]),
    }
}

/// Puts a member on another level.
///
/// # Errors
/// [`Member::members_only`]; [`MemberError::Invalid`]: nobody becomes a guest again.
pub fn change_level(member: &Member, level: LevelCode, at: Timestamp) -> Result<Vec<MemberEvent>, MemberError> {
    let profile = member.members_only()?;
    InvalidField::unless(level != LevelCode::guest(), "level", "must be a level of members")?;
    if profile.level == level {
        return Ok(Vec::new());
    }
    Ok(vec![MemberEvent::LevelChanged { level, at }])
}

/// Bars somebody, or changes why.
///
/// # Errors
/// The person is not [`Member::active`]; [`MemberError::Invalid`].
pub fn blacklist(member: &Member, reason: String, at: Timestamp) -> Result<Vec<MemberEvent>, MemberError> {
    let profile = member.active()?;
    InvalidField::unless_text(&reason, REASON_CHARS_MAX, "reason")?;
    if profile.blacklisted.as_ref() == Some(&reason) {
        return Ok(Vec::new());
    }
    Ok(vec![MemberEvent::MemberBlacklisted { reason, at }])
}

/// Lets somebody play again.
///
/// # Errors
/// The person is not [`Member::active`].
pub fn unblacklist(member: &Member, at: Timestamp) -> Result<Vec<MemberEvent>, MemberError> {
    let barred = member.active()?.blacklisted.is_some();
    Ok(if barred {
        vec![MemberEvent::MemberUnblacklisted { at }]
    } else {
        Vec::new()
    })
}

/// Adds a way to pay. A balance is for members.
///
/// # Errors
/// The person is not [`Member::active`]; [`MemberError::GuestNotAllowed`].
pub fn bind_payment_method(
    member: &Member,
    method: PaymentMethod,
    at: Timestamp,
) -> Result<Vec<MemberEvent>, MemberError> {
    let profile = match method {
        PaymentMethod::Balance => member.members_only()?,
        PaymentMethod::WechatPay | PaymentMethod::Alipay => member.active()?,
    };
    if profile.payment_methods.contains(&method) {
        return Ok(Vec::new());
    }
    Ok(vec![MemberEvent::PaymentMethodBound { method, at }])
}

/// Takes a way to pay away.
///
/// # Errors
/// The person is not [`Member::active`].
pub fn unbind_payment_method(
    member: &Member,
    method: PaymentMethod,
    at: Timestamp,
) -> Result<Vec<MemberEvent>, MemberError> {
    if !member.active()?.payment_methods.contains(&method) {
        return Ok(Vec::new());
    }
    Ok(vec![MemberEvent::PaymentMethodUnbound { method, at }])
}

/// Notes a login.
///
/// # Errors
/// The person is not [`Member::active`].
pub fn record_login(member: &Member, at: Timestamp) -> Result<Vec<MemberEvent>, MemberError> {
    member.active()?;
    Ok(vec![MemberEvent::LoginRecorded { at }])
}

/// Notes how far somebody has read; what was read stays so. Whether there is anything up to there is for the caller to know.
///
/// # Errors
/// The person is not [`Member::active`].
pub fn read_notices(member: &Member, up_to: u64, at: Timestamp) -> Result<Vec<MemberEvent>, MemberError> {
    if up_to <= member.active()?.notices_read_to {
        return Ok(Vec::new());
    }
    Ok(vec![MemberEvent::NoticesRead { up_to, at }])
}

/// Forgets who somebody is; who is forgotten stays so. Also a merged guest can be forgotten.
///
/// # Errors
/// [`MemberError::NotFound`], [`MemberError::Invalid`].
pub fn erase(member: &Member, reason: String, at: Timestamp) -> Result<Vec<MemberEvent>, MemberError> {
    let profile = member.profile.as_ref().ok_or(MemberError::NotFound)?;
    InvalidField::unless_text(&reason, REASON_CHARS_MAX, "reason")?;
    if profile.erased {
        return Ok(Vec::new());
    }
    Ok(vec![MemberEvent::PersonErased { reason, at }])
}
