//! Given an identity, when it is asked, then …

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::MemberId;

use super::{Identity, IdentityCommand, IdentityError, IdentityEvent, IdentityKind};

const FIRST: MemberId = MemberId(Uuid::from_u128(1));
const SECOND: MemberId = MemberId(Uuid::from_u128(2));
const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn given(events: Vec<IdentityEvent>) -> AggregateTestExecutor<Identity> {
    TestFramework::<Identity>::with(()).given(events)
}

fn claim(member_id: MemberId) -> IdentityCommand {
    let kind = IdentityKind::Phone;
    IdentityCommand::Claim {
        kind,
        member_id,
        at: AT,
    }
}

fn claimed(member_id: MemberId) -> IdentityEvent {
    let kind = IdentityKind::Phone;
    IdentityEvent::IdentityClaimed {
        kind,
        member_id,
        at: AT,
    }
}

fn released(member_id: MemberId) -> IdentityEvent {
    IdentityEvent::IdentityReleased { member_id, at: AT }
}

#[test]
fn a_phone_number_has_one_owner() {
    given(vec![])
        .when(claim(FIRST))
        .then_expect_events(vec![claimed(FIRST)]);
    given(vec![claimed(FIRST)])
        .when(claim(FIRST))
        .then_expect_events(vec![]);
    given(vec![claimed(FIRST)])
        .when(claim(SECOND))
        .then_expect_error(IdentityError::Taken(IdentityKind::Phone));
}

#[test]
fn a_phone_number_that_was_released_can_be_claimed_again() {
    let release = |member_id| IdentityCommand::Release { member_id, at: AT };
    given(vec![claimed(FIRST)])
        .when(release(FIRST))
        .then_expect_events(vec![released(FIRST)]);
    given(vec![claimed(FIRST)])
        .when(release(SECOND))
        .then_expect_events(vec![]);
    given(vec![claimed(FIRST), released(FIRST)])
        .when(claim(SECOND))
        .then_expect_events(vec![claimed(SECOND)]);
}
