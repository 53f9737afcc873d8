//! Expiries, with inputs that come twice and late.

use crate::command::Command;
use crate::event::Event;
use crate::ids::{EarningId, MemberId, RedemptionId};
use crate::money::Fen;
use crate::points_account::{PointsAccountEvent, PointsShare};
use crate::processes::fixtures::{Instance, SESSION, at, dispatched, steps};
use crate::processes::{Effect, ProcessManager as _, Route};

use super::Expiring;
use super::names::EXPIRE;

fn earned(expires: i64) -> Event {
    Event::PointsAccount(PointsAccountEvent::PointsEarned {
        earning_id: EarningId::default(),
        session_id: SESSION,
        principal: Fen(100),
        fen_per_point: Fen(100),
        points: 1,
        met_owed: 0,
        expires_at: at(expires),
        at: at(0),
    })
}

fn forfeited() -> Event {
    Event::PointsAccount(PointsAccountEvent::PointsForfeited { points: 1, at: at(0) })
}

#[test]
fn expiries_begin_with_points_and_end_with_the_person() {
    let member = MemberId(SESSION.0);
    assert_eq!(Expiring::route(&member.to_string(), &earned(5)), Route::Start(member.0));
    assert_eq!(
        Expiring::route(&member.to_string(), &forfeited()),
        Route::Continue(member.0)
    );
    let mut expiring = Instance::<Expiring>::new().after(&[earned(5)], 0);
    assert_eq!(expiring.event(&forfeited(), 1), [Effect::End]);
}

#[test]
fn the_first_expiry_is_waited_for_whatever_the_order_of_earning() {
    let mut expiring = Instance::<Expiring>::new();
    assert_eq!(expiring.event(&earned(200), 0), [Effect::set_timer(EXPIRE, at(200))]);
    assert_eq!(expiring.event(&earned(100), 0), [Effect::set_timer(EXPIRE, at(100))]);
    assert!(expiring.event(&earned(100), 1).is_empty(), "a repeat");
    let effects = expiring.timer(EXPIRE, 100);
    assert_eq!(effects[0], Effect::set_timer(EXPIRE, at(200)));
    let member_id = MemberId(SESSION.0);
    assert_eq!(dispatched(&effects), [(EXPIRE, &Command::ExpirePoints { member_id })]);
    assert!(expiring.accepted(EXPIRE, 100).is_empty(), "more will expire");
    assert_eq!(steps(&expiring.timer(EXPIRE, 230)), [EXPIRE], "late");
    assert_eq!(expiring.accepted(EXPIRE, 230), [Effect::End]);
}

#[test]
fn points_that_come_back_are_waited_for_and_those_that_lapsed_are_not() {
    let restored = |expiries: &[i64]| {
        let share = |expires: &i64| PointsShare {
            expires_at: at(*expires),
            points: 1,
        };
        Event::PointsAccount(PointsAccountEvent::PointsRestored {
            redemption_id: RedemptionId::default(),
            shares: expiries.iter().map(share).collect(),
            met_owed: 0,
            lapsed: 0,
            at: at(0),
        })
    };
    let mut expiring = Instance::<Expiring>::new();
    assert_eq!(expiring.event(&restored(&[]), 0), [Effect::End]);
    assert_eq!(
        expiring.event(&restored(&[200, 100]), 0),
        [Effect::set_timer(EXPIRE, at(100))]
    );
    assert!(expiring.event(&restored(&[]), 1).is_empty(), "others are waited for");
}

#[test]
fn points_earned_while_others_expire_are_waited_for() {
    let mut expiring = Instance::<Expiring>::new().after(&[earned(100)], 0);
    assert_eq!(steps(&expiring.timer(EXPIRE, 100)), [EXPIRE]);
    assert_eq!(expiring.event(&earned(300), 100), [Effect::set_timer(EXPIRE, at(300))]);
    assert!(expiring.accepted(EXPIRE, 101).is_empty());
}
