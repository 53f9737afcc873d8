//! Given a points account, when it is asked, then …

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use uuid::Uuid;

use crate::ids::{EarningId, RedemptionId, SessionId};
use crate::level::LevelCode;
use crate::money::Fen;

use super::{
    Earning, PointsAccount, PointsAccountCommand, PointsAccountError, PointsAccountEvent, PointsPolicy, PointsShare,
    decide,
};

const A: SessionId = SessionId(Uuid::from_u128(1));
const B: SessionId = SessionId(Uuid::from_u128(2));
/// Two expiries.
const SOON: i64 = 1_000;
const LATER: i64 = 2_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a timestamp")
}

fn earning_id(n: u128) -> EarningId {
    EarningId(Uuid::from_u128(n))
}

fn share(expires: i64, points: u64) -> PointsShare {
    PointsShare {
        expires_at: at(expires),
        points,
    }
}

fn earn(n: u128, session_id: SessionId, principal: i64, expires: i64) -> PointsAccountCommand {
    PointsAccountCommand::Earn {
        earning: Earning {
            earning_id: earning_id(n),
            session_id,
            principal: Fen(principal),
        },
        fen_per_point: Fen(100),
        expires_at: at(expires),
        at: at(0),
    }
}

fn earned(
    n: u128,
    session_id: SessionId,
    principal: i64,
    points: u64,
    met_owed: u64,
    expires: i64,
) -> PointsAccountEvent {
    PointsAccountEvent::PointsEarned {
        earning_id: earning_id(n),
        session_id,
        principal: Fen(principal),
        fen_per_point: Fen(100),
        points,
        met_owed,
        expires_at: at(expires),
        at: at(0),
    }
}

fn reverse(session_id: SessionId, refunded: i64, second: i64) -> PointsAccountCommand {
    PointsAccountCommand::Reverse {
        session_id,
        refunded: Fen(refunded),
        reason: "停电".to_owned(),
        at: at(second),
    }
}

fn reversed(
    session_id: SessionId,
    refunded: i64,
    shares: Vec<PointsShare>,
    owed: u64,
    second: i64,
) -> PointsAccountEvent {
    PointsAccountEvent::PointsReversed {
        session_id,
        refunded: Fen(refunded),
        shares,
        owed,
        reason: "停电".to_owned(),
        at: at(second),
    }
}

fn expire(second: i64) -> PointsAccountCommand {
    PointsAccountCommand::Expire { at: at(second) }
}

fn expired(points: u64, second: i64) -> PointsAccountEvent {
    PointsAccountEvent::PointsExpired { points, at: at(second) }
}

fn given(events: Vec<PointsAccountEvent>) -> AggregateTestExecutor<PointsAccount> {
    TestFramework::<PointsAccount>::with(()).given(events)
}

fn after(events: &[PointsAccountEvent]) -> PointsAccount {
    let mut account = PointsAccount::default();
    events.iter().for_each(|event| account.evolve(event));
    account
}

#[test]
fn a_point_is_earned_for_each_whole_yuan_of_principal() {
    given(vec![])
        .when(earn(1, A, 1_299, SOON))
        .then_expect_events(vec![earned(1, A, 1_299, 12, 0, SOON)]);
    given(vec![]).when(earn(1, A, 0, SOON)).then_expect_events(vec![]);
}

#[test]
fn a_payment_earns_once_and_payments_for_one_session_count_together() {
    let first = earned(1, A, 1_250, 12, 0, SOON);
    given(vec![first.clone()])
        .when(earn(1, A, 1_250, SOON))
        .then_expect_events(vec![]);
    given(vec![first.clone()])
        .when(earn(2, A, 1_250, SOON))
        .then_expect_events(vec![earned(2, A, 1_250, 13, 0, SOON)]);
    given(vec![first])
        .when(earn(2, B, 1_250, SOON))
        .then_expect_events(vec![earned(2, B, 1_250, 12, 0, SOON)]);
}

#[test]
fn what_went_back_takes_its_points_and_a_repeat_or_an_older_figure_takes_nothing() {
    let paid = vec![earned(1, A, 1_000, 10, 0, SOON), earned(2, B, 500, 5, 0, LATER)];
    given(paid.clone())
        .when(reverse(A, 250, 1))
        .then_expect_events(vec![reversed(A, 250, vec![share(SOON, 3)], 0, 1)]);
    let once = [paid.clone(), vec![reversed(A, 250, vec![share(SOON, 3)], 0, 1)]].concat();
    given(once.clone()).when(reverse(A, 250, 2)).then_expect_events(vec![]);
    given(once.clone()).when(reverse(A, 100, 2)).then_expect_events(vec![]);
    given(once)
        .when(reverse(A, 1_000, 2))
        .then_expect_events(vec![reversed(A, 1_000, vec![share(SOON, 7)], 0, 2)]);
    given(paid)
        .when(reverse(B, 500, 1))
        .then_expect_events(vec![reversed(B, 500, vec![share(LATER, 5)], 0, 1)]);
}

#[test]
fn a_reversal_beyond_the_balance_is_owed_and_met_by_later_earnings() {
    let paid = vec![earned(1, A, 1_000, 10, 0, SOON), earned(2, A, 500, 5, 0, LATER)];
    let spent = [paid, vec![expired(10, SOON)]].concat();
    given(spent.clone())
        .when(reverse(A, 1_500, SOON))
        .then_expect_events(vec![reversed(A, 1_500, vec![share(LATER, 5)], 10, SOON)]);
    let owing = [spent, vec![reversed(A, 1_500, vec![share(LATER, 5)], 10, SOON)]].concat();
    let account = after(&owing);
    assert_eq!((account.lots.balance(), account.owed), (0, 10));
    given(owing.clone())
        .when(earn(3, B, 1_200, LATER))
        .then_expect_events(vec![earned(3, B, 1_200, 12, 10, LATER)]);
    let account = after(&[owing, vec![earned(3, B, 1_200, 12, 10, LATER)]].concat());
    assert_eq!((account.lots.balance(), account.owed), (2, 0));
}

#[test]
fn points_cannot_go_back_for_what_never_earned_or_beyond_what_was_paid() {
    given(vec![])
        .when(reverse(A, 100, 1))
        .then_expect_error(PointsAccountError::NothingEarned(A));
    for wrong in [-1, 1_001] {
        match given(vec![earned(1, A, 1_000, 10, 0, SOON)])
            .when(reverse(A, wrong, 1))
            .inspect_result()
        {
            Err(PointsAccountError::Invalid(invalid)) => assert_eq!(invalid.field, "refunded_fen"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn lots_expire_one_after_the_other_and_a_repeat_changes_nothing() {
    let paid = vec![earned(1, A, 1_000, 10, 0, SOON), earned(2, B, 500, 5, 0, LATER)];
    given(paid.clone()).when(expire(SOON - 1)).then_expect_events(vec![]);
    given(paid.clone())
        .when(expire(SOON))
        .then_expect_events(vec![expired(10, SOON)]);
    let once = [paid, vec![expired(10, SOON)]].concat();
    given(once.clone()).when(expire(SOON + 5)).then_expect_events(vec![]);
    let account = after(&once);
    assert_eq!(account.lots.iter().collect::<Vec<_>>(), [&share(LATER, 5)]);
    assert!(account.session(A).is_none(), "nobody asks for its points any more");
    given(once)
        .when(expire(LATER + 7))
        .then_expect_events(vec![expired(5, LATER + 7)]);
}

#[test]
fn points_that_expire_first_are_given_first_and_come_back_with_their_expiry() {
    let paid = vec![earned(1, A, 1_000, 10, 0, LATER), earned(2, B, 500, 5, 0, SOON)];
    let redeem = |points, second| PointsAccountCommand::Redeem {
        redemption_id: RedemptionId::default(),
        points,
        at: at(second),
    };
    let shares = vec![share(SOON, 5), share(LATER, 3)];
    let redeemed = PointsAccountEvent::PointsRedeemed {
        redemption_id: RedemptionId::default(),
        shares: shares.clone(),
        at: at(9),
    };
    given(paid.clone())
        .when(redeem(8, 9))
        .then_expect_events(vec![redeemed.clone()]);
    let lacking = |available| PointsAccountError::NotEnough {
        needed: 16,
        available,
        shortfall: 16 - available,
    };
    given(paid.clone()).when(redeem(16, 9)).then_expect_error(lacking(15));
    // What has expired cannot be given, though nobody has dropped it yet.
    given(paid.clone())
        .when(redeem(16, SOON))
        .then_expect_error(lacking(10));

    let spent = [paid, vec![redeemed]].concat();
    let restore = |second| PointsAccountCommand::Restore {
        redemption_id: RedemptionId::default(),
        shares: shares.clone(),
        at: at(second),
    };
    let restored = |shares, lapsed, second| PointsAccountEvent::PointsRestored {
        redemption_id: RedemptionId::default(),
        shares,
        met_owed: 0,
        lapsed,
        at: at(second),
    };
    given(spent.clone())
        .when(restore(10))
        .then_expect_events(vec![restored(shares.clone(), 0, 10)]);
    given(spent.clone())
        .when(restore(SOON))
        .then_expect_events(vec![restored(vec![share(LATER, 3)], 5, SOON)]);
    let back = after(&[spent, vec![restored(shares.clone(), 0, 10)]].concat());
    assert_eq!(
        back.lots.iter().collect::<Vec<_>>(),
        [&share(SOON, 5), &share(LATER, 10)]
    );
}

#[test]
fn points_that_come_back_meet_what_is_owed_first() {
    let owing = vec![
        earned(1, A, 1_000, 10, 0, SOON),
        expired(10, 500),
        reversed(A, 1_000, vec![], 4, 501),
    ];
    given(owing)
        .when(PointsAccountCommand::Restore {
            redemption_id: RedemptionId::default(),
            shares: vec![share(SOON, 3), share(LATER, 5)],
            at: at(502),
        })
        .then_expect_events(vec![PointsAccountEvent::PointsRestored {
            redemption_id: RedemptionId::default(),
            shares: vec![share(LATER, 4)],
            met_owed: 4,
            lapsed: 0,
            at: at(502),
        }]);
}

#[test]
fn whoever_is_forgotten_has_no_points() {
    let forfeit = PointsAccountCommand::Forfeit { at: at(3) };
    let forfeited = PointsAccountEvent::PointsForfeited { points: 10, at: at(3) };
    let paid = vec![earned(1, A, 1_000, 10, 0, SOON)];
    given(paid.clone())
        .when(forfeit.clone())
        .then_expect_events(vec![forfeited.clone()]);
    assert_eq!(after(&[paid, vec![forfeited]].concat()), PointsAccount::default());
    given(vec![]).when(forfeit).then_expect_events(vec![]);
}

#[test]
fn points_are_good_to_the_end_of_a_month_by_the_clocks_of_the_hall() {
    let shanghai = TimeZone::get("Asia/Shanghai").expect("a zone");
    let expiry = |text: &str| {
        let at: Timestamp = text.parse().expect("a timestamp");
        PointsPolicy::default().expiry(at, &shanghai).to_string()
    };
    assert_eq!(expiry("2026-03-31T15:59:59Z"), "2027-03-31T16:00:00Z");
    assert_eq!(expiry("2026-03-31T16:00:00Z"), "2027-04-30T16:00:00Z");
    assert_eq!(expiry("2024-02-29T12:00:00Z"), "2025-02-28T16:00:00Z");
    for (fen_per_point, expiry_months) in [(0, 12), (1_000_001, 12), (100, 0), (100, 121)] {
        let policy = PointsPolicy {
            fen_per_point: Fen(fen_per_point),
            expiry_months,
        };
        assert!(policy.validate().is_err(), "{policy:?}");
    }
}

/// What the entries of a history sum to: points and what is owed.
fn entry(event: &PointsAccountEvent) -> (i64, i64) {
    let signed = |points: u64| i64::try_from(points).expect("few points");
    match event {
        PointsAccountEvent::PointsEarned { points, met_owed, .. }
        | PointsAccountEvent::PointsGranted { points, met_owed, .. } => (signed(points - met_owed), -signed(*met_owed)),
        PointsAccountEvent::PointsReversed { shares, owed, .. } => {
            (-signed(shares.iter().map(|share| share.points).sum()), signed(*owed))
        }
        PointsAccountEvent::PointsRedeemed { shares, .. } => {
            (-signed(shares.iter().map(|share| share.points).sum()), 0)
        }
        PointsAccountEvent::PointsRestored { shares, met_owed, .. } => (
            signed(shares.iter().map(|share| share.points).sum()),
            -signed(*met_owed),
        ),
        PointsAccountEvent::PointsExpired { points, .. } | PointsAccountEvent::PointsForfeited { points, .. } => {
            (-signed(*points), 0)
        }
    }
}

fn commands() -> impl Strategy<Value = PointsAccountCommand> {
    let session = || (1u128..5).prop_map(|n| SessionId(Uuid::from_u128(n)));
    prop_oneof![
        4 => (1u128..12, session(), 0i64..3_000, 1i64..5)
            .prop_map(|(n, session_id, principal, expiry)| earn(n, session_id, principal, expiry * 1_000)),
        3 => (session(), 0i64..4_000, 0i64..5_000).prop_map(|(id, refunded, now)| reverse(id, refunded, now)),
        2 => (0i64..5_000).prop_map(expire),
        1 => (0u64..20, 1i64..5, 0i64..5_000).prop_map(|(points, expiry, now)| PointsAccountCommand::Grant {
            level: LevelCode::member(),
            points,
            expires_at: at(expiry * 1_000),
            at: at(now),
        }),
        2 => (1u64..40, 0i64..5_000).prop_map(|(points, now)| PointsAccountCommand::Redeem {
            redemption_id: RedemptionId::default(),
            points,
            at: at(now),
        }),
        1 => (1u64..20, 1i64..5, 0i64..5_000).prop_map(|(points, expiry, now)| PointsAccountCommand::Restore {
            redemption_id: RedemptionId::default(),
            shares: vec![share(expiry * 1_000, points)],
            at: at(now),
        }),
    ]
}

proptest! {
    #[test]
    fn points_are_the_sum_of_their_entries_and_never_negative(asked in proptest::collection::vec(commands(), 0..60)) {
        let mut account = PointsAccount::default();
        let (mut points, mut owed) = (0, 0);
        for command in asked {
            // Twice: a repeat changes nothing.
            for repeated in [false, true] {
                let Ok(events) = decide(&account, command.clone()) else { continue };
                // That these come once is for others to know.
                let counted = matches!(
                    command,
                    PointsAccountCommand::Redeem { .. }
                        | PointsAccountCommand::Restore { .. }
                        | PointsAccountCommand::Grant { .. }
                );
                prop_assert!(!repeated || counted || events.is_empty(), "{command:?} {events:?}");
                for event in events {
                    account.evolve(&event);
                    let (more, more_owed) = entry(&event);
                    points += more;
                    owed += more_owed;
                    prop_assert_eq!(i64::try_from(account.lots.balance()).expect("few"), points);
                    prop_assert_eq!(i64::try_from(account.owed).expect("few"), owed);
                    prop_assert!(points >= 0 && owed >= 0);
                }
            }
        }
    }
}

#[test]
fn spending_counts_for_a_window_of_days_and_what_went_back_counts_no_more() {
    let mut account = PointsAccount::default();
    let days = |days: i64| at(days * 86_400);
    for (n, day, principal) in [(1, 0, 500), (2, 1, 300), (3, 364, 200)] {
        let earning = Earning {
            earning_id: EarningId(Uuid::from_u128(n)),
            session_id: SessionId(Uuid::from_u128(n)),
            principal: Fen(principal),
        };
        let events = decide::earn(&account, earning, Fen(100), days(900), days(day));
        events.iter().for_each(|event| account.evolve(event));
    }
    let spent = |account: &PointsAccount, day| account.spent_within(365, days(day));
    assert_eq!(spent(&account, 0), Fen(500));
    assert_eq!(spent(&account, 364), Fen(1_000));
    assert_eq!(spent(&account, 365), Fen(500), "the first day is over");
    let session_id = SessionId(Uuid::from_u128(2));
    let events = decide::reverse(&account, session_id, Fen(250), "停电".to_owned(), days(365)).expect("reversed");
    events.iter().for_each(|event| account.evolve(event));
    assert_eq!(spent(&account, 365), Fen(250));
    assert_eq!(spent(&account, 2_000), Fen::ZERO);
}
