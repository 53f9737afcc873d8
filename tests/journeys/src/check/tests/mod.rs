//! The checks must be able to fail: a sound evening passes them, and each way to spoil it is found.

mod burning;
mod evening;
mod ledger;

use baize_domain::device::DeviceEvent;
use baize_domain::ids::SessionId;
use baize_domain::journal::JournalEvent;
use baize_domain::session::{BillLine, TableSessionEvent};
use baize_domain::wallet::{Split, WalletEvent};
use baize_domain::{Event, Fen};
use uuid::Uuid;

use super::{Broken, log, money, tables};
use crate::log::Log;
use crate::model::Model;

use evening::{evening, renumbered, request};

#[test]
fn a_sound_evening_passes_every_check() {
    assert_eq!(broken(&evening()), Vec::<String>::new());
}

#[test]
fn a_lost_event_is_found() {
    for lost in 0..evening().entries.len() {
        let mut log = evening();
        log.entries.remove(lost);
        assert_ne!(broken(&log), Vec::<String>::new(), "without event {lost}");
    }
}

/// Also when the log itself is dense: what is missing then is a consequence, not a number.
#[test]
fn a_step_that_never_happened_is_found() {
    for kind in [
        "FundsHeld",
        "TransactionPosted",
        "SessionClosed",
        "HoldCaptured",
        "SessionSettled",
        "TableReleased",
    ] {
        let mut log = evening();
        let missing = log.entries.iter().position(|entry| entry.event_type == kind).unwrap();
        log.entries.remove(missing);
        let log = renumbered(log);
        assert_eq!(log::positions_are_dense(&log), Broken::new());
        assert_ne!(broken(&log), Broken::new(), "without {kind}");
    }
}

#[test]
fn a_command_executed_twice_is_found() {
    let mut log = evening();
    let top_up: Vec<_> = log
        .entries
        .iter()
        .filter(|entry| entry.metadata["request_id"] == request(2))
        .cloned()
        .collect();
    log.entries.extend(top_up);
    assert_ne!(log::requests_are_executed_once(&renumbered(log)), Broken::new());
}

#[test]
fn an_event_without_its_stored_answer_is_found() {
    let mut log = evening();
    log.results.remove(1);
    assert_ne!(log::requests_are_executed_once(&log), Broken::new());
}

#[test]
fn a_transaction_that_does_not_balance_is_found() {
    let log = changed(|event| {
        if let Event::Journal(JournalEvent::TransactionPosted { entries, .. }) = event {
            entries[0].amount += Fen(1);
        }
    });
    assert_ne!(
        money::no_event_breaks_a_rule(&Model::at(&log, log.head())),
        Broken::new()
    );
}

#[test]
fn bonus_taken_for_principal_is_found() {
    let log = changed(|event| {
        if let Event::Wallet(WalletEvent::HoldCaptured { captured, .. }) = event {
            *captured = Split {
                principal: captured.bonus,
                bonus: captured.principal,
            };
        }
    });
    assert_ne!(
        money::wallets_agree_with_the_books(&Model::at(&log, log.head())),
        Broken::new()
    );
}

#[test]
fn a_balance_below_zero_is_found() {
    let log = changed(|event| {
        if let Event::Wallet(WalletEvent::TopUpCredited { amount, .. }) = event {
            amount.principal = Fen(100);
        }
    });
    let faults = money::no_event_breaks_a_rule(&Model::at(&log, log.head()));
    assert!(
        faults
            .iter()
            .any(|fault| fault.contains("more set aside than there is")),
        "{faults:?}"
    );
}

#[test]
fn a_bill_whose_lines_do_not_sum_is_found() {
    let log = changed(|event| {
        if let Event::TableSession(TableSessionEvent::SessionClosed { bill, .. }) = event {
            bill.lines.push(BillLine::MinimumCharge { amount: Fen(1) })
        }
    });
    assert_ne!(
        money::no_event_breaks_a_rule(&Model::at(&log, log.head())),
        Broken::new()
    );
}

#[test]
fn two_open_sessions_at_one_table_are_found() {
    let mut log = evening();
    let opening = log
        .entries
        .iter()
        .position(|entry| entry.event_type == "SessionOpened")
        .unwrap();
    let mut second = log.entries[opening].clone();
    if let Event::TableSession(TableSessionEvent::SessionOpened { session_id, .. }) = &mut second.event {
        *session_id = SessionId(Uuid::from_u128(99));
    }
    second.aggregate_id = SessionId(Uuid::from_u128(99)).to_string();
    log.entries.insert(opening + 1, second);
    assert_ne!(tables::one_session_at_a_time(&renumbered(log)), Broken::new());
}

#[test]
fn a_light_without_an_end_is_found() {
    let log = changed(|event| {
        if let Event::Device(DeviceEvent::LightDesired { not_after, .. }) = event {
            *not_after = None;
        }
    });
    assert_ne!(
        money::no_event_breaks_a_rule(&Model::at(&log, log.head())),
        Broken::new()
    );
}

#[test]
fn a_session_that_is_paid_before_the_money_is_taken_is_found() {
    let mut log = evening();
    let paid = log
        .entries
        .iter()
        .position(|entry| entry.event_type == "SessionSettled")
        .unwrap();
    log.entries.swap(paid, paid - 1);
    assert_ne!(log::sessions_are_written_last(&renumbered(log)), Broken::new());
}

fn broken(log: &Log) -> Broken {
    let model = Model::at(log, log.head());
    let found = [
        log::positions_are_dense(log),
        log::streams_are_dense(log),
        log::requests_are_executed_once(log),
        log::sessions_are_written_last(log),
        money::no_event_breaks_a_rule(&model),
        money::wallets_agree_with_the_books(&model),
        money::sessions_are_charged_once(&model),
        money::everything_is_settled(&model),
        tables::one_session_at_a_time(log),
    ];
    found.concat()
}

fn changed(change: impl Fn(&mut Event)) -> Log {
    let mut log = evening();
    for entry in &mut log.entries {
        change(&mut entry.event);
    }
    log
}
