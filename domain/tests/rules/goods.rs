//! Goods: the hall's list, what of it comes onto bills, and how it is paid.

use baize_domain::command::{Command, OpenMode};
use baize_domain::hall::{Goods, HallPolicy};
use baize_domain::journal::Account;
use baize_domain::session::{BillLine, BillingStartCause, CloseCause, ResumeCause};
use baize_domain::tariff::Tariff;
use baize_domain::tariff::pricing::minutes_after;
use baize_domain::{Event, Fen};
use jiff::Timestamp;

use super::world::{HALL, World, at, balances, close, member_id, open, session_id, settle, table_id, yuan_a_minute};

fn ten() -> Timestamp {
    at("2026-03-02T10:00:00+08:00")
}

fn minutes(n: u32) -> Timestamp {
    minutes_after(ten(), n)
}

fn goods(code: &str, price: i64, retired: bool) -> Goods {
    Goods {
        code: code.into(),
        name_zh: format!("货 {code}"),
        name_en: code.into(),
        price: Fen(price),
        retired,
    }
}

fn list(goods: Vec<Goods>) -> Command {
    Command::ListGoods { hall_id: HALL, goods }
}

fn add(code: &str, quantity: u32) -> Command {
    Command::AddGoods {
        session_id: session_id(1),
        code: code.into(),
        quantity,
        by_customer: true,
    }
}

fn remove(code: &str, quantity: u32) -> Command {
    Command::RemoveGoods {
        session_id: session_id(1),
        code: code.into(),
        quantity,
        reason: "brought back unopened".into(),
    }
}

fn names(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::event_type).collect()
}

/// A session at ¥1 a minute, billed from ten; cola for ¥6, and chalk that is sold no more.
fn playing(mode: OpenMode, fen: i64, policy: HallPolicy, tariff: Tariff) -> World {
    let mut world = World::new(tariff, policy, 1);
    world.run(
        &list(vec![goods("cola", 600, false), goods("chalk", 1_500, true)]),
        ten(),
    );
    world.top_up(1, 1, fen, 0, ten());
    world.run(&open(1, 1, 1, mode), ten());
    let start = Command::StartBilling {
        session_id: session_id(1),
        cause: BillingStartCause::LightConfirmed,
        at: ten(),
    };
    world.run(&start, ten());
    world
}

fn postpaid(fen: i64) -> World {
    playing(OpenMode::Postpaid, fen, HallPolicy::default(), yuan_a_minute())
}

fn prepaid(fen: i64) -> World {
    let mode = OpenMode::Prepaid { minutes: 60 };
    playing(mode, fen, HallPolicy::default(), yuan_a_minute())
}

fn on_bill(world: &World) -> Vec<(String, u32, i64)> {
    let closing = world.session(1).closing.as_ref().expect("a closed session");
    let lines = closing.bill.lines.iter().filter_map(|line| match line {
        BillLine::Goods(goods) => Some((goods.code.clone(), goods.quantity, goods.price.0)),
        _ => None,
    });
    lines.collect()
}

#[test]
fn the_list_comes_in_versions_and_what_was_on_it_stays_on_it() {
    let mut world = postpaid(10_000);
    let same = list(vec![goods("cola", 600, false), goods("chalk", 1_500, true)]);
    assert!(world.run(&same, ten()).is_empty());
    let gone = world.refused(&list(vec![goods("cola", 600, false)]), ten());
    assert_eq!(gone.facts["field"], "goods");
    let twice = world.refused(&list(vec![goods("cola", 1, false), goods("cola", 2, false)]), ten());
    assert_eq!(twice.facts["field"], "goods[1].code");
    world.run(
        &list(vec![goods("cola", 700, false), goods("chalk", 1_500, true)]),
        ten(),
    );
    assert_eq!(world.halls[&HALL].goods_version, 2);
}

#[test]
fn goods_of_a_postpaid_session_raise_its_hold_and_are_on_its_bill() {
    let mut world = postpaid(10_000);
    assert_eq!(
        (world.wallet(1).held(), world.session(1).covered_until),
        (Fen(6_000), minutes(60))
    );
    let added = world.run(&add("cola", 2), minutes(5));
    assert_eq!(names(&added), ["GoodsAdded", "HoldRenewed", "FundsHeld"]);
    assert_eq!(world.wallet(1).held(), Fen(7_200));
    assert_eq!(
        world.session(1).covered_until,
        minutes(60),
        "play is secured for as long as it was"
    );
    let short = world.refused(&add("cola", 5), minutes(6));
    assert_eq!(
        (&*short.reason, &*short.facts["shortfall_fen"]),
        ("TOP_UP_REQUIRED", "200")
    );

    let removed = world.run(&remove("cola", 1), minutes(7));
    assert_eq!(names(&removed), ["GoodsRemoved", "HoldRenewed", "LightDesired"]);
    assert_eq!(world.wallet(1).held(), Fen(7_200), "what is held stays held");
    assert_eq!(world.session(1).covered_until, minutes(66), "and reaches further");
    world.run(&close(1, CloseCause::Customer), minutes(30));
    world.run(&settle(1), minutes(30));
    assert_eq!(on_bill(&world), [("cola".to_owned(), 1, 600)]);
    assert_eq!(world.wallet(1).balance().total(), Fen(10_000 - 3_000 - 600));
}

#[test]
fn goods_of_a_prepaid_session_are_taken_at_its_close_and_what_is_short_is_owed() {
    let mut world = prepaid(8_000);
    world.run(&add("cola", 2), minutes(5));
    assert_eq!(
        world.wallet(1).balance().total(),
        Fen(2_000),
        "the hour is paid, the goods are not"
    );
    let short = world.refused(&add("cola", 2), minutes(6));
    assert_eq!(
        (&*short.reason, &*short.facts["needed_fen"]),
        ("TOP_UP_REQUIRED", "2400")
    );
    world.run(&close(1, CloseCause::PrepaidEnd), minutes(60));
    let settled = world.run(&settle(1), minutes(60));
    assert_eq!(
        names(&settled),
        ["SessionSettled", "PrepaidSettled", "GoodsCharged", "TransactionPosted"]
    );
    assert_eq!(world.wallet(1).balance().total(), Fen(800));
    assert_eq!(balances(&world)[&(member_id(1), Account::Revenue)], Fen(-7_200));

    // The money may be gone by then: an extension comes first.
    let mut world = prepaid(8_000);
    world.run(&add("cola", 2), minutes(5));
    let extend = Command::ExtendSession {
        session_id: session_id(1),
        minutes: 15,
    };
    world.run(&extend, minutes(6));
    world.run(&close(1, CloseCause::PrepaidEnd), minutes(75));
    world.run(&settle(1), minutes(75));
    assert_eq!(world.wallet(1).debts[0].outstanding, Fen(700));
    assert_eq!(balances(&world)[&(member_id(1), Account::Receivable)], Fen(700));
}

#[test]
fn goods_are_paid_though_play_is_free() {
    for mode in [OpenMode::Postpaid, OpenMode::Prepaid { minutes: 60 }] {
        let tariff = Tariff {
            grace_seconds: 180,
            ..yuan_a_minute()
        };
        let mut world = playing(mode, 10_000, HallPolicy::default(), tariff);
        world.run(&add("cola", 1), minutes(1));
        world.run(&close(1, CloseCause::Customer), minutes(2));
        world.run(&settle(1), minutes(2));
        assert_eq!(world.wallet(1).balance().total(), Fen(9_400));
        assert_eq!(world.wallet(1).held(), Fen::ZERO);
    }
}

#[test]
fn a_price_that_changes_holds_for_what_is_ordered_from_then_on() {
    let mut world = postpaid(10_000);
    world.run(&add("cola", 1), minutes(1));
    world.run(
        &list(vec![goods("cola", 700, false), goods("chalk", 1_500, true)]),
        minutes(2),
    );
    world.run(&add("cola", 2), minutes(3));
    world.run(&remove("cola", 1), minutes(4));
    world.run(&close(1, CloseCause::Customer), minutes(10));
    let expected = [("cola".to_owned(), 1, 600), ("cola".to_owned(), 1, 700)];
    assert_eq!(on_bill(&world), expected, "the dearer one was taken off");
}

#[test]
fn what_is_not_sold_not_on_the_bill_or_not_the_customers_to_order_is_refused() {
    let mut world = postpaid(10_000);
    for (command, reason) in [
        (add("tea", 1), "GOODS_NOT_FOUND"),
        (add("chalk", 1), "GOODS_NOT_FOUND"),
        (add("cola", 0), "INVALID_ARGUMENT"),
        (add("cola", 100), "INVALID_ARGUMENT"),
        (remove("cola", 1), "GOODS_NOT_ON_BILL"),
        (
            Command::RemoveGoods {
                session_id: session_id(1),
                code: "cola".into(),
                quantity: 1,
                reason: String::new(),
            },
            "INVALID_ARGUMENT",
        ),
    ] {
        assert_eq!(world.refused(&command, minutes(1)).reason, reason, "{command:?}");
    }
    world.run(&close(1, CloseCause::Customer), minutes(5));
    assert_eq!(world.refused(&add("cola", 1), minutes(6)).reason, "SESSION_CLOSED");

    let policy = HallPolicy {
        goods_by_customers: false,
        ..HallPolicy::default()
    };
    let mut strict = playing(OpenMode::Postpaid, 10_000, policy, yuan_a_minute());
    assert_eq!(
        strict.refused(&add("cola", 1), minutes(1)).reason,
        "GOODS_BY_STAFF_ONLY"
    );
    let by_staff = Command::AddGoods {
        session_id: session_id(1),
        code: "cola".into(),
        quantity: 1,
        by_customer: false,
    };
    strict.run(&by_staff, minutes(1));
    assert_eq!(strict.tables[&table_id(1)].session_id, Some(session_id(1)));
}

#[test]
fn goods_are_ordered_once_billing_has_begun() {
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 1);
    world.run(&list(vec![goods("cola", 600, false)]), ten());
    world.top_up(1, 1, 10_000, 0, ten());
    world.run(&open(1, 1, 1, OpenMode::Postpaid), ten());
    assert_eq!(world.refused(&add("cola", 1), ten()).reason, "SESSION_STARTING");
}

#[test]
fn a_bill_has_so_many_lines_of_goods_and_no_more() {
    let kinds: Vec<_> = (0..51).map(|n| goods(&format!("tea_{n}"), 1, false)).collect();
    let mut world = postpaid(100_000);
    let kept = [goods("cola", 600, false), goods("chalk", 1_500, true)];
    world.run(&list(kept.into_iter().chain(kinds).collect()), ten());
    for n in 0..50 {
        world.run(&add(&format!("tea_{n}"), 1), minutes(1));
    }
    let more = world.refused(&add("tea_50", 1), minutes(2));
    assert_eq!((&*more.reason, &*more.facts["lines_max"]), ("TOO_MANY_GOODS", "50"));
    world.run(&add("tea_7", 2), minutes(2));
    world.run(&close(1, CloseCause::Customer), minutes(10));
    assert_eq!(on_bill(&world).len(), 50, "alike goods stand in one line");
}

#[test]
fn goods_on_a_deposit_come_out_of_it_only_if_nothing_else_is_left() {
    let mut world = playing(OpenMode::Deposit, 15_000, HallPolicy::default(), yuan_a_minute());
    assert_eq!(world.session(1).covered_until, minutes(100));
    world.run(&add("cola", 3), minutes(5));
    assert_eq!(world.wallet(1).held(), Fen(11_800), "the deposit stays whole");
    assert_eq!(world.session(1).covered_until, minutes(100));
    assert_eq!(world.refused(&add("cola", 6), minutes(6)).reason, "TOP_UP_REQUIRED");
    world.run(&close(1, CloseCause::Customer), minutes(40));
    world.run(&settle(1), minutes(40));
    assert_eq!(world.wallet(1).balance().total(), Fen(15_000 - 4_000 - 1_800));
    assert_eq!(world.wallet(1).held(), Fen::ZERO);
}

#[test]
fn a_pause_neither_costs_nor_gives_goods() {
    for (mode, left) in [
        (OpenMode::Postpaid, 15_400),
        (OpenMode::Prepaid { minutes: 60 }, 13_400),
    ] {
        let mut world = playing(mode, 20_000, HallPolicy::default(), yuan_a_minute());
        let pause = Command::PauseSession {
            session_id: session_id(1),
            reason: "the table is brushed".into(),
        };
        world.run(&pause, minutes(10));
        world.run(&add("cola", 1), minutes(15));
        let resume = Command::ResumeSession {
            session_id: session_id(1),
            cause: ResumeCause::Staff,
        };
        world.run(&resume, minutes(20));
        world.run(&close(1, CloseCause::Customer), minutes(50));
        world.run(&settle(1), minutes(50));
        assert_eq!(on_bill(&world), [("cola".to_owned(), 1, 600)]);
        assert_eq!(world.wallet(1).balance().total(), Fen(left));
    }
}

#[test]
fn a_discount_leaves_goods_as_they_are() {
    let off = baize_domain::tariff::Discount {
        level: baize_domain::LevelCode::try_new("vip", "level").expect("a code"),
        rate: rust_decimal::Decimal::new(5, 1),
    };
    let line = baize_domain::session::GoodsLine {
        code: "cola".into(),
        name_zh: "可乐".into(),
        name_en: "Cola".into(),
        quantity: 2,
        price: Fen(600),
    };
    let zone = jiff::tz::TimeZone::UTC;
    let prices = baize_domain::tariff::PinnedTariff {
        plan_id: Default::default(),
        version: 1,
        tariff: yuan_a_minute(),
        days: Default::default(),
    };
    let course = baize_domain::tariff::Course {
        zone: &zone,
        past: &[],
        prices: &prices,
        from: ten(),
        discount: Some(&off),
        goods: &[line],
    };
    assert_eq!(course.bill(minutes(10)).total, Fen(500 + 1_200));
}
