//! The customers' ledger against the log: what was acknowledged is there once, what was refused is not there.

use std::collections::{BTreeMap, BTreeSet};

use baize_domain::Event;
use baize_domain::member::MemberEvent;
use baize_domain::repair::RepairEvent;
use baize_domain::session::TableSessionEvent;
use baize_domain::table::TableEvent;
use baize_domain::wallet::WalletEvent;
use baize_simulators::customers::ledger::{Answer, Call, Ledger, Outcome};
use uuid::Uuid;

use super::Broken;
use crate::log::{Entry, Log};

/// Every acknowledged command is in the log, whole and once, at the position that was answered; every refused one left
/// no event; one whose answer was lost was executed once or not at all.
pub fn agrees_with_the_log(ledger: &Ledger, log: &Log) -> Broken {
    let mut broken = Broken::new();
    let mut units: BTreeMap<Uuid, Vec<&Entry>> = BTreeMap::new();
    for entry in &log.entries {
        units
            .entry(entry.request_id().unwrap_or_default())
            .or_default()
            .push(entry);
    }
    let mut requests: BTreeMap<Uuid, Vec<&Call>> = BTreeMap::new();
    for call in &ledger.calls {
        if let Some(request_id) = call.request_id {
            requests.entry(request_id).or_default().push(call);
        }
    }
    for (request_id, calls) in &requests {
        let unit = units.get(request_id).map(Vec::as_slice).unwrap_or_default();
        for fault in request(calls, unit, log) {
            broken.push(format!("{:?} {request_id}: {fault}", calls[0].method));
        }
    }
    let known: BTreeSet<_> = requests.keys().collect();
    // These open by themselves once they are paid for.
    let entries = log.entries.iter();
    let awaited = entries.filter_map(|entry| match &entry.event {
        Event::TableSession(TableSessionEvent::OpeningAwaited { .. }) => Some(entry.aggregate_id.as_str()),
        _ => None,
    });
    let awaited: BTreeSet<_> = awaited.collect();
    for (request_id, unit) in units.iter().filter(|(request_id, _)| !known.contains(request_id)) {
        let is_tested = unit
            .iter()
            .any(|entry| matches!(entry.event, Event::Repair(RepairEvent::RepairTestPassed { .. })));
        let by_itself = |event: &Event| match event {
            Event::TableSession(TableSessionEvent::SessionOpened { session_id, .. }) => {
                awaited.contains(session_id.to_string().as_str())
            }
            // A test that is passed puts the table back on sale.
            Event::Table(TableEvent::MaintenanceEnded { .. }) => is_tested,
            _ => false,
        };
        if unit
            .iter()
            .any(|entry| only_customers_cause(&entry.event) && !by_itself(&entry.event))
        {
            broken.push(format!(
                "{} at {}: no customer asked for it ({request_id})",
                unit[0].event_type, unit[0].position
            ));
        }
    }
    broken
}

/// Everything about one request. A refusal beside an acceptance is the second use of an id for something else.
fn request(calls: &[&Call], unit: &[&Entry], log: &Log) -> Broken {
    let mut broken = Broken::new();
    let accepted: Vec<_> = calls.iter().filter_map(|call| answer(call)).collect();
    let refused = calls.iter().any(|call| matches!(call.outcome, Outcome::Refused { .. }));
    let unknown = calls.iter().any(|call| matches!(call.outcome, Outcome::Unknown { .. }));
    if let Some(other) = accepted.iter().find(|answer| **answer != accepted[0]) {
        broken.push(format!("answered {:?} and {other:?}", accepted[0]));
    }
    match accepted.first() {
        Some(answer) => broken.extend(acknowledged(answer, calls[0], unit, log)),
        None if refused && !unknown && !unit.is_empty() => {
            broken.push(format!(
                "was refused, yet {} stands at {}",
                unit[0].event_type, unit[0].position
            ));
        }
        None => {}
    }
    broken
}

fn answer(call: &Call) -> Option<&Answer> {
    match &call.outcome {
        Outcome::Ok { answer } => Some(answer),
        Outcome::Refused { .. } | Outcome::Unknown { .. } => None,
    }
}

fn acknowledged(answer: &Answer, call: &Call, unit: &[&Entry], log: &Log) -> Option<String> {
    let (position, found) = match answer {
        Answer::Joined { position } => (
            position,
            count(unit, |event| {
                matches!(event, Event::Member(MemberEvent::MemberRegistered { .. }))
            }),
        ),
        Answer::ToppedUp {
            top_up_id,
            principal_fen,
            bonus_fen,
            position,
            ..
        } => (
            position,
            count(unit, |event| match event {
                Event::Wallet(WalletEvent::TopUpCredited {
                    top_up_id: id, amount, ..
                }) => id.0 == *top_up_id && (amount.principal.0, amount.bonus.0) == (*principal_fen, *bonus_fen),
                _ => false,
            }),
        ),
        Answer::LevelSet { position } => (
            position,
            count(unit, |event| {
                matches!(event, Event::Member(MemberEvent::LevelChanged { .. }))
            }),
        ),
        Answer::GuestStarted { position, .. } => (
            position,
            count(unit, |event| {
                matches!(event, Event::Member(MemberEvent::GuestStarted { .. }))
            }),
        ),
        Answer::PhoneVerified { position } => (
            position,
            count(unit, |event| {
                matches!(event, Event::Member(MemberEvent::PhoneVerified { .. }))
            }),
        ),
        Answer::GuestUpgraded { position } => (
            position,
            count(unit, |event| {
                matches!(event, Event::Member(MemberEvent::GuestUpgraded { .. }))
            }),
        ),
        Answer::Awaited {
            session_id, position, ..
        } => (
            position,
            unit.iter()
                .filter(|entry| entry.aggregate_id == session_id.to_string())
                .filter(|entry| {
                    matches!(
                        entry.event,
                        Event::TableSession(TableSessionEvent::OpeningAwaited { .. })
                    )
                })
                .count(),
        ),
        Answer::Moved { position, .. } => (
            position,
            count(unit, |event| {
                matches!(event, Event::TableSession(TableSessionEvent::SessionTransferred { .. }))
            }),
        ),
        Answer::Opened {
            session_id, position, ..
        } => (
            position,
            count(unit, |event| match event {
                Event::TableSession(TableSessionEvent::SessionOpened { session_id: id, .. }) => id.0 == *session_id,
                _ => false,
            }),
        ),
        Answer::Extended { position, .. } => (
            position,
            count(unit, |event| {
                let prolonged = |event: &TableSessionEvent| {
                    matches!(
                        event,
                        TableSessionEvent::SessionExtended { .. } | TableSessionEvent::HoldRenewed { .. }
                    )
                };
                matches!(event, Event::TableSession(event) if prolonged(event))
            }),
        ),
        // Somebody else may have closed it first: then the answer is that one's, and this request wrote nothing.
        Answer::Closed {
            total_fen, position, ..
        } => (position, closings(call, *total_fen, *position, log)),
        Answer::Ordered { position, .. } => (
            position,
            count(unit, |event| {
                matches!(event, Event::TableSession(TableSessionEvent::GoodsAdded { .. }))
            }),
        ),
        // The money that was brought for it may have paid it already.
        Answer::BillPaid { paid_fen, position, .. } => {
            let paid = count(unit, |event| match event {
                Event::Wallet(WalletEvent::DebtPaid { paid, .. }) => paid.total().0 == *paid_fen,
                _ => false,
            });
            (
                position,
                if *paid_fen == 0 {
                    usize::from(unit.is_empty())
                } else {
                    paid
                },
            )
        }
        Answer::Repaired { position } => (position, usize::from(unit.len() <= 1)),
        Answer::Quoted { .. } | Answer::Bill { .. } | Answer::Wallet { .. } => return None,
    };
    let end = unit.last().map_or(*position, |last| last.position);
    match (found, end == *position) {
        (1, true) => None,
        (0, _) => Some(format!("acknowledged at {position}, but lost")),
        (1, false) => Some(format!("acknowledged at {position}, but ends at {end}")),
        (times, _) => Some(format!("acknowledged once, executed {times} times")),
    }
}

fn count(unit: &[&Entry], is_it: impl Fn(&Event) -> bool) -> usize {
    unit.iter().filter(|entry| is_it(&entry.event)).count()
}

/// How often the session was closed with that total, up to the position answered.
fn closings(call: &Call, total_fen: i64, position: u64, log: &Log) -> usize {
    let session_id = call.subject.session_id.unwrap_or_default().to_string();
    let events = log
        .entries
        .iter()
        .filter(|entry| entry.position <= position && entry.aggregate_id == session_id);
    let closing = events.filter(|entry| match &entry.event {
        Event::TableSession(TableSessionEvent::SessionClosed { bill, .. }) => bill.total.0 == total_fen,
        _ => false,
    });
    closing.count()
}

/// What no timer and no process does by itself.
fn only_customers_cause(event: &Event) -> bool {
    match event {
        Event::TableSession(
            TableSessionEvent::SessionOpened { .. }
            | TableSessionEvent::OpeningAwaited { .. }
            | TableSessionEvent::SessionExtended { .. }
            | TableSessionEvent::GoodsAdded { .. }
            | TableSessionEvent::GoodsRemoved { .. }
            | TableSessionEvent::SessionTransferred { .. },
        )
        | Event::Wallet(WalletEvent::TopUpCredited { .. })
        | Event::Member(MemberEvent::MemberRegistered { .. } | MemberEvent::LevelChanged { .. })
        | Event::Table(TableEvent::MaintenanceEnded { .. }) => true,
        Event::TableSession(_) | Event::Wallet(_) | Event::Table(_) | Event::Member(_) => false,
        Event::Calendar(_)
        | Event::Chain(_)
        | Event::Staff(_)
        | Event::PointsAccount(_)
        | Event::Payment(_)
        | Event::Refund(_)
        | Event::Gift(_)
        | Event::Reconciliation(_)
        | Event::Redemption(_)
        | Event::BillSplit(_)
        | Event::Repair(_)
        | Event::Compensation(_)
        | Event::Complaint(_)
        | Event::Hall(_)
        | Event::TariffPlan(_)
        | Event::Device(_)
        | Event::Journal(_)
        | Event::Identity(_) => false,
    }
}
