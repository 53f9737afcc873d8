//! The fold of points, without a database.

use baize_domain::ids::{EarningId, SessionId};
use baize_domain::points_account::{PointsAccountEvent, PointsShare};
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Loyalty, LoyaltyState, PointsEntryKind};
use crate::engine::{Contradiction, fold_all};

const MEMBER: Uuid = Uuid::from_u128(1);
const SESSION: SessionId = SessionId(Uuid::from_u128(2));

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn earned(points: u64, met_owed: u64, expires: i64) -> PointsAccountEvent {
    PointsAccountEvent::PointsEarned {
        earning_id: EarningId(MEMBER),
        session_id: SESSION,
        principal: Fen(100),
        fen_per_point: Fen(100),
        points,
        met_owed,
        expires_at: at(expires),
        at: at(0),
    }
}

fn reversed(points: u64, expires: i64, owed: u64) -> PointsAccountEvent {
    let share = PointsShare {
        expires_at: at(expires),
        points,
    };
    PointsAccountEvent::PointsReversed {
        session_id: SESSION,
        refunded: Fen(100),
        shares: vec![share],
        owed,
        reason: "停电".to_owned(),
        at: at(1),
    }
}

fn fold(events: Vec<PointsAccountEvent>) -> Result<LoyaltyState, Contradiction> {
    let events = events.into_iter().map(|event| (MEMBER, Event::PointsAccount(event)));
    fold_all::<Loyalty>(events.collect())
}

#[test]
fn points_are_the_sum_of_their_entries_and_of_their_lots() {
    let expired = PointsAccountEvent::PointsExpired {
        points: 7,
        at: at(1_000),
    };
    let events = vec![
        earned(10, 0, 1_000),
        earned(5, 0, 2_000),
        earned(0, 0, 2_000),
        reversed(3, 1_000, 0),
        expired,
        reversed(5, 2_000, 4),
        earned(6, 4, 3_000),
    ];
    let state = fold(events).unwrap();
    let account = state.points.get(MEMBER).unwrap();
    assert_eq!((account.points, account.owed), (2, 0));
    assert_eq!(account.lots.iter().collect::<Vec<_>>(), [(&3_000, &2)]);
    assert_eq!(state.entries.iter().map(|entry| entry.points).sum::<i64>(), 2);
    assert_eq!(state.entries.iter().map(|entry| entry.owed).sum::<i64>(), 0);
    assert_eq!(state.entries.count(), 6, "what earned nothing is no entry");
    let reversals = state
        .entries
        .iter()
        .filter(|entry| entry.kind == PointsEntryKind::Reversed);
    let references: Vec<_> = reversals.map(|entry| entry.reference).collect();
    assert_eq!(references, [Some(SESSION.0); 2]);
}

#[test]
fn whoever_is_forgotten_has_no_points() {
    let forfeited = PointsAccountEvent::PointsForfeited { points: 10, at: at(5) };
    let state = fold(vec![earned(10, 0, 1_000), forfeited]).unwrap();
    let account = state.points.get(MEMBER).unwrap();
    assert_eq!((account.points, account.owed, account.lots.len()), (0, 0, 0));
}

#[test]
fn what_cannot_have_happened_is_said() {
    let more_than_there_are = fold(vec![
        earned(10, 0, 1_000),
        PointsAccountEvent::PointsExpired {
            points: 11,
            at: at(1_000),
        },
    ]);
    let why = more_than_there_are.unwrap_err().to_string();
    assert!(why.contains("has -1 points, 0 in lots"), "{why}");
}
