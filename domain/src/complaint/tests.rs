//! Given a complaint, when something is asked of it, then …

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use crate::ids::{ChainId, CompensationId, ComplaintId, HallId, MemberId, SessionId};
use crate::money::Fen;
use crate::personal::Sealed;

use super::decide::ANSWERS_MAX;
use super::{
    Category, Complaint, ComplaintCommand, ComplaintError, ComplaintEvent, ComplaintTerms, Phase, Promised, decide,
};

const AT: Timestamp = Timestamp::UNIX_EPOCH;
const STAFF: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);
const MEMBER: MemberId = MemberId(Uuid::from_u128(3));

fn sealed(text: &str) -> Sealed {
    Sealed(text.to_owned())
}

fn terms(session_id: Option<SessionId>) -> Box<ComplaintTerms> {
    Box::new(ComplaintTerms {
        complaint_id: ComplaintId::default(),
        hall_id: HallId::default(),
        chain_id: ChainId::default(),
        session_id,
        member_id: MEMBER,
        category: Category::Device,
        words: sealed("first"),
    })
}

fn filed() -> ComplaintEvent {
    ComplaintEvent::ComplaintFiled {
        terms: terms(Some(SessionId::default())),
        at: AT,
    }
}

fn answer() -> ComplaintCommand {
    ComplaintCommand::Answer {
        words: sealed("sorry"),
        promised: None,
        by: STAFF,
        at: AT,
    }
}

fn answered() -> ComplaintEvent {
    ComplaintEvent::ComplaintAnswered {
        member_id: MEMBER,
        words: sealed("sorry"),
        promised: None,
        by: STAFF,
        at: AT,
    }
}

const fn close() -> ComplaintCommand {
    ComplaintCommand::Close { by: STAFF, at: AT }
}

const fn closed() -> ComplaintEvent {
    ComplaintEvent::ComplaintClosed {
        member_id: MEMBER,
        by: STAFF,
        at: AT,
    }
}

fn reopen() -> ComplaintCommand {
    ComplaintCommand::Reopen {
        words: sealed("still"),
        at: AT,
    }
}

fn reopened() -> ComplaintEvent {
    ComplaintEvent::ComplaintReopened {
        words: sealed("still"),
        at: AT,
    }
}

fn given(events: Vec<ComplaintEvent>) -> AggregateTestExecutor<Complaint> {
    TestFramework::<Complaint>::with(()).given(events)
}

#[test]
fn a_second_complaint_about_the_same_is_refused_and_names_the_first() {
    let file = || ComplaintCommand::File {
        terms: terms(Some(SessionId::default())),
        at: AT,
    };
    given(vec![]).when(file()).then_expect_events(vec![filed()]);
    given(vec![filed()])
        .when(file())
        .then_expect_error(ComplaintError::Exists(ComplaintId::default()));
}

#[test]
fn a_complaint_is_closed_only_after_an_answer_also_when_it_was_reopened() {
    given(vec![filed()])
        .when(close())
        .then_expect_error(ComplaintError::NotAnswered);
    given(vec![filed(), answered()])
        .when(close())
        .then_expect_events(vec![closed()]);
    given(vec![filed(), answered(), closed()])
        .when(close())
        .then_expect_events(vec![]);
    given(vec![filed(), answered(), closed(), reopened()])
        .when(close())
        .then_expect_error(ComplaintError::NotAnswered);
}

#[test]
fn a_complaint_is_reopened_once_and_only_when_it_is_closed() {
    given(vec![filed(), answered()])
        .when(reopen())
        .then_expect_error(ComplaintError::StillOpen);
    given(vec![filed(), answered(), closed()])
        .when(reopen())
        .then_expect_events(vec![reopened()]);
    given(vec![filed(), answered(), closed(), reopened(), answered(), closed()])
        .when(reopen())
        .then_expect_error(ComplaintError::ReopenedBefore);
}

#[test]
fn who_answers_what_nobody_sees_to_sees_to_it() {
    let mut state = Complaint::default();
    [filed(), answered()].iter().for_each(|event| state.evolve(event));
    assert_eq!(state.assigned_to, Some(STAFF));
    let assign = |to| ComplaintCommand::Assign { to, by: STAFF, at: AT };
    given(vec![filed(), answered()])
        .when(assign(STAFF))
        .then_expect_events(vec![]);
    let assigned = ComplaintEvent::ComplaintAssigned {
        to: OTHER,
        by: STAFF,
        at: AT,
    };
    given(vec![filed(), answered()])
        .when(assign(OTHER))
        .then_expect_events(vec![assigned.clone()]);
    state.evolve(&assigned);
    state.evolve(&answered());
    assert_eq!(state.assigned_to, Some(OTHER), "an answer takes it from nobody");
    given(vec![filed(), answered(), closed()])
        .when(assign(OTHER))
        .then_expect_error(ComplaintError::Closed);
}

#[test]
fn nothing_is_given_back_where_nothing_was_played() {
    let promising = ComplaintCommand::Answer {
        words: sealed("sorry"),
        promised: Some(Promised {
            compensation_id: CompensationId::default(),
            amount: Fen(100),
        }),
        by: STAFF,
        at: AT,
    };
    let about_the_hall = ComplaintEvent::ComplaintFiled {
        terms: terms(None),
        at: AT,
    };
    given(vec![about_the_hall])
        .when(promising)
        .then_expect_error(ComplaintError::NoSession);
}

#[test]
fn what_is_not_there_or_closed_is_not_answered_and_answers_have_an_end() {
    given(vec![]).when(answer()).then_expect_error(ComplaintError::NotFound);
    given(vec![filed(), answered(), closed()])
        .when(answer())
        .then_expect_error(ComplaintError::Closed);
    let mut many = vec![filed()];
    many.extend((0..ANSWERS_MAX).map(|_| answered()));
    given(many)
        .when(answer())
        .then_expect_error(ComplaintError::TooManyAnswers);
}

proptest! {
    #[test]
    fn whatever_is_asked_nothing_closes_unanswered_and_nothing_reopens_twice(
        steps in proptest::collection::vec(0u8..4, 1..60),
    ) {
        let mut state = Complaint::default();
        state.evolve(&filed());
        let (mut answered_since, mut reopenings) = (false, 0);
        for step in steps {
            let command = match step {
                0 => answer(),
                1 => close(),
                2 => reopen(),
                _ => ComplaintCommand::Assign { to: OTHER, by: STAFF, at: AT },
            };
            for event in decide(&state, command).unwrap_or_default() {
                match &event {
                    ComplaintEvent::ComplaintAnswered { .. } => answered_since = true,
                    ComplaintEvent::ComplaintClosed { .. } => prop_assert!(answered_since),
                    ComplaintEvent::ComplaintReopened { .. } => {
                        (answered_since, reopenings) = (false, reopenings + 1);
                    }
                    _ => {}
                }
                state.evolve(&event);
            }
        }
        prop_assert!(reopenings <= 1);
        prop_assert!(state.phase != Phase::Answered || answered_since);
    }
}
