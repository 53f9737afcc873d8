//! Deposits, and openings that wait for their payment, unit by unit.

use baize_domain::command::{Command, OpenMode};
use baize_domain::hall::HallPolicy;
use baize_domain::journal::Account;
use baize_domain::member::PaymentMethod;
use baize_domain::session::{BillingStartCause, CloseCause, LapseReason, Phase, SessionMode, TableSessionEvent};
use baize_domain::tariff::Tariff;
use baize_domain::tariff::pricing::{minutes_after, seconds_after};
use baize_domain::{Event, Fen};
use jiff::Timestamp;

use super::world::{World, at, balances, close, member_id, open, session_id, settle, table_id, yuan_a_minute};

fn ten() -> Timestamp {
    at("2026-03-02T10:00:00+08:00")
}

fn seconds(n: u32) -> Timestamp {
    seconds_after(ten(), n)
}

fn minutes(n: u32) -> Timestamp {
    minutes_after(ten(), n)
}

fn open_or_wait(session: u16, table: u8, member: u8, mode: OpenMode) -> Command {
    Command::OpenTable {
        session_id: session_id(session),
        table_id: table_id(table),
        member_id: member_id(member),
        mode,
        wait_for_payment: true,
    }
}

fn pay(session: u16) -> Command {
    Command::PayOpening {
        session_id: session_id(session),
    }
}

fn lapse(session: u16) -> Command {
    Command::LapseOpening {
        session_id: session_id(session),
        reason: LapseReason::NotPaid,
    }
}

fn names(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::event_type).collect()
}

/// Two tables at ¥1 a minute, a deposit of ¥100, and a member with this much.
fn world(fen: i64) -> World {
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 2);
    world.top_up(1, 1, fen, 0, ten());
    world
}

#[test]
fn of_a_deposit_what_was_not_played_goes_back() {
    let mut world = world(15_000);
    world.run(&open(1, 1, 1, OpenMode::Deposit), ten());
    assert_eq!(world.wallet(1).held(), Fen(10_000));
    let start = Command::StartBilling {
        session_id: session_id(1),
        cause: BillingStartCause::LightConfirmed,
        at: ten(),
    };
    world.run(&start, ten());
    assert_eq!(world.session(1).covered_until, minutes(100));
    let early = world.refused(&close(1, CloseCause::HoldExhausted), minutes(99));
    assert_eq!(early.reason, "SESSION_NOT_OVER");
    world.run(&close(1, CloseCause::Customer), minutes(40));
    world.run(&settle(1), minutes(40));
    assert_eq!(world.wallet(1).held(), Fen::ZERO);
    assert_eq!(world.wallet(1).balance().total(), Fen(11_000));
}

#[test]
fn a_table_is_kept_until_the_money_is_there_and_then_opens() {
    for (mode, held, left) in [
        (OpenMode::Deposit, 10_000, 13_000),
        (OpenMode::Prepaid { minutes: 60 }, 0, 7_000),
    ] {
        let mut world = world(3_000);
        let refused = world.refused(&open(1, 1, 1, mode.clone()), ten());
        assert_eq!(refused.reason, "TOP_UP_REQUIRED");
        let command = open_or_wait(1, 1, 1, mode.clone());
        let waiting = world.run(&command, ten());
        assert_eq!(names(&waiting), ["OpeningAwaited", "TableOccupied", "FundsHeld"]);
        assert!(
            world.run(&command, seconds(1)).is_empty(),
            "asked again, it waits as it did"
        );
        assert_eq!(world.refused(&pay(1), seconds(2)).reason, "TOP_UP_REQUIRED");
        assert_eq!(
            world.refused(&close(1, CloseCause::Customer), seconds(2)).reason,
            "PAYMENT_AWAITED"
        );
        world.top_up(2, 2, 20_000, 0, ten());
        assert_eq!(
            world.refused(&open(2, 1, 2, OpenMode::Postpaid), seconds(3)).reason,
            "TABLE_OCCUPIED"
        );
        let another = world.refused(&open_or_wait(3, 2, 1, mode), seconds(3));
        assert_eq!(another.reason, "MEMBER_HAS_OPEN_SESSION", "one table at a time is kept");

        world.top_up(1, 3, 10_000, 0, seconds(90));
        world.run(&pay(1), seconds(90));
        let session = world.session(1);
        assert_eq!(session.phase, Phase::Open);
        assert_eq!(
            session.opening.as_ref().map(|opening| opening.opened_at),
            Some(seconds(90))
        );
        assert_eq!(world.wallet(1).held(), Fen(held));
        assert_eq!(world.wallet(1).balance().total(), Fen(left));
        assert!(world.run(&pay(1), seconds(91)).is_empty());
        assert_eq!(world.refused(&lapse(1), seconds(200)).reason, "SESSION_BEGUN");
    }
}

#[test]
fn a_table_nobody_pays_for_in_time_is_let_go_and_late_money_stays_in_the_wallet() {
    let mut world = world(3_000);
    world.run(&open_or_wait(1, 1, 1, OpenMode::Deposit), ten());
    assert_eq!(world.refused(&lapse(1), seconds(179)).reason, "PAYMENT_AWAITED");
    let lapsed = world.run(&lapse(1), seconds(180));
    assert_eq!(names(&lapsed), ["OpeningLapsed", "TableReleased", "HoldReleased"]);
    assert!(world.run(&lapse(1), seconds(181)).is_empty());
    world.top_up(1, 2, 10_000, 0, seconds(182));
    assert_eq!(world.refused(&pay(1), seconds(182)).reason, "OPENING_LAPSED");
    assert_eq!(world.wallet(1).available(), Fen(13_000));
    world.run(&open(2, 1, 1, OpenMode::Deposit), seconds(183));
}

#[test]
fn money_that_comes_when_the_time_is_over_but_nobody_looked_opens_nothing() {
    let mut world = world(3_000);
    world.run(&open_or_wait(1, 1, 1, OpenMode::Deposit), ten());
    world.top_up(1, 2, 10_000, 0, seconds(181));
    assert_eq!(world.refused(&pay(1), seconds(181)).reason, "OPENING_LAPSED");
    world.run(&lapse(1), seconds(182));
    assert_eq!(world.tables[&table_id(1)].session_id, None);
}

#[test]
fn who_has_enough_does_not_wait() {
    let mut world = world(12_000);
    let opened = world.run(&open_or_wait(1, 1, 1, OpenMode::Deposit), ten());
    assert_eq!(names(&opened)[0], "SessionOpened");
    let Event::TableSession(TableSessionEvent::SessionOpened { mode, .. }) = &opened[0] else {
        panic!("{opened:?}");
    };
    assert!(matches!(mode, SessionMode::Deposit { held: Fen(10_000), .. }));
}

#[test]
fn who_asked_for_a_table_may_let_it_go_before_it_is_paid_and_not_after() {
    let cancel = Command::LapseOpening {
        session_id: session_id(1),
        reason: LapseReason::Cancelled,
    };
    let mut world = world(3_000);
    assert_eq!(world.refused(&cancel, ten()).reason, "SESSION_NOT_FOUND");
    world.run(&open_or_wait(1, 1, 1, OpenMode::Deposit), ten());
    let cancelled = world.run(&cancel, seconds(5));
    assert_eq!(names(&cancelled), ["OpeningLapsed", "TableReleased", "HoldReleased"]);
    assert!(world.run(&cancel, seconds(6)).is_empty());
    world.top_up(1, 2, 10_000, 0, seconds(7));
    assert_eq!(world.refused(&pay(1), seconds(7)).reason, "OPENING_LAPSED");
    assert!(world.run(&lapse(1), seconds(200)).is_empty(), "the timer finds it done");

    world.run(&open_or_wait(2, 1, 1, OpenMode::Deposit), seconds(8));
    let begun = Command::LapseOpening {
        session_id: session_id(2),
        reason: LapseReason::Cancelled,
    };
    assert_eq!(world.refused(&begun, seconds(9)).reason, "SESSION_BEGUN");
}

fn bind(member: u8) -> Command {
    Command::BindPaymentMethod {
        member_id: member_id(member),
        method: PaymentMethod::WechatPay,
    }
}

#[test]
fn who_has_bound_a_way_to_pay_is_told_what_is_missing_and_who_has_not_is_led_to_binding() {
    for (mode, needed) in [
        (OpenMode::Postpaid, "6000"),
        (OpenMode::Deposit, "10000"),
        (OpenMode::Prepaid { minutes: 30 }, "3000"),
    ] {
        let mut world = world(1_000);
        let unbound = world.refused(&open(1, 1, 2, mode.clone()), ten());
        assert_eq!(unbound.reason, "PAYMENT_METHOD_REQUIRED");
        world.run(&bind(2), ten());
        let short = world.refused(&open(1, 1, 2, mode), ten());
        assert_eq!(
            (
                &*short.reason,
                &*short.facts["shortfall_fen"],
                &*short.facts["available_fen"]
            ),
            ("TOP_UP_REQUIRED", needed, "0")
        );
    }
}

#[test]
fn who_has_bound_a_way_to_pay_waits_for_the_payment_and_the_table_opens() {
    let mut world = world(1_000);
    world.run(&bind(2), ten());
    let waiting = world.run(&open_or_wait(1, 1, 2, OpenMode::Deposit), ten());
    assert_eq!(
        names(&waiting),
        ["OpeningAwaited", "TableOccupied", "WalletOpened", "FundsHeld"]
    );
    world.top_up(2, 2, 10_000, 0, seconds(1));
    world.run(&pay(1), seconds(2));
    assert_eq!(world.session(1).phase, Phase::Open);
    assert_eq!(world.wallet(2).held(), Fen(10_000));
}

#[test]
fn who_has_bound_a_way_to_pay_opens_what_costs_nothing_without_a_top_up() {
    let free = Tariff {
        price_per_hour: Fen::ZERO,
        ..yuan_a_minute()
    };
    let mut world = World::new(free, HallPolicy::default(), 1);
    let unbound = world.refused(&open(1, 1, 1, OpenMode::Postpaid), ten());
    assert_eq!(unbound.reason, "PAYMENT_METHOD_REQUIRED");
    world.run(&bind(1), ten());
    let opened = world.run(&open(1, 1, 1, OpenMode::Postpaid), ten());
    assert!(names(&opened).contains(&"WalletOpened"), "{opened:?}");
    assert_eq!(world.session(1).phase, Phase::Open);
}

fn pay_bill(session: u16) -> Command {
    Command::PayBill {
        session_id: session_id(session),
    }
}

/// Two sessions at once: one ends in a debt while the other's hold keeps the money.
pub(super) fn in_debt() -> World {
    let policy = HallPolicy {
        open_sessions_max: 2,
        ..HallPolicy::default()
    };
    let mut world = World::new(yuan_a_minute(), policy, 2);
    world.top_up(1, 1, 12_000, 0, ten());
    for n in [1, 2] {
        world.run(&open(n, n as u8, 1, OpenMode::Postpaid), ten());
        let start = Command::StartBilling {
            session_id: session_id(n),
            cause: BillingStartCause::LightConfirmed,
            at: ten(),
        };
        world.run(&start, ten());
    }
    world.run(&close(2, CloseCause::Customer), minutes(50));
    assert_eq!(world.refused(&pay_bill(1), minutes(50)).reason, "SESSION_STILL_OPEN");
    world.run(&close(1, CloseCause::Staff), minutes(63));
    world
}

#[test]
fn an_open_bill_is_paid_on_demand_as_soon_as_the_wallet_has_it() {
    let mut world = in_debt();
    assert_eq!(world.refused(&pay_bill(1), minutes(63)).reason, "SESSION_NOT_SETTLED");
    world.run(&settle(1), minutes(63));
    assert_eq!(world.wallet(1).debts[0].outstanding, Fen(300));
    let short = world.refused(&pay_bill(1), minutes(64));
    assert_eq!(
        (short.reason.as_str(), &*short.facts["shortfall_fen"]),
        ("TOP_UP_REQUIRED", "300")
    );

    // The other session gives back what it did not need: nobody topped up, so nobody else pays the debt.
    world.run(&settle(2), minutes(64));
    assert_eq!(
        world.refused(&open(3, 1, 1, OpenMode::Postpaid), minutes(65)).reason,
        "UNPAID_BILL"
    );
    let paid = world.run(&pay_bill(1), minutes(65));
    assert_eq!(names(&paid), ["DebtPaid", "TransactionPosted"]);
    assert!(world.wallet(1).debts.is_empty());
    assert_eq!(world.wallet(1).balance().total(), Fen(700));
    assert_eq!(balances(&world)[&(member_id(1), Account::Receivable)], Fen::ZERO);
    assert!(world.run(&pay_bill(1), minutes(66)).is_empty(), "paid once");
    assert!(world.run(&pay_bill(2), minutes(66)).is_empty(), "nothing was owed");
}
