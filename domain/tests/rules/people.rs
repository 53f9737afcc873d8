//! People: guests, members, what they are recognised by, and what they may do.

use baize_domain::command::{Command, OpenMode};
use baize_domain::ids::{IdentityId, MemberId};
use baize_domain::member::{self, Member, MemberKind, MemberProfile, PaymentMethod, Registration};
use baize_domain::personal::{Identifier, Sealed};
use baize_domain::units::people::{self, PeopleChanges};
use baize_domain::{Event, LevelCode, Refusal};
use jiff::Timestamp;
use uuid::Uuid;

use super::world::{CHAIN, World, at, credit, get, member_id, one, open, yuan_a_minute};

impl World {
    /// Decides what concerns people alone.
    pub(crate) fn decide_people(&self, command: Command, now: Timestamp) -> Result<Vec<(String, Event)>, Refusal> {
        let member = |member_id: MemberId| get(&self.members, member_id);
        let identity = |id: Option<IdentityId>| id.map(|id| (id, get(&self.identities, id)));
        let id_of = |identifier: &Option<Identifier>| identifier.as_ref().map(|one| one.identity_id);
        match command {
            Command::RegisterMember {
                member_id,
                chain_id,
                phone,
                nickname,
            } => {
                let number = identity(id_of(&phone));
                let registration = Registration {
                    member_id,
                    chain_id,
                    openid: None,
                    phone,
                    nickname,
                };
                let phone = number.as_ref().map(|(_, phone)| phone);
                let changes = people::register_member(&member(member_id), None, phone, registration, now)?;
                Ok(events(changes, member_id, None, None, number.map(|(id, _)| id), None))
            }
            Command::LogIn {
                member_id,
                chain_id,
                openid,
                phone,
                nickname,
            } => {
                let account = get(&self.identities, openid.identity_id);
                if let Some(owner) = account.owner {
                    let events = member::decide::record_login(&member(owner), now)?;
                    return Ok(one(owner, events, Event::Member));
                }
                let (openid_id, number) = (openid.identity_id, identity(id_of(&phone)));
                let person = member(member_id);
                if let (Some(_), Some((phone_id, number))) = (&person.profile, &number) {
                    let changes = people::attach_openid(&person, &account, number, openid, now)?;
                    return Ok(events(changes, member_id, None, Some(openid_id), Some(*phone_id), None));
                }
                let registration = Registration {
                    member_id,
                    chain_id,
                    openid: Some(openid),
                    phone,
                    nickname,
                };
                let phone = number.as_ref().map(|(_, phone)| phone);
                let changes = people::register_member(&member(member_id), Some(&account), phone, registration, now)?;
                let phone_id = number.map(|(id, _)| id);
                Ok(events(changes, member_id, None, Some(openid_id), phone_id, None))
            }
            Command::StartGuest { member_id, chain_id } => {
                let events = member::decide::start_guest(&member(member_id), member_id, chain_id, now)?;
                Ok(one(member_id, events, Event::Member))
            }
            Command::VerifyPhone { member_id, phone } => {
                let person = member(member_id);
                let former = identity(people::identities(&person).1);
                let (phone_id, former_id) = (phone.identity_id, former.as_ref().map(|(id, _)| *id));
                let number = get(&self.identities, phone_id);
                let former = former.as_ref().map(|(_, former)| former);
                let changes = people::verify_phone(&person, &number, former, phone, now)?;
                Ok(events(changes, member_id, None, None, Some(phone_id), former_id))
            }
            Command::UpgradeGuest {
                member_id,
                openid,
                nickname,
            } => {
                let account = identity(id_of(&openid));
                let openid_id = id_of(&openid);
                let openid = account.as_ref().map(|(_, account)| account).zip(openid);
                let changes = people::upgrade_guest(&member(member_id), openid, nickname, now)?;
                Ok(events(changes, member_id, None, openid_id, None, None))
            }
            Command::MergeGuest {
                guest_id,
                target_id,
                phone,
            } => {
                let (guest, target) = (member(guest_id), member(target_id));
                let (guest_wallet, target_wallet) = (get(&self.wallets, guest_id), get(&self.wallets, target_id));
                let number = identity(people::identities(&guest).1);
                let (number_id, number) = number.unzip();
                let (guest, target) = ((&guest, &guest_wallet), (&target, &target_wallet));
                let changes = people::merge_guest(guest, target, number.as_ref(), phone, now)?;
                Ok(events(changes, guest_id, Some(target_id), None, number_id, None))
            }
            Command::ErasePerson { member_id, reason } => {
                let person = member(member_id);
                let (openid, phone) = people::identities(&person);
                let (account, number) = (identity(openid), identity(phone));
                let (account, number) = (account.as_ref().map(|one| &one.1), number.as_ref().map(|one| &one.1));
                let changes =
                    people::erase_person(&person, account, number, &get(&self.points, member_id), reason, now)?;
                Ok(events(changes, member_id, None, openid, phone, None))
            }
            Command::ChangeLevel { member_id, level } => {
                let events = member::decide::change_level(&member(member_id), level, now)?;
                Ok(one(member_id, events, Event::Member))
            }
            Command::Blacklist { member_id, reason } => {
                let events = member::decide::blacklist(&member(member_id), reason, now)?;
                Ok(one(member_id, events, Event::Member))
            }
            Command::Unblacklist { member_id } => {
                let events = member::decide::unblacklist(&member(member_id), now)?;
                Ok(one(member_id, events, Event::Member))
            }
            Command::BindPaymentMethod { member_id, method } => {
                let events = member::decide::bind_payment_method(&member(member_id), method, now)?;
                Ok(one(member_id, events, Event::Member))
            }
            Command::UnbindPaymentMethod { member_id, method } => {
                let events = member::decide::unbind_payment_method(&member(member_id), method, now)?;
                Ok(one(member_id, events, Event::Member))
            }
            other => panic!("{other:?} is not about people"),
        }
    }

    fn person(&self, member_id: MemberId) -> &MemberProfile {
        self.members[&member_id].profile.as_deref().expect("a known person")
    }

    fn owner(&self, identifier: &Identifier) -> Option<MemberId> {
        get(&self.identities, identifier.identity_id).owner
    }
}

fn events(
    changes: PeopleChanges,
    member_id: MemberId,
    target_id: Option<MemberId>,
    openid: Option<IdentityId>,
    phone: Option<IdentityId>,
    former_phone: Option<IdentityId>,
) -> Vec<(String, Event)> {
    let mut all = one(member_id, changes.member, Event::Member);
    all.extend(one(target_id.unwrap_or_default(), changes.target, Event::Member));
    all.extend(one(openid.unwrap_or_default(), changes.openid, Event::Identity));
    all.extend(one(phone.unwrap_or_default(), changes.phone, Event::Identity));
    let former = one(former_phone.unwrap_or_default(), changes.former_phone, Event::Identity);
    all.extend(former);
    all.extend(one(member_id, changes.points, Event::PointsAccount));
    all.extend(one(member_id, changes.wallet, Event::Wallet));
    all.extend(one(target_id.unwrap_or_default(), changes.target_wallet, Event::Wallet));
    let journal = changes.journal.into_iter();
    all.extend(journal.flat_map(|(id, events)| one(id, events, Event::Journal)));
    all
}

pub(super) const GUEST: MemberId = MemberId(Uuid::from_u128(0x2ff));
const NEWCOMER: MemberId = MemberId(Uuid::from_u128(0x2fe));

fn now() -> Timestamp {
    at("2026-03-02T12:00:00Z")
}

fn identifier(n: u128) -> Identifier {
    Identifier {
        identity_id: IdentityId(Uuid::from_u128(0x9_0000 + n)),
        sealed: Sealed(format!("sealed {n}")),
    }
}

fn world() -> World {
    World::with_tariff(yuan_a_minute())
}

fn with_guest() -> World {
    let mut world = world();
    world.run(&start(GUEST), now());
    world
}

pub(super) fn start(member_id: MemberId) -> Command {
    Command::StartGuest {
        member_id,
        chain_id: CHAIN,
    }
}

pub(super) fn verify(member_id: MemberId, n: u128) -> Command {
    let phone = identifier(n);
    Command::VerifyPhone { member_id, phone }
}

fn upgrade(openid: Option<Identifier>) -> Command {
    Command::UpgradeGuest {
        member_id: GUEST,
        openid,
        nickname: None,
    }
}

fn log_in(member_id: MemberId, openid: u128) -> Command {
    Command::LogIn {
        member_id,
        chain_id: CHAIN,
        openid: identifier(openid),
        phone: None,
        nickname: None,
    }
}

fn open_as(member_id: MemberId) -> Command {
    let Command::OpenTable {
        session_id,
        table_id,
        mode,
        ..
    } = open(1, 1, 1, OpenMode::Postpaid)
    else {
        unreachable!("open makes an opening")
    };
    Command::OpenTable {
        session_id,
        table_id,
        member_id,
        mode,
        wait_for_payment: false,
    }
}

#[test]
fn a_new_openid_makes_a_member_and_a_known_one_is_a_login() {
    let mut world = world();
    world.run(&log_in(NEWCOMER, 1), now());
    assert_eq!(world.person(NEWCOMER).kind, MemberKind::Member);
    assert_eq!(world.person(NEWCOMER).level, LevelCode::member());
    let later = at("2026-03-03T12:00:00Z");
    let another = MemberId(Uuid::from_u128(0x2fd));
    world.run(&log_in(another, 1), later);
    assert!(!world.members.contains_key(&another), "nobody is made twice");
    assert_eq!(world.person(NEWCOMER).last_login_at, later);
}

/// A member who is known by phone number 1 alone, as one who was taken in at the counter.
fn at_the_counter(world: &mut World) {
    let register = Command::RegisterMember {
        member_id: NEWCOMER,
        chain_id: CHAIN,
        phone: Some(identifier(1)),
        nickname: None,
    };
    world.run(&register, now());
}

fn quick(member_id: MemberId, openid: u128, phone: u128) -> Command {
    Command::LogIn {
        member_id,
        chain_id: CHAIN,
        openid: identifier(openid),
        phone: Some(identifier(phone)),
        nickname: None,
    }
}

#[test]
fn who_was_taken_in_at_the_counter_is_the_same_member_with_wechat() {
    let mut world = world();
    at_the_counter(&mut world);
    let later = at("2026-03-03T12:00:00Z");
    world.run(&quick(NEWCOMER, 2, 1), later);
    assert_eq!(world.owner(&identifier(2)), Some(NEWCOMER));
    assert_eq!(world.owner(&identifier(1)), Some(NEWCOMER));
    assert_eq!(world.person(NEWCOMER).openid, Some(identifier(2)));
    assert_eq!(world.person(NEWCOMER).last_login_at, later);
    let another = MemberId(Uuid::from_u128(0x2fd));
    world.run(&log_in(another, 2), later);
    assert!(!world.members.contains_key(&another), "a login from now on");
}

#[test]
fn a_member_who_has_a_wechat_account_gets_no_second_one_by_the_phone_number() {
    let mut world = world();
    at_the_counter(&mut world);
    world.run(&quick(NEWCOMER, 2, 1), now());
    let refusal = world.refused(&quick(NEWCOMER, 3, 1), now());
    assert_eq!(refusal.reason, "PHONE_BELONGS_TO_MEMBER");
    assert_eq!(world.owner(&identifier(3)), None);
}

#[test]
fn nobody_becomes_a_member_by_another_phone_number_than_the_members() {
    let mut world = world();
    at_the_counter(&mut world);
    let refusal = world.refused(&quick(NEWCOMER, 2, 7), now());
    assert_eq!(refusal.reason, "PHONE_BELONGS_TO_MEMBER");
    world.run(&start(GUEST), now());
    world.run(&verify(GUEST, 3), now());
    let refusal = world.refused(&quick(GUEST, 2, 3), now());
    assert_eq!(
        refusal.reason, "GUEST_NOT_ALLOWED",
        "a guest is not attached to, but merged or upgraded"
    );
    assert_eq!(world.owner(&identifier(2)), None);
}

#[test]
fn a_guest_opens_only_after_the_phone_number_was_verified() {
    let mut world = with_guest();
    let refusal = world.refused(&open_as(GUEST), now());
    assert_eq!(refusal.reason, "PHONE_NOT_VERIFIED");
    world.run(&verify(GUEST, 1), now());
    let refusal = world.refused(&open_as(GUEST), now());
    assert_eq!(
        refusal.reason, "PAYMENT_METHOD_REQUIRED",
        "the person is no obstacle any more"
    );
}

#[test]
fn a_guest_has_no_balance() {
    let mut world = with_guest();
    world.run(&verify(GUEST, 1), now());
    let top_up = |member_id: MemberId| match credit(1, 1, 10_000, 0) {
        Command::CreditTopUp {
            top_up_id,
            channel,
            amount,
            ..
        } => Command::CreditTopUp {
            member_id,
            top_up_id,
            channel,
            amount,
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(world.refused(&top_up(GUEST), now()).reason, "GUEST_NOT_ALLOWED");
    let bind = |method| Command::BindPaymentMethod {
        member_id: GUEST,
        method,
    };
    let refusal = world.refused(&bind(PaymentMethod::Balance), now());
    assert_eq!(refusal.reason, "GUEST_NOT_ALLOWED");
    world.run(&bind(PaymentMethod::WechatPay), now());
    assert_eq!(world.refused(&top_up(NEWCOMER), now()).reason, "MEMBER_NOT_FOUND");

    world.run(&upgrade(None), now());
    world.run(&top_up(GUEST), now());
    world.run(&bind(PaymentMethod::Balance), now());
    world.run(&open_as(GUEST), now());
}

#[test]
fn upgrading_takes_a_phone_number_or_an_openid() {
    let mut world = with_guest();
    assert_eq!(world.refused(&upgrade(None), now()).reason, "PHONE_NOT_VERIFIED");
    world.run(&upgrade(Some(identifier(5))), now());
    assert_eq!(world.owner(&identifier(5)), Some(GUEST));
    assert_eq!(world.person(GUEST).level, LevelCode::member());
    assert_eq!(world.refused(&upgrade(None), now()).reason, "NOT_A_GUEST");
}

#[test]
fn somebody_elses_phone_number_or_openid_is_refused_and_never_merged_silently() {
    let mut world = with_guest();
    world.run(&verify(member_id(1), 1), now());
    world.run(&log_in(NEWCOMER, 2), now());
    let refusal = world.refused(&verify(GUEST, 1), now());
    assert_eq!(refusal.reason, "PHONE_BELONGS_TO_MEMBER");
    let refusal = world.refused(&upgrade(Some(identifier(2))), now());
    assert_eq!(refusal.reason, "OPENID_BELONGS_TO_MEMBER");
    assert_eq!(world.person(GUEST).kind, MemberKind::Guest);
    assert_eq!(world.person(GUEST).merged_into, None);
}

#[test]
fn a_new_phone_number_frees_the_former_one() {
    let mut world = with_guest();
    world.run(&verify(GUEST, 1), now());
    assert_eq!(world.run(&verify(GUEST, 1), now()), [], "the same number again");
    world.run(&verify(GUEST, 2), now());
    assert_eq!(world.owner(&identifier(1)), None);
    assert_eq!(world.owner(&identifier(2)), Some(GUEST));
}

#[test]
fn a_merged_guest_is_gone_into_the_member_and_the_phone_number_goes_along() {
    let mut world = with_guest();
    world.run(&verify(GUEST, 1), now());
    world.run(&log_in(NEWCOMER, 2), now());
    let merge = Command::MergeGuest {
        guest_id: GUEST,
        target_id: NEWCOMER,
        phone: Some(identifier(1)),
    };
    world.run(&merge, now());
    assert_eq!(world.person(GUEST).merged_into, Some(NEWCOMER));
    assert!(world.person(NEWCOMER).absorbed.contains(&GUEST));
    assert!(world.person(NEWCOMER).phone_verified());
    assert_eq!(world.owner(&identifier(1)), Some(NEWCOMER));
    assert_eq!(world.run(&merge, now()), [], "the same merge again");

    let refusal = world.refused(&open_as(GUEST), now());
    assert_eq!(refusal.reason, "MEMBER_MERGED");
    assert_eq!(refusal.facts["member_id"], NEWCOMER.to_string());
}

#[test]
fn a_member_who_has_a_phone_number_keeps_it_when_a_guest_is_merged() {
    let mut world = with_guest();
    world.run(&verify(GUEST, 1), now());
    world.run(&verify(member_id(1), 2), now());
    let merge = Command::MergeGuest {
        guest_id: GUEST,
        target_id: member_id(1),
        phone: Some(identifier(1)),
    };
    world.run(&merge, now());
    assert_eq!(world.owner(&identifier(1)), None);
    assert_eq!(world.owner(&identifier(2)), Some(member_id(1)));
}

#[test]
fn only_guests_are_merged_and_not_into_themselves() {
    let mut world = with_guest();
    let merge = |guest_id, target_id| Command::MergeGuest {
        guest_id,
        target_id,
        phone: None,
    };
    let reason = |world: &mut World, guest, target| world.refused(&merge(guest, target), now()).reason;
    assert_eq!(reason(&mut world, member_id(1), member_id(2)), "NOT_A_GUEST");
    assert_eq!(reason(&mut world, GUEST, GUEST), "INVALID_ARGUMENT");
    assert_eq!(reason(&mut world, GUEST, NEWCOMER), "MEMBER_NOT_FOUND");
}

#[test]
fn who_is_on_the_blacklist_may_not_open() {
    let mut world = world();
    world.top_up(1, 1, 10_000, 0, now());
    let blacklist = Command::Blacklist {
        member_id: member_id(1),
        reason: "broke a cue".into(),
    };
    world.run(&blacklist, now());
    let refusal = world.refused(&open_as(member_id(1)), now());
    assert_eq!(refusal.reason, "MEMBER_BLACKLISTED");
    assert_eq!(refusal.facts["blacklist_reason"], "broke a cue");
    let unblacklist = Command::Unblacklist {
        member_id: member_id(1),
    };
    world.run(&unblacklist, now());
    world.run(&open_as(member_id(1)), now());
}

#[test]
fn who_is_erased_does_nothing_any_more_and_can_come_back_as_somebody_new() {
    let mut world = world();
    world.run(&log_in(NEWCOMER, 2), now());
    world.run(&verify(NEWCOMER, 1), now());
    let erase = Command::ErasePerson {
        member_id: NEWCOMER,
        reason: "on request".into(),
    };
    world.run(&erase, now());
    assert_eq!(world.run(&erase, now()), [], "the same again");
    assert_eq!(world.owner(&identifier(1)), None);
    assert_eq!(world.owner(&identifier(2)), None);
    assert_eq!(world.refused(&open_as(NEWCOMER), now()).reason, "MEMBER_ERASED");
    let again = MemberId(Uuid::from_u128(0x2fc));
    world.run(&log_in(again, 2), now());
    assert_eq!(world.owner(&identifier(2)), Some(again));
}

#[test]
fn levels_are_for_members() {
    let mut world = with_guest();
    let level = |member_id, code: &str| Command::ChangeLevel {
        member_id,
        level: LevelCode::try_new(code, "level").expect("a code"),
    };
    assert_eq!(world.refused(&level(GUEST, "vip"), now()).reason, "GUEST_NOT_ALLOWED");
    let refusal = world.refused(&level(member_id(1), "guest"), now());
    assert_eq!(refusal.reason, "INVALID_ARGUMENT");
    world.run(&level(member_id(1), "vip"), now());
    assert_eq!(world.person(member_id(1)).level.as_str(), "vip");
    assert_eq!(world.run(&level(member_id(1), "vip"), now()), []);
}

#[test]
fn an_unknown_person_is_nobody() {
    assert_eq!(Member::default().may_open(), Err(member::MemberError::NotFound));
}
