//! Given a person's roles, when one is granted or revoked, then …

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use uuid::Uuid;

use crate::ids::{ChainId, HallId, MemberId};

use super::{HALLS_MAX, Staff, StaffCommand, StaffError, StaffEvent, StaffRole};

const PERSON: MemberId = MemberId(Uuid::from_u128(1));
const CHAIN: ChainId = ChainId(Uuid::from_u128(2));

fn halls(count: u128) -> impl Iterator<Item = HallId> {
    (0..count).map(|number| HallId(Uuid::from_u128(100 + number)))
}

fn grant(role: StaffRole, count: u128) -> StaffCommand {
    StaffCommand::Grant {
        member_id: PERSON,
        chain_id: CHAIN,
        role,
        halls: halls(count).collect(),
    }
}

fn granted(role: StaffRole, count: u128) -> StaffEvent {
    StaffEvent::RoleGranted {
        member_id: PERSON,
        chain_id: CHAIN,
        role,
        halls: halls(count).collect(),
    }
}

fn revoke(role: StaffRole, reason: &str) -> StaffCommand {
    StaffCommand::Revoke {
        role,
        reason: reason.to_owned(),
    }
}

fn revoked(role: StaffRole) -> StaffEvent {
    StaffEvent::RoleRevoked {
        role,
        reason: "left".to_owned(),
    }
}

fn given(events: Vec<StaffEvent>) -> AggregateTestExecutor<Staff> {
    TestFramework::<Staff>::with(()).given(events)
}

#[test]
fn somebody_is_granted_work_in_halls_and_the_chain_to_own() {
    given(vec![])
        .when(grant(StaffRole::Staff, 2))
        .then_expect_events(vec![granted(StaffRole::Staff, 2)]);
    given(vec![granted(StaffRole::Staff, 2)])
        .when(grant(StaffRole::Owner, 0))
        .then_expect_events(vec![granted(StaffRole::Owner, 0)]);
}

#[test]
fn the_same_grant_again_changes_nothing_and_other_halls_replace_the_old() {
    let before = || given(vec![granted(StaffRole::Staff, 2)]);
    before().when(grant(StaffRole::Staff, 2)).then_expect_events(vec![]);
    before()
        .when(grant(StaffRole::Staff, 1))
        .then_expect_events(vec![granted(StaffRole::Staff, 1)]);
}

#[test]
fn staff_works_somewhere_and_an_owner_names_no_halls() {
    for (role, count) in [
        (StaffRole::Staff, 0),
        (StaffRole::Staff, HALLS_MAX as u128 + 1),
        (StaffRole::Owner, 1),
    ] {
        let refused = given(vec![]).when(grant(role, count)).inspect_result();
        assert!(
            matches!(refused, Err(StaffError::Invalid(invalid)) if invalid.field == "hall_ids"),
            "{role:?} {count}"
        );
    }
}

#[test]
fn a_revocation_takes_that_role_alone_and_needs_a_reason() {
    let both = || given(vec![granted(StaffRole::Staff, 1), granted(StaffRole::Owner, 0)]);
    both()
        .when(revoke(StaffRole::Staff, "left"))
        .then_expect_events(vec![revoked(StaffRole::Staff)]);
    let refused = both().when(revoke(StaffRole::Staff, " ")).inspect_result();
    assert!(matches!(refused, Err(StaffError::Invalid(invalid)) if invalid.field == "reason"));
    let mut left = Staff::default();
    for event in [
        granted(StaffRole::Staff, 1),
        granted(StaffRole::Owner, 0),
        revoked(StaffRole::Staff),
    ] {
        left.evolve(&event);
    }
    assert_eq!(left.roles.keys().collect::<Vec<_>>(), [&StaffRole::Owner]);
}

#[test]
fn what_was_never_granted_cannot_be_revoked_and_what_is_revoked_is_so_already() {
    given(vec![])
        .when(revoke(StaffRole::Staff, "left"))
        .then_expect_error(StaffError::NotFound);
    given(vec![granted(StaffRole::Staff, 1), revoked(StaffRole::Staff)])
        .when(revoke(StaffRole::Staff, "left"))
        .then_expect_events(vec![]);
}

#[test]
fn a_revoked_role_can_be_granted_again() {
    given(vec![granted(StaffRole::Staff, 1), revoked(StaffRole::Staff)])
        .when(grant(StaffRole::Staff, 1))
        .then_expect_events(vec![granted(StaffRole::Staff, 1)]);
}
