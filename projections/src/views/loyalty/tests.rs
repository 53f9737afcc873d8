//! The fold of points, without a database.

use baize_domain::gift::{GiftContent, GiftEvent};
use baize_domain::ids::{EarningId, GiftId, HallId, MemberId, RedemptionId, SessionId};
use baize_domain::level::LevelCode;
use baize_domain::points_account::{PointsAccountEvent, PointsShare};
use baize_domain::redemption::{RedemptionEvent, RedemptionTerms};
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Loyalty, LoyaltyState, PointsEntryKind, RedemptionStatus};
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

fn granted(points: u64, met_owed: u64, expires: i64) -> PointsAccountEvent {
    PointsAccountEvent::PointsGranted {
        level: LevelCode::member(),
        points,
        met_owed,
        expires_at: at(expires),
        at: at(0),
    }
}

#[test]
fn a_gift_pack_is_an_entry_of_its_own() {
    let state = fold(vec![earned(10, 0, 1_000), granted(500, 0, 1_000)]).unwrap();
    let account = state.points.get(MEMBER).unwrap();
    assert_eq!(account.points, 510);
    assert_eq!(account.lots.iter().collect::<Vec<_>>(), [(&1_000, &510)]);
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

const GIFT: Uuid = Uuid::from_u128(3);
const REDEMPTION: Uuid = Uuid::from_u128(4);

fn piece(make: fn(RedemptionId, Timestamp) -> GiftEvent) -> (Uuid, Event) {
    (GIFT, Event::Gift(make(RedemptionId(REDEMPTION), at(5))))
}

fn held() -> (Uuid, Event) {
    piece(|redemption_id, at| GiftEvent::PieceHeld { redemption_id, at })
}

/// A gift of which one piece of two is redeemed for 7 points.
fn redeemed() -> Vec<(Uuid, Event)> {
    let share = PointsShare {
        expires_at: at(1_000),
        points: 7,
    };
    let registered = GiftEvent::GiftRegistered {
        gift_id: GiftId(GIFT),
        hall_id: HallId(MEMBER),
        content: GiftContent {
            name_zh: "巧克粉".to_owned(),
            name_en: "Chalk".to_owned(),
            picture_url: String::new(),
            points: 7,
        },
        at: at(0),
    };
    let given = PointsAccountEvent::PointsRedeemed {
        redemption_id: RedemptionId(REDEMPTION),
        shares: vec![share],
        at: at(5),
    };
    let made = RedemptionEvent::RedemptionMade {
        terms: RedemptionTerms {
            redemption_id: RedemptionId(REDEMPTION),
            member_id: MemberId(MEMBER),
            gift_id: GiftId(GIFT),
            hall_id: HallId(MEMBER),
            shares: vec![share],
            pick_up_code: "7F3KQ2".to_owned(),
        },
        at: at(5),
    };
    vec![
        (MEMBER, Event::PointsAccount(earned(10, 0, 1_000))),
        (GIFT, Event::Gift(registered)),
        (GIFT, Event::Gift(GiftEvent::StockReceived { pieces: 2, at: at(1) })),
        held(),
        (MEMBER, Event::PointsAccount(given)),
        (REDEMPTION, Event::Redemption(made)),
    ]
}

#[test]
fn a_redemption_moves_points_and_pieces_until_it_is_over() {
    let mut events = redeemed();
    let state = fold_all::<Loyalty>(events.clone()).unwrap();
    let gift = state.gifts.get(GIFT).unwrap();
    assert_eq!((gift.available(), gift.held, gift.issued), (1, 1, 0));
    assert_eq!(state.points.get(MEMBER).unwrap().points, 3);
    let redemption = state.redemptions.get(REDEMPTION).unwrap();
    assert_eq!((redemption.status, redemption.points), (RedemptionStatus::Waiting, 7));

    let mut handed_over = events.clone();
    handed_over.push(piece(|redemption_id, at| GiftEvent::PieceIssued { redemption_id, at }));
    handed_over.push((
        REDEMPTION,
        Event::Redemption(RedemptionEvent::RedemptionHandedOver { at: at(6) }),
    ));
    let state = fold_all::<Loyalty>(handed_over).unwrap();
    let gift = state.gifts.get(GIFT).unwrap();
    assert_eq!((gift.available(), gift.held, gift.issued), (1, 0, 1));

    let restored = PointsAccountEvent::PointsRestored {
        redemption_id: RedemptionId(REDEMPTION),
        shares: vec![PointsShare {
            expires_at: at(1_000),
            points: 7,
        }],
        met_owed: 0,
        lapsed: 0,
        at: at(6),
    };
    events.push(piece(|redemption_id, at| GiftEvent::PieceReleased {
        redemption_id,
        at,
    }));
    events.push((MEMBER, Event::PointsAccount(restored)));
    events.push((
        REDEMPTION,
        Event::Redemption(RedemptionEvent::RedemptionCancelled { at: at(6) }),
    ));
    let state = fold_all::<Loyalty>(events).unwrap();
    assert_eq!(state.gifts.get(GIFT).unwrap().available(), 2);
    let account = state.points.get(MEMBER).unwrap();
    assert_eq!(
        (account.points, account.lots.iter().collect::<Vec<_>>()),
        (10, vec![(&1_000, &10)])
    );
    assert_eq!(
        state.redemptions.get(REDEMPTION).unwrap().status,
        RedemptionStatus::Cancelled
    );
}

#[test]
fn a_piece_that_nobody_has_cannot_be_held() {
    let mut events = redeemed();
    events.extend([held(), held()]);
    let why = fold_all::<Loyalty>(events).unwrap_err().to_string();
    assert!(why.contains("has -1 pieces to give"), "{why}");
}
