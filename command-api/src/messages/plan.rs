//! Which event is told to whom.

use baize_domain::complaint::ComplaintEvent;
use baize_domain::ids::{MemberId, SessionId};
use baize_domain::member::{MemberEvent, MessageKind};
use baize_domain::session::{BillingStartCause, CloseCause, TableSessionEvent, Warning};
use baize_domain::split::SplitEvent;
use baize_domain::{Event, Fen, LevelCode};
use baize_eventlog::RecordedEvent;
use jiff::Timestamp;
use uuid::Uuid;

/// The events that are told. The rest is not even decoded.
const TOLD: &[(&str, &[&str])] = &[
    (
        "TableSession",
        &["BillingStarted", "CustomerWarned", "SessionClosed", "SessionSettled"],
    ),
    ("BillSplit", &["ShareFailed"]),
    ("Member", &["LevelReached"]),
    ("Complaint", &["ComplaintAnswered"]),
];

/// Something that somebody is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Where it stands in the log.
    pub position: u64,
    /// What it is about.
    pub kind: MessageKind,
    /// Who is told.
    pub whom: Whom,
    /// What else is known of it.
    pub facts: Facts,
    /// When it happened.
    pub at: Timestamp,
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// This person.
    Person(MemberId),
    /// Who plays this session.
    Player(SessionId),
}

/// What an event says, beside who and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// An amount.
    pub amount: Fen,
    /// Minutes.
    pub minutes: u32,
    /// A level.
    pub level: Option<LevelCode>,
}

/// What is told of an event, if anything.
///
/// # Errors
/// The event is one that is told, and cannot be read.
pub fn planned(recorded: &RecordedEvent) -> anyhow::Result<Option<Planned>> {
    let of = |(aggregate, types): &(&str, &[&str])| {
        *aggregate == recorded.stream.aggregate_type && types.contains(&recorded.event_type.as_str())
    };
    if !TOLD.iter().any(of) {
        return Ok(None);
    }
    let event = Event::decode(&recorded.stream.aggregate_type, &recorded.payload)?;
    let stream: Uuid = recorded.stream.aggregate_id.parse()?;
    Ok(told(stream, &event).map(|(kind, whom, facts, at)| Planned {
        position: recorded.position,
        kind,
        whom,
        facts,
        at,
    }))
}

fn told(stream: Uuid, event: &Event) -> Option<(MessageKind, Whom, Facts, Timestamp)> {
    match event {
        Event::TableSession(event) => {
            let (kind, facts, at) = session(event)?;
            Some((kind, Whom::Player(SessionId(stream)), facts, at))
        }
        // Of later failures of the same share the app tells.
        Event::BillSplit(SplitEvent::ShareFailed {
            member_id,
            shortfall,
            failures: 1,
            at,
            ..
        }) => Some((MessageKind::ShareDue, Whom::Person(*member_id), of(*shortfall), *at)),
        Event::Member(MemberEvent::LevelReached { level, at, .. }) => {
            let facts = Facts {
                level: Some(level.clone()),
                ..Facts::default()
            };
            Some((MessageKind::LevelReached, Whom::Person(MemberId(stream)), facts, *at))
        }
        Event::Complaint(ComplaintEvent::ComplaintAnswered { member_id, at, .. }) => Some((
            MessageKind::ComplaintAnswered,
            Whom::Person(*member_id),
            Facts::default(),
            *at,
        )),
        _ => None,
    }
}

fn session(event: &TableSessionEvent) -> Option<(MessageKind, Facts, Timestamp)> {
    Some(match event {
        TableSessionEvent::BillingStarted {
            cause: BillingStartCause::LightConfirmed,
            at,
            ..
        } => (MessageKind::TableOpen, Facts::default(), *at),
        TableSessionEvent::CustomerWarned { warning, at } => match warning {
            Warning::PrepaidEnding { minutes } => {
                let facts = Facts {
                    minutes: *minutes,
                    ..Facts::default()
                };
                (MessageKind::TimeEnding, facts, *at)
            }
            Warning::HoldRunningShort => (MessageKind::BalanceShort, Facts::default(), *at),
        },
        TableSessionEvent::SessionClosed {
            cause: CloseCause::Fault,
            bill,
            at,
            ..
        } => (MessageKind::EndedByFault, of(bill.total), *at),
        TableSessionEvent::SessionSettled { outstanding, at, .. } if outstanding.is_positive() => {
            (MessageKind::BillDue, of(*outstanding), *at)
        }
        TableSessionEvent::SessionSettled { paid, at, .. } if paid.is_positive() => {
            (MessageKind::Settled, of(*paid), *at)
        }
        _ => return None,
    })
}

fn of(amount: Fen) -> Facts {
    Facts {
        amount,
        ..Facts::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;
    const STREAM: Uuid = Uuid::from_u128(7);

    fn kind(event: TableSessionEvent) -> Option<(MessageKind, Facts)> {
        let (kind, whom, facts, at) = told(STREAM, &Event::TableSession(event))?;
        assert_eq!((whom, at), (Whom::Player(SessionId(STREAM)), AT));
        Some((kind, facts))
    }

    #[test]
    fn a_settlement_tells_what_is_owed_or_what_was_paid_or_nothing() {
        let settled = |paid, outstanding| {
            kind(TableSessionEvent::SessionSettled {
                paid: Fen(paid),
                outstanding: Fen(outstanding),
                at: AT,
            })
        };
        assert_eq!(settled(500, 300), Some((MessageKind::BillDue, of(Fen(300)))));
        assert_eq!(settled(800, 0), Some((MessageKind::Settled, of(Fen(800)))));
        assert_eq!(settled(0, 0), None);
    }

    #[test]
    fn a_share_is_told_of_when_it_fails_first() {
        let failed = |failures| {
            told(
                STREAM,
                &Event::BillSplit(SplitEvent::ShareFailed {
                    round: 1,
                    ordinal: 2,
                    member_id: MemberId(Uuid::from_u128(9)),
                    shortfall: Fen(120),
                    failures,
                    at: AT,
                }),
            )
        };
        let (kind, whom, facts, _) = failed(1).unwrap();
        assert_eq!((kind, facts.amount), (MessageKind::ShareDue, Fen(120)));
        assert_eq!(whom, Whom::Person(MemberId(Uuid::from_u128(9))));
        assert_eq!(failed(2), None);
    }

    #[test]
    fn every_event_that_is_looked_at_exists() {
        for (aggregate, types) in TOLD {
            for event_type in *types {
                let known = baize_domain::event::CATALOGUE
                    .iter()
                    .any(|(known, all)| known == aggregate && all.contains(event_type));
                assert!(known, "{aggregate} {event_type}");
            }
        }
    }
}
