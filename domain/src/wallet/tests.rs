//! Given a wallet, when it is asked, then …

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::{HallId, HoldId, MemberId, SessionId, ShareId, TopUpId};
use crate::money::Fen;

use super::{Split, TopUpChannel, Wallet, WalletCommand, WalletError, WalletEvent};

const AT: Timestamp = Timestamp::UNIX_EPOCH;
const MEMBER: MemberId = MemberId(Uuid::from_u128(1));
const HALL: HallId = HallId(Uuid::from_u128(2));
const HOLD: HoldId = HoldId(Uuid::from_u128(3));
const A: SessionId = SessionId(Uuid::from_u128(4));
const B: SessionId = SessionId(Uuid::from_u128(5));

fn split(principal: i64, bonus: i64) -> Split {
    Split {
        principal: Fen(principal),
        bonus: Fen(bonus),
    }
}

fn opened() -> WalletEvent {
    WalletEvent::WalletOpened {
        member_id: MEMBER,
        at: AT,
    }
}

fn credited(n: u128, principal: i64, bonus: i64) -> WalletEvent {
    WalletEvent::TopUpCredited {
        top_up_id: TopUpId(Uuid::from_u128(n)),
        channel: TopUpChannel::Counter,
        amount: split(principal, bonus),
        at: AT,
    }
}

fn held(session_id: SessionId, amount: i64) -> WalletEvent {
    WalletEvent::FundsHeld {
        hold_id: HOLD,
        session_id,
        amount: Fen(amount),
        at: AT,
    }
}

fn captured(principal: i64, bonus: i64, released: i64) -> WalletEvent {
    WalletEvent::HoldCaptured {
        hold_id: HOLD,
        session_id: A,
        captured: split(principal, bonus),
        released: Fen(released),
        at: AT,
    }
}

fn charged(principal: i64, bonus: i64) -> WalletEvent {
    WalletEvent::PrepaidCharged {
        session_id: A,
        amount: split(principal, bonus),
        at: AT,
    }
}

fn owed(amount: i64) -> WalletEvent {
    WalletEvent::DebtIncurred {
        session_id: A,
        hall_id: HALL,
        amount: Fen(amount),
        at: AT,
    }
}

fn credit(n: u128, principal: i64, bonus: i64) -> WalletCommand {
    WalletCommand::CreditTopUp {
        member_id: MEMBER,
        top_up_id: TopUpId(Uuid::from_u128(n)),
        channel: TopUpChannel::Counter,
        amount: split(principal, bonus),
        at: AT,
    }
}

fn hold(session_id: SessionId, amount: i64) -> WalletCommand {
    WalletCommand::Hold {
        hold_id: HOLD,
        session_id,
        amount: Fen(amount),
        open_sessions_max: 1,
        at: AT,
    }
}

fn capture(total: i64) -> WalletCommand {
    WalletCommand::Capture {
        session_id: A,
        hall_id: HALL,
        total: Fen(total),
        at: AT,
    }
}

fn charge(amount: i64) -> WalletCommand {
    WalletCommand::ChargePrepaid {
        session_id: A,
        amount: Fen(amount),
        open_sessions_max: 1,
        at: AT,
    }
}

fn open_session(open_sessions_max: u32) -> WalletError {
    WalletError::OpenSession {
        session_id: A,
        open_sessions_max,
    }
}

/// A wallet with ¥10 and ¥2 of bonus, and what happened since.
fn given(events: Vec<WalletEvent>) -> AggregateTestExecutor<Wallet> {
    TestFramework::<Wallet>::with(())
        .given(vec![opened(), credited(1, 1_000, 200)])
        .and(events)
}

fn folded(events: &[WalletEvent]) -> Wallet {
    let mut wallet = Wallet::default();
    for event in events {
        wallet.evolve(event);
    }
    wallet
}

#[test]
fn the_first_top_up_opens_the_wallet() {
    TestFramework::<Wallet>::with(())
        .given_no_previous_events()
        .when(credit(1, 1_000, 200))
        .then_expect_events(vec![opened(), credited(1, 1_000, 200)]);
    given(vec![])
        .when(credit(2, 0, 50))
        .then_expect_events(vec![credited(2, 0, 50)]);
}

#[test]
fn a_top_up_of_nothing_too_much_or_less_is_refused() {
    for (command, field) in [
        (credit(2, 0, 0), "amount"),
        (credit(2, -1, 5), "amount.principal"),
        (credit(2, 5, -1), "amount.bonus"),
        (credit(2, 1_000_000_001, 0), "amount.principal"),
        (credit(2, 1, 1_000_000_001), "amount.bonus"),
    ] {
        let result = given(vec![]).when(command).inspect_result();
        assert!(
            matches!(&result, Err(WalletError::Invalid(invalid)) if invalid.field == field),
            "{field}: {result:?}"
        );
    }
    let full = (2..=1_000).map(|n| credited(n, 1, 0)).collect();
    given(full)
        .when(credit(1_001, 1, 0))
        .then_expect_error(WalletError::TooManyLots);
}

#[test]
fn a_hold_needs_a_wallet_with_enough_money_no_debt_and_no_open_session() {
    given(vec![])
        .when(hold(A, 1_200))
        .then_expect_events(vec![held(A, 1_200)]);
    given(vec![])
        .when(hold(A, 1_201))
        .then_expect_error(WalletError::TooLittle {
            needed: Fen(1_201),
            available: Fen(1_200),
            shortfall: Fen(1),
        });
    TestFramework::<Wallet>::with(())
        .given_no_previous_events()
        .when(hold(A, 0))
        .then_expect_error(WalletError::NotOpened);
    for open in [held(A, 100), charged(0, 0)] {
        given(vec![open.clone()])
            .when(hold(B, 100))
            .then_expect_error(open_session(1));
        given(vec![open])
            .when(WalletCommand::ChargePrepaid {
                session_id: B,
                amount: Fen(1),
                open_sessions_max: 1,
                at: AT,
            })
            .then_expect_error(open_session(1));
    }
    given(vec![owed(70)])
        .when(hold(B, 100))
        .then_expect_error(WalletError::Unpaid {
            session_id: A,
            outstanding: Fen(70),
        });
}

#[test]
fn a_person_may_have_as_many_sessions_at_once_as_the_hall_allows() {
    let hold_of_two = |session_id| WalletCommand::Hold {
        hold_id: HOLD,
        session_id,
        amount: Fen(100),
        open_sessions_max: 2,
        at: AT,
    };
    given(vec![held(A, 100)])
        .when(hold_of_two(B))
        .then_expect_events(vec![held(B, 100)]);
    given(vec![held(A, 100), held(B, 100)])
        .when(hold_of_two(SessionId(uuid::Uuid::from_u128(77))))
        .then_expect_error(open_session(2));
}

#[test]
fn a_hold_is_raised_by_what_is_left() {
    let raise = |amount| WalletCommand::RaiseHold {
        session_id: A,
        amount: Fen(amount),
        at: AT,
    };
    given(vec![held(A, 700)])
        .when(raise(500))
        .then_expect_events(vec![held(A, 500)]);
    given(vec![held(A, 700)])
        .when(raise(501))
        .then_expect_error(WalletError::TooLittle {
            needed: Fen(501),
            available: Fen(500),
            shortfall: Fen(1),
        });
    given(vec![held(A, 700)]).when(raise(0)).then_expect_events(vec![]);
    given(vec![])
        .when(raise(1))
        .then_expect_error(WalletError::NothingHeld(A));
    let wallet = folded(&[opened(), credited(1, 1_000, 200), held(A, 700), held(A, 500)]);
    assert_eq!(wallet.hold_for(A), Some((HOLD, Fen(1_200))));
    assert_eq!(wallet.available(), Fen::ZERO);
}

#[test]
fn a_capture_takes_principal_then_bonus_then_leaves_a_debt() {
    for (total, events) in [
        (400, vec![captured(400, 0, 200)]),
        // More than the hold, since the wallet has it.
        (900, vec![captured(900, 0, 0)]),
        (1_100, vec![captured(1_000, 100, 0)]),
        (1_270, vec![captured(1_000, 200, 0), owed(70)]),
        (
            0,
            vec![WalletEvent::HoldReleased {
                hold_id: HOLD,
                session_id: A,
                released: Fen(600),
                at: AT,
            }],
        ),
    ] {
        given(vec![held(A, 600)])
            .when(capture(total))
            .then_expect_events(events);
    }
    given(vec![held(A, 600), captured(400, 0, 200)])
        .when(capture(400))
        .then_expect_error(WalletError::NothingHeld(A));
}

#[test]
fn a_top_up_pays_debts_first() {
    let paid = |principal, bonus, outstanding| WalletEvent::DebtPaid {
        session_id: A,
        paid: split(principal, bonus),
        outstanding: Fen(outstanding),
        at: AT,
    };
    let indebted = || TestFramework::<Wallet>::with(()).given(vec![opened(), owed(70)]);
    indebted()
        .when(credit(2, 100, 0))
        .then_expect_events(vec![credited(2, 100, 0), paid(70, 0, 0)]);
    indebted()
        .when(credit(2, 40, 10))
        .then_expect_events(vec![credited(2, 40, 10), paid(40, 10, 20)]);
    let wallet = folded(&[opened(), owed(70), credited(2, 40, 10), paid(40, 10, 20)]);
    assert_eq!(wallet.debts[0].outstanding, Fen(20));
    let wallet = folded(&[opened(), owed(70), credited(2, 100, 0), paid(70, 0, 0)]);
    assert!(wallet.debts.is_empty());
    assert_eq!(wallet.balance(), split(30, 0));
}

#[test]
fn several_debts_are_paid_oldest_first_and_no_money_pays_twice() {
    let owed_for = |session_id, amount| WalletEvent::DebtIncurred {
        session_id,
        hall_id: HALL,
        amount: Fen(amount),
        at: AT,
    };
    let paid = |session_id, principal, bonus, outstanding| WalletEvent::DebtPaid {
        session_id,
        paid: split(principal, bonus),
        outstanding: Fen(outstanding),
        at: AT,
    };
    TestFramework::<Wallet>::with(())
        .given(vec![opened(), owed_for(A, 70), owed_for(B, 50)])
        .when(credit(2, 80, 20))
        .then_expect_events(vec![credited(2, 80, 20), paid(A, 70, 0, 0), paid(B, 10, 20, 20)]);
}

#[test]
fn prepaid_time_is_charged_and_earned_or_paid_back() {
    let settled = WalletEvent::PrepaidSettled {
        session_id: A,
        amount: split(500, 0),
        at: AT,
    };
    given(vec![])
        .when(charge(1_100))
        .then_expect_events(vec![charged(1_000, 100)]);
    given(vec![charged(1_000, 50)])
        .when(WalletCommand::ChargeMorePrepaid {
            session_id: A,
            amount: Fen(100),
            at: AT,
        })
        .then_expect_events(vec![charged(0, 100)]);
    given(vec![])
        .when(WalletCommand::ChargeMorePrepaid {
            session_id: A,
            amount: Fen(100),
            at: AT,
        })
        .then_expect_error(WalletError::NothingHeld(A));
    let settle = WalletCommand::SettlePrepaid { session_id: A, at: AT };
    given(vec![charged(500, 0)])
        .when(settle.clone())
        .then_expect_events(vec![settled.clone()]);
    given(vec![charged(500, 0), settled])
        .when(settle)
        .then_expect_error(WalletError::NothingHeld(A));
    given(vec![charged(1_000, 50), charged(0, 100)])
        .when(WalletCommand::RefundPrepaid { session_id: A, at: AT })
        .then_expect_events(vec![WalletEvent::PrepaidRefunded {
            session_id: A,
            amount: split(1_000, 150),
            at: AT,
        }]);
}

#[test]
fn money_that_comes_back_goes_to_its_own_lot_at_its_old_place() {
    let start = [
        opened(),
        credited(1, 100, 10),
        credited(2, 200, 20),
        credited(3, 300, 30),
    ];
    let mut wallet = folded(&start);
    let before = wallet.lots.clone();
    // The first two lots are used up whole, the third in part.
    wallet.evolve(&charged(350, 35));
    let left: Vec<_> = wallet.lots.iter().map(|lot| lot.remaining).collect();
    assert_eq!(left, [split(250, 25)]);
    wallet.evolve(&WalletEvent::PrepaidRefunded {
        session_id: A,
        amount: split(350, 35),
        at: AT,
    });
    assert_eq!(wallet.lots, before);
}

#[test]
fn the_state_does_not_grow_with_the_stream() {
    let mut wallet = folded(&[opened(), credited(1, 5, 0)]);
    for n in 2..2_000 {
        wallet.evolve(&credited(n, 10, 2));
        wallet.evolve(&held(A, 5));
        wallet.evolve(&captured(10, 2, 0));
        wallet.evolve(&owed(3));
        wallet.evolve(&WalletEvent::DebtPaid {
            session_id: A,
            paid: split(0, 0),
            outstanding: Fen::ZERO,
            at: AT,
        });
    }
    assert_eq!(wallet.balance(), split(5, 0));
    assert_eq!(wallet.lots.count(), 1);
    assert!(wallet.sessions.is_empty() && wallet.debts.is_empty());
}

#[test]
fn a_share_of_somebodys_bill_is_set_aside_once_and_is_delivered_or_back_in_its_lots() {
    let share_id = ShareId(Uuid::from_u128(9));
    let charge = |amount| WalletCommand::ChargeShare {
        share_id,
        amount: Fen(amount),
        at: AT,
    };
    let amount = split(100, 20);
    let charged = WalletEvent::ShareCharged {
        share_id,
        amount,
        at: AT,
    };
    let given = |events: &[WalletEvent]| TestFramework::<Wallet>::with(()).given(events.to_vec());
    let rich = [opened(), credited(1, 100, 50)];
    given(&rich).when(charge(120)).then_expect_events(vec![charged.clone()]);
    given(&rich)
        .when(charge(151))
        .then_expect_error(WalletError::too_little(Fen(151), Fen(150)));
    given(&[]).when(charge(1)).then_expect_error(WalletError::NotOpened);
    let paid = [opened(), credited(1, 100, 50), charged];
    given(&paid).when(charge(120)).then_expect_events(vec![]);
    let (back, gone) = (
        WalletEvent::ShareReturned {
            share_id,
            amount,
            at: AT,
        },
        WalletEvent::ShareDelivered {
            share_id,
            amount,
            at: AT,
        },
    );
    given(&paid)
        .when(WalletCommand::ReturnShare { share_id, at: AT })
        .then_expect_events(vec![back.clone()]);
    given(&paid)
        .when(WalletCommand::DeliverShare { share_id, at: AT })
        .then_expect_events(vec![gone.clone()]);
    for (end, left) in [(back, split(100, 50)), (gone, split(0, 30))] {
        let mut wallet = Wallet::default();
        paid.iter().chain([&end]).for_each(|event| wallet.evolve(event));
        assert_eq!(wallet.balance(), left);
        assert!(wallet.shares.is_empty());
        let over = TestFramework::<Wallet>::with(()).given(paid.iter().cloned().chain([end]).collect());
        over.when(WalletCommand::ReturnShare { share_id, at: AT })
            .then_expect_events(vec![]);
    }
}
