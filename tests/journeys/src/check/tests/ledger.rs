//! What the customers were told, against a log that says otherwise.

use baize_simulators::customers::ledger::{Answer, Call, Ledger, Method, Outcome, Refusal, Subject};
use jiff::Timestamp;
use uuid::Uuid;

use super::evening::{evening, id, renumbered, request};
use crate::check::Broken;
use crate::check::ledger::agrees_with_the_log;
use crate::log::Log;

#[test]
fn an_evening_that_went_as_everybody_was_told_is_sound() {
    assert_eq!(agrees_with_the_log(&told(), &evening()), Broken::new());
}

#[test]
fn an_acknowledged_command_that_is_lost_is_found() {
    for number in [2, 3, 4] {
        let mut log = evening();
        log.entries
            .retain(|entry| entry.metadata["request_id"] != request(number));
        assert_ne!(
            agrees_with_the_log(&told(), &renumbered(log)),
            Broken::new(),
            "request {number}"
        );
    }
}

#[test]
fn an_acknowledged_command_that_is_doubled_is_found() {
    for number in [2, 3] {
        let mut log = evening();
        let again: Vec<_> = log
            .entries
            .iter()
            .filter(|entry| entry.metadata["request_id"] == request(number))
            .cloned()
            .collect();
        log.entries.extend(again);
        assert_ne!(
            agrees_with_the_log(&told(), &renumbered(log)),
            Broken::new(),
            "request {number}"
        );
    }
}

#[test]
fn an_answer_with_another_position_is_found() {
    let mut log = evening();
    let (head, spare) = (log.entries.len(), log.entries[1].clone());
    log.entries.insert(head, spare);
    let mut ledger = told();
    ledger.calls.truncate(1);
    assert_ne!(agrees_with_the_log(&ledger, &renumbered(log)), Broken::new());
}

#[test]
fn a_refused_command_that_left_events_is_found() {
    let mut ledger = told();
    ledger.calls[1].outcome = refused();
    assert_ne!(agrees_with_the_log(&ledger, &evening()), Broken::new());
}

#[test]
fn a_command_whose_answer_was_lost_may_have_been_executed_or_not() {
    let mut ledger = told();
    for call in &mut ledger.calls {
        call.outcome = Outcome::Unknown {
            error: "lost".to_owned(),
        };
    }
    assert_eq!(agrees_with_the_log(&ledger, &evening()), Broken::new());
    assert_eq!(agrees_with_the_log(&ledger, &Log::default()), Broken::new());
}

#[test]
fn two_answers_to_one_request_are_found() {
    let mut ledger = told();
    let mut other = ledger.calls[1].clone();
    if let Outcome::Ok {
        answer: Answer::Opened { secured_fen, .. },
    } = &mut other.outcome
    {
        *secured_fen += 1;
    }
    ledger.calls.push(other);
    assert_ne!(agrees_with_the_log(&ledger, &evening()), Broken::new());
}

#[test]
fn a_session_that_nobody_asked_for_is_found() {
    let mut ledger = told();
    ledger.calls.remove(1);
    assert_ne!(agrees_with_the_log(&ledger, &evening()), Broken::new());
}

/// A top-up, an opening and a close, as the sound evening has them.
fn told() -> Ledger {
    let at = Timestamp::UNIX_EPOCH;
    let log = evening();
    let ends = |number| {
        let unit = log
            .entries
            .iter()
            .filter(|entry| entry.metadata["request_id"] == request(number));
        unit.map(|entry| entry.position).max().unwrap()
    };
    let session_id = id(2);
    let answers = [
        (
            2,
            Method::CreditTopUp,
            Answer::ToppedUp {
                top_up_id: id(8),
                principal_fen: 1000,
                bonus_fen: 300,
                balance_fen: 1300,
                available_fen: 1300,
                position: ends(2),
            },
        ),
        (
            3,
            Method::OpenTable,
            Answer::Opened {
                session_id,
                prepaid_minutes: None,
                secured_fen: 1200,
                secured_until: at,
                position: ends(3),
            },
        ),
        (
            4,
            Method::CloseSession,
            Answer::Closed {
                total_fen: 1200,
                closed_at: at,
                position: ends(4),
            },
        ),
    ];
    let calls = answers.into_iter().map(|(number, method, answer)| Call {
        person: 1,
        method,
        request_id: Uuid::parse_str(&request(number)).ok(),
        subject: Subject {
            session_id: Some(session_id),
            ..Subject::default()
        },
        at,
        took_ms: 1,
        attempts: 1,
        outcome: Outcome::Ok { answer },
    });
    Ledger {
        seed: 0,
        hall_id: id(6),
        opens_at: at,
        closes_at: at,
        calls: calls.collect(),
        visits: Vec::new(),
        complaints: Vec::new(),
    }
}

fn refused() -> Outcome {
    let refusal = Refusal {
        code: "FailedPrecondition".to_owned(),
        reason: "TABLE_OCCUPIED".to_owned(),
        message: String::new(),
        facts: Default::default(),
    };
    Outcome::Refused { refusal }
}
