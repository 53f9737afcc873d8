//! Given a person, when asked, then … What concerns several aggregates is tested with the units.

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::{ChainId, IdentityId, MemberId};

use super::{
    Member, MemberCommand, MemberError, MemberEvent, MessageChannel, MessageKind, MessageNote, MessageOutcome,
    PaymentMethod, Registration,
};
use crate::personal::{Identifier, Sealed};

const MEMBER: MemberId = MemberId(Uuid::from_u128(1));
const CHAIN: ChainId = ChainId(Uuid::from_u128(2));
const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn given(events: Vec<MemberEvent>) -> AggregateTestExecutor<Member> {
    TestFramework::<Member>::with(()).given(events)
}

fn registered() -> MemberEvent {
    MemberEvent::MemberRegistered {
        member_id: MEMBER,
        chain_id: CHAIN,
        openid: None,
        phone: None,
        nickname: None,
        at: AT,
    }
}

fn register(chain_id: ChainId) -> MemberCommand {
    let registration = Registration {
        member_id: MEMBER,
        chain_id,
        openid: None,
        phone: None,
        nickname: None,
    };
    MemberCommand::Register { registration, at: AT }
}

#[test]
fn a_member_is_registered_once() {
    given(vec![])
        .when(register(CHAIN))
        .then_expect_events(vec![registered()]);
    given(vec![registered()])
        .when(register(CHAIN))
        .then_expect_events(vec![]);
    given(vec![registered()])
        .when(register(ChainId(Uuid::from_u128(3))))
        .then_expect_error(MemberError::Exists(MEMBER));
}

#[test]
fn a_way_to_pay_is_bound_and_unbound_once() {
    let method = PaymentMethod::Alipay;
    let bound = MemberEvent::PaymentMethodBound { method, at: AT };
    let unbound = MemberEvent::PaymentMethodUnbound { method, at: AT };
    let bind = || MemberCommand::BindPaymentMethod { method, at: AT };
    let unbind = || MemberCommand::UnbindPaymentMethod { method, at: AT };
    given(vec![registered()])
        .when(bind())
        .then_expect_events(vec![bound.clone()]);
    given(vec![registered(), bound.clone()])
        .when(bind())
        .then_expect_events(vec![]);
    given(vec![registered(), bound])
        .when(unbind())
        .then_expect_events(vec![unbound]);
    given(vec![registered()]).when(unbind()).then_expect_events(vec![]);
}

#[test]
fn a_blacklisting_has_a_reason() {
    let blacklist = |reason: &str| MemberCommand::Blacklist {
        reason: reason.into(),
        at: AT,
    };
    let blacklisted = |reason: &str| MemberEvent::MemberBlacklisted {
        reason: reason.into(),
        at: AT,
    };
    match given(vec![registered()]).when(blacklist(" ")).inspect_result() {
        Err(MemberError::Invalid(invalid)) => assert_eq!(invalid.field, "reason"),
        other => panic!("{other:?}"),
    }
    given(vec![registered(), blacklisted("a")])
        .when(blacklist("a"))
        .then_expect_events(vec![]);
    given(vec![registered(), blacklisted("a")])
        .when(blacklist("b"))
        .then_expect_events(vec![blacklisted("b")]);
    given(vec![registered()])
        .when(MemberCommand::Unblacklist { at: AT })
        .then_expect_events(vec![]);
}

#[test]
fn what_was_read_stays_read() {
    let read = |up_to| MemberEvent::NoticesRead { up_to, at: AT };
    let mark = |up_to| MemberCommand::ReadNotices { up_to, at: AT };
    given(vec![registered()])
        .when(mark(7))
        .then_expect_events(vec![read(7)]);
    given(vec![registered(), read(7)])
        .when(mark(7))
        .then_expect_events(vec![]);
    given(vec![registered(), read(7)])
        .when(mark(6))
        .then_expect_events(vec![]);
    given(vec![registered(), read(7)])
        .when(mark(8))
        .then_expect_events(vec![read(8)]);
    given(vec![]).when(mark(1)).then_expect_error(MemberError::NotFound);
}

fn allowed(kinds: &[MessageKind]) -> MemberEvent {
    MemberEvent::MessagesAllowed {
        kinds: kinds.to_vec(),
        at: AT,
    }
}

fn noted(channel: MessageChannel, outcome: MessageOutcome) -> MemberEvent {
    let note = MessageNote {
        kind: MessageKind::BillDue,
        channel,
        outcome,
    };
    MemberEvent::MessageNoted { note, at: AT }
}

fn folded(events: &[MemberEvent]) -> Member {
    let mut member = Member::default();
    events.iter().for_each(|event| member.evolve(event));
    member
}

#[test]
fn up_to_three_different_kinds_of_messages_are_allowed_at_once() {
    use MessageKind::{BillDue, Settled, ShareDue, TableOpen};
    let allow = |kinds: &[MessageKind]| MemberCommand::AllowMessages {
        kinds: kinds.to_vec(),
        at: AT,
    };
    given(vec![registered()])
        .when(allow(&[TableOpen, BillDue, Settled]))
        .then_expect_events(vec![allowed(&[TableOpen, BillDue, Settled])]);
    for wrong in [&[][..], &[BillDue, BillDue], &[TableOpen, BillDue, Settled, ShareDue]] {
        match given(vec![registered()]).when(allow(wrong)).inspect_result() {
            Err(MemberError::Invalid(invalid)) => assert_eq!(invalid.field, "kinds"),
            other => panic!("{other:?}"),
        }
    }
    given(vec![])
        .when(allow(&[BillDue]))
        .then_expect_error(MemberError::NotFound);
}

#[test]
fn an_allowance_is_used_by_what_was_or_may_have_been_sent_through_wechat() {
    use MessageChannel::{Sms, Wechat};
    use MessageOutcome::{NotAllowed, Sent, Unclear};
    let left = |notes: &[(MessageChannel, MessageOutcome)]| {
        let mut events = vec![registered()];
        events.extend([(); 3].map(|()| allowed(&[MessageKind::BillDue])));
        events.extend(notes.iter().map(|(channel, outcome)| noted(*channel, *outcome)));
        let profile = folded(&events).profile.expect("a profile");
        profile.messages.allowance(MessageKind::BillDue)
    };
    assert_eq!(left(&[]), 3);
    assert_eq!(left(&[(Wechat, Sent), (Wechat, Unclear), (Sms, Sent)]), 1);
    assert_eq!(left(&[(Wechat, Sent); 5]), 0);
    // WeChat knows better.
    assert_eq!(left(&[(Wechat, NotAllowed)]), 0);
}

#[test]
fn a_person_is_reached_where_they_allow_and_want_it_and_by_text_only_about_what_is_critical() {
    use MessageChannel::{Sms, Wechat};
    let known = |id| {
        Some(Identifier {
            identity_id: IdentityId(Uuid::from_u128(id)),
            sealed: Sealed("sealed".to_owned()),
        })
    };
    let joined = MemberEvent::MemberRegistered {
        member_id: MEMBER,
        chain_id: CHAIN,
        openid: known(8),
        phone: known(9),
        nickname: None,
        at: AT,
    };
    let ways = |events: &[MemberEvent], kind| {
        let events = [std::slice::from_ref(&joined), events].concat();
        folded(&events).profile.expect("a profile").ways(kind)
    };
    let chosen = |unwanted: &[MessageChannel]| MemberEvent::MessagesChosen {
        unwanted: unwanted.to_vec(),
        at: AT,
    };
    let both = allowed(&[MessageKind::BillDue, MessageKind::Settled]);
    assert_eq!(ways(&[], MessageKind::BillDue), [Sms]);
    assert_eq!(ways(std::slice::from_ref(&both), MessageKind::BillDue), [Wechat, Sms]);
    assert_eq!(ways(std::slice::from_ref(&both), MessageKind::Settled), [Wechat]);
    assert_eq!(ways(&[both.clone(), chosen(&[Sms])], MessageKind::BillDue), [Wechat]);
    assert_eq!(ways(&[both.clone(), chosen(&[Wechat, Sms])], MessageKind::BillDue), []);
    let erased = MemberEvent::PersonErased {
        reason: "asked".to_owned(),
        at: AT,
    };
    assert_eq!(ways(&[both, erased], MessageKind::BillDue), []);
}

#[test]
fn a_choice_of_ways_is_made_once() {
    let choose = |unwanted: &[MessageChannel]| MemberCommand::ChooseMessages {
        unwanted: unwanted.to_vec(),
        at: AT,
    };
    let chosen = MemberEvent::MessagesChosen {
        unwanted: vec![MessageChannel::Wechat, MessageChannel::Sms],
        at: AT,
    };
    given(vec![registered()]).when(choose(&[])).then_expect_events(vec![]);
    given(vec![registered()])
        .when(choose(&[MessageChannel::Sms, MessageChannel::Wechat]))
        .then_expect_events(vec![chosen.clone()]);
    given(vec![registered(), chosen])
        .when(choose(&[MessageChannel::Wechat, MessageChannel::Sms]))
        .then_expect_events(vec![]);
}
