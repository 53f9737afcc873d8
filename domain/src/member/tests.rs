//! Given a person, when asked, then … What concerns several aggregates is tested with the units.

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::{ChainId, MemberId};

use super::{Member, MemberCommand, MemberError, MemberEvent, PaymentMethod, Registration};

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
