//! Given the compensations of a session, when something is asked of them, then …

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use crate::ids::{ChainId, CompensationId, HallId, MemberId, SessionId};
use crate::money::Fen;

use super::decide::PARTS_MAX;
use super::{Compensation, CompensationCommand, CompensationError, CompensationEvent, CompensationTerms, decide};

const AT: Timestamp = Timestamp::UNIX_EPOCH;
const ASKS: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

fn id(number: u128) -> CompensationId {
    CompensationId(Uuid::from_u128(number))
}

fn terms(number: u128, fen: i64) -> CompensationTerms {
    CompensationTerms {
        compensation_id: id(number),
        session_id: SessionId::default(),
        hall_id: HallId::default(),
        chain_id: ChainId::default(),
        member_id: MemberId::default(),
        amount: Fen(fen),
        reason: "球台不平".to_owned(),
        asked_by: ASKS,
    }
}

fn ask(number: u128, fen: i64, needs_approval: bool) -> CompensationCommand {
    CompensationCommand::Ask {
        terms: Box::new(terms(number, fen)),
        paid: Fen(1_000),
        needs_approval,
        at: AT,
    }
}

fn asked(number: u128, fen: i64, needs_approval: bool) -> CompensationEvent {
    CompensationEvent::CompensationAsked {
        terms: Box::new(terms(number, fen)),
        needs_approval,
        at: AT,
    }
}

fn approve(by: Uuid) -> CompensationCommand {
    CompensationCommand::Approve {
        compensation_id: id(1),
        by,
        at: AT,
    }
}

fn reject(by: Uuid) -> CompensationCommand {
    CompensationCommand::Reject {
        compensation_id: id(1),
        by,
        reason: "没有依据".to_owned(),
        at: AT,
    }
}

fn approved() -> CompensationEvent {
    CompensationEvent::CompensationApproved {
        compensation_id: id(1),
        by: OTHER,
        at: AT,
    }
}

fn rejected() -> CompensationEvent {
    CompensationEvent::CompensationRejected {
        compensation_id: id(1),
        by: OTHER,
        reason: "没有依据".to_owned(),
        at: AT,
    }
}

fn given(events: Vec<CompensationEvent>) -> AggregateTestExecutor<Compensation> {
    TestFramework::<Compensation>::with(()).given(events)
}

#[test]
fn a_repeat_gives_nothing_and_other_terms_under_the_same_id_are_refused() {
    given(vec![])
        .when(ask(1, 400, false))
        .then_expect_events(vec![asked(1, 400, false)]);
    given(vec![asked(1, 400, false)])
        .when(ask(1, 400, false))
        .then_expect_events(vec![]);
    given(vec![asked(1, 400, false)])
        .when(ask(1, 401, false))
        .then_expect_error(CompensationError::Exists(id(1)));
}

#[test]
fn no_more_than_what_was_paid_is_given_back_and_what_waits_counts() {
    given(vec![asked(1, 400, true)])
        .when(ask(2, 601, false))
        .then_expect_error(CompensationError::TooMuch { left: Fen(600) });
    given(vec![asked(1, 400, true)])
        .when(ask(2, 600, false))
        .then_expect_events(vec![asked(2, 600, false)]);
    given(vec![asked(1, 400, true), rejected()])
        .when(ask(2, 1_000, false))
        .then_expect_events(vec![asked(2, 1_000, false)]);
}

#[test]
fn who_asked_for_a_compensation_cannot_decide_on_it() {
    let waiting = || given(vec![asked(1, 400, true)]);
    waiting()
        .when(approve(ASKS))
        .then_expect_error(CompensationError::SamePerson);
    waiting()
        .when(reject(ASKS))
        .then_expect_error(CompensationError::SamePerson);
    waiting().when(approve(OTHER)).then_expect_events(vec![approved()]);
    waiting().when(reject(OTHER)).then_expect_events(vec![rejected()]);
}

#[test]
fn what_was_decided_stays_so() {
    let approved = || given(vec![asked(1, 400, true), approved()]);
    approved().when(approve(OTHER)).then_expect_events(vec![]);
    approved()
        .when(reject(OTHER))
        .then_expect_error(CompensationError::NotWaiting);
    let rejected = || given(vec![asked(1, 400, true), rejected()]);
    rejected().when(reject(OTHER)).then_expect_events(vec![]);
    rejected()
        .when(approve(OTHER))
        .then_expect_error(CompensationError::NotWaiting);
    given(vec![])
        .when(approve(OTHER))
        .then_expect_error(CompensationError::NotFound);
}

#[test]
fn a_session_is_not_compensated_without_end() {
    let many = (1..=PARTS_MAX as u128).map(|number| asked(number, 1, false));
    given(many.collect())
        .when(ask(99, 1, false))
        .then_expect_error(CompensationError::TooMany);
}

proptest! {
    #[test]
    fn whatever_is_asked_approved_and_rejected_the_sum_is_never_above_what_was_paid(
        steps in proptest::collection::vec((0u8..3, 1u128..6, 1i64..700, any::<bool>()), 1..40),
    ) {
        let mut state = Compensation::default();
        for (what, number, fen, needs_approval) in steps {
            let command = match what {
                0 => ask(number, fen, needs_approval),
                1 => CompensationCommand::Approve { compensation_id: id(number), by: OTHER, at: AT },
                _ => CompensationCommand::Reject {
                    compensation_id: id(number),
                    by: OTHER,
                    reason: "没有依据".to_owned(),
                    at: AT,
                },
            };
            for event in decide(&state, command).unwrap_or_default() {
                state.evolve(&event);
            }
            prop_assert!(state.promised() <= Fen(1_000));
        }
    }
}
