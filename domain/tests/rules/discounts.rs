//! A level's discount, from the hold to the settlement.

use baize_domain::Fen;
use baize_domain::command::{Command, OpenMode};
use baize_domain::level::LevelCode;
use baize_domain::session::{Bill, BillLine, BillingStartCause, CloseCause};
use baize_domain::tariff::pricing::minutes_after;
use baize_domain::tariff::{Discount, Tariff};
use baize_domain::wallet::Split;
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::world::{World, at, close, open, session_id, settle, yuan_a_minute};

fn minutes(n: u32) -> Timestamp {
    minutes_after(at("2026-03-02T10:00:00+08:00"), n)
}

/// A world whose customers are VIPs, 12 % off, and have `principal`.
fn vips(tariff: Tariff, principal: i64) -> World {
    let mut world = World::with_tariff(tariff);
    world.discount = Some(Discount {
        level: LevelCode::try_new("vip", "level").expect("a code"),
        rate: Decimal::new(12, 2),
    });
    world.top_up(1, 1, principal, 0, minutes(0));
    world
}

fn off(amount: i64) -> BillLine {
    BillLine::Discount {
        level: LevelCode::try_new("vip", "level").expect("a code"),
        rate: Decimal::new(12, 2),
        amount: Fen(amount),
    }
}

fn closed(world: &World) -> Bill {
    world
        .session(1)
        .closing
        .as_ref()
        .expect("a closed session")
        .bill
        .clone()
}

fn left(principal: i64) -> Split {
    Split {
        principal: Fen(principal),
        bonus: Fen::ZERO,
    }
}

fn lit() -> Command {
    Command::StartBilling {
        session_id: session_id(1),
        cause: BillingStartCause::LightConfirmed,
        at: minutes(0),
    }
}

#[test]
fn a_vips_hold_and_bill_are_discounted() {
    let mut world = vips(yuan_a_minute(), 5_280);
    world.run(&open(1, 1, 1, OpenMode::Postpaid), minutes(0));
    assert_eq!(world.session(1).held, Fen(5_280), "an hour at 12 % off");
    assert_eq!(world.session(1).covered_until, minutes(60));
    world.run(&lit(), minutes(0));
    world.run(&close(1, CloseCause::Customer), minutes(7));
    let bill = closed(&world);
    assert_eq!(bill.lines.last(), Some(&off(-84)));
    assert_eq!(bill.total, Fen(616));
    world.run(&settle(1), minutes(7));
    assert_eq!(world.wallet(1).balance(), left(5_280 - 616));
}

#[test]
fn what_is_rounded_at_one_purchase_of_prepaid_time_is_made_good_by_the_next() {
    let tariff = Tariff {
        price_per_hour: Fen(6_030),
        ..yuan_a_minute()
    };
    let mut world = vips(tariff, 10_000);
    world.run(&open(1, 1, 1, OpenMode::Prepaid { minutes: 7 }), minutes(0));
    world.run(&lit(), minutes(0));
    // 703.5 is 704, less 84.48.
    assert_eq!(world.session(1).bought_price(), Fen(620));
    let more = Command::ExtendSession {
        session_id: session_id(1),
        minutes: 7,
    };
    world.run(&more, minutes(1));
    // 1407, less 168.84.
    assert_eq!(world.session(1).bought_price(), Fen(1_238));
    world.run(&close(1, CloseCause::PrepaidEnd), minutes(20));
    let time = |amount| BillLine::Prepaid {
        minutes: 7,
        amount: Fen(amount),
    };
    let bill = closed(&world);
    assert_eq!(bill.lines, [time(704), time(703), off(-169)]);
    assert_eq!(bill.total, Fen(1_238));
    world.run(&settle(1), minutes(20));
    assert_eq!(world.wallet(1).balance(), left(10_000 - 1_238));
}
