//! Earning, with inputs that come twice and late.

use uuid::Uuid;

use crate::command::Command;
use crate::event::Event;
use crate::ids::{HallId, HoldId, debt_earning, goods_earning, settlement_earning};
use crate::money::Fen;
use crate::processes::fixtures::{Instance, SESSION, at, credited, dispatched, refusal};
use crate::processes::{Effect, ProcessManager as _, Route};
use crate::wallet::{Split, WalletEvent};

use super::Earning;

fn split(principal: i64, bonus: i64) -> Split {
    Split {
        principal: Fen(principal),
        bonus: Fen(bonus),
    }
}

fn captured(principal: i64, bonus: i64) -> Event {
    Event::Wallet(WalletEvent::HoldCaptured {
        hold_id: HoldId::default(),
        session_id: SESSION,
        captured: split(principal, bonus),
        released: Fen::ZERO,
        at: at(0),
    })
}

fn prepaid(principal: i64) -> Event {
    Event::Wallet(WalletEvent::PrepaidSettled {
        session_id: SESSION,
        amount: split(principal, 0),
        at: at(0),
    })
}

fn goods(principal: i64) -> Event {
    Event::Wallet(WalletEvent::GoodsCharged {
        session_id: SESSION,
        amount: split(principal, 0),
        at: at(0),
    })
}

fn debt_paid(principal: i64, outstanding: i64) -> Event {
    Event::Wallet(WalletEvent::DebtPaid {
        session_id: SESSION,
        paid: split(principal, 0),
        outstanding: Fen(outstanding),
        at: at(0),
    })
}

/// Ids and amounts of the payments that are to earn.
fn earned(effects: &[Effect]) -> Vec<(String, i64)> {
    let dispatched = dispatched(effects).into_iter();
    let earned = dispatched.map(|(step, command)| match command {
        Command::EarnPoints {
            session_id,
            earning_id,
            principal,
            ..
        } => {
            assert_eq!((*session_id, earning_id.to_string()), (SESSION, step.to_owned()));
            (step.to_owned(), principal.0)
        }
        other => panic!("{other:?}"),
    });
    earned.collect()
}

#[test]
fn principal_that_is_paid_for_a_session_earns_and_nothing_else_does() {
    let member = Uuid::from_u128(1).to_string();
    for paid in [captured(100, 5), prepaid(100), goods(100), debt_paid(100, 0)] {
        assert_eq!(Earning::route(&member, &paid), Route::Start(SESSION.0));
    }
    let owed = Event::Wallet(WalletEvent::DebtIncurred {
        session_id: SESSION,
        hall_id: HallId::default(),
        amount: Fen(5),
        at: at(0),
    });
    for other in [captured(0, 5), debt_paid(0, 3), owed, credited()] {
        assert_eq!(Earning::route(&member, &other), Route::Ignore);
    }
}

#[test]
fn each_payment_of_a_session_earns_under_its_own_id_and_a_repeat_under_the_same() {
    let mut earning = Instance::<Earning>::new();
    let settlement = settlement_earning(SESSION).to_string();
    let debt = debt_earning(SESSION, Fen(20)).to_string();
    assert_eq!(
        earned(&earning.event(&captured(100, 5), 0)),
        [(settlement.clone(), 100)]
    );
    assert_eq!(
        earned(&earning.event(&captured(100, 5), 0)),
        [(settlement.clone(), 100)]
    );
    assert_eq!(earned(&earning.event(&debt_paid(30, 20), 1)), [(debt.clone(), 30)]);
    assert_ne!(debt, debt_earning(SESSION, Fen(0)).to_string());
    assert!(
        earning.accepted(&settlement, 2).is_empty(),
        "the other is not credited yet"
    );
    assert_eq!(earning.accepted(&debt, 2), [Effect::End]);
    assert!(earning.accepted(&debt, 3).is_empty(), "once");
}

#[test]
fn goods_of_a_prepaid_session_earn_beside_its_time() {
    let mut earning = Instance::<Earning>::new();
    let settlement = settlement_earning(SESSION).to_string();
    assert_eq!(earned(&earning.event(&prepaid(100), 0)), [(settlement, 100)]);
    let own = goods_earning(SESSION).to_string();
    assert_eq!(earned(&earning.event(&goods(30), 0)), [(own, 30)]);
}

#[test]
fn points_that_a_rule_refuses_are_not_asked_for_again() {
    let mut earning = Instance::<Earning>::new();
    earning.event(&prepaid(100), 0);
    let settlement = settlement_earning(SESSION).to_string();
    assert_eq!(earning.refused(&settlement, &refusal("X"), 1), [Effect::End]);
}
