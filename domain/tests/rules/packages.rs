//! Sessions that begin with a package, and what follows on its end.

use baize_domain::command::{Command, OpenMode};
use baize_domain::hall::HallPolicy;
use baize_domain::session::{BillLine, BillingStartCause, CloseCause, TableSessionEvent};
use baize_domain::tariff::pricing::{minutes_after, seconds_after};
use baize_domain::tariff::{Hours, Package, PackageTime, Tariff, Weekday};
use baize_domain::{Event, Fen};
use jiff::Timestamp;

use super::world::{World, at, close, open, session_id, settle, table_id, yuan_a_minute};

const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

fn ten() -> Timestamp {
    at("2026-03-02T10:00:00+08:00")
}

fn minutes(n: u32) -> Timestamp {
    minutes_after(ten(), n)
}

fn package(code: &str) -> OpenMode {
    OpenMode::Package { code: code.into() }
}

/// ¥1 a minute, at least ¥20; three hours for ¥99, and what is left of the morning until 12:00 for ¥50.
fn tariff() -> Tariff {
    let mornings = Hours {
        weekdays: WEEK.to_vec(),
        day_kinds: Vec::new(),
        from_minute: 480,
        to_minute: 720,
    };
    let package = |code: &str, price, time| Package {
        code: code.into(),
        name: format!("套餐 {code}"),
        price: Fen(price),
        time,
    };
    let three_hours = PackageTime::Minutes {
        minutes: 180,
        sold: None,
    };
    Tariff {
        minimum: Fen(2_000),
        packages: vec![
            package("hours_3", 9_900, three_hours),
            package("morning", 5_000, PackageTime::Window(mornings)),
        ],
        ..yuan_a_minute()
    }
}

fn world(policy: HallPolicy) -> World {
    let mut world = World::new(tariff(), policy, 2);
    world.top_up(1, 1, 30_000, 0, ten());
    world
}

/// Opened at ten with that package, billed from ten seconds later.
fn playing(code: &str, policy: HallPolicy) -> World {
    let mut world = world(policy);
    world.run(&open(1, 1, 1, package(code)), ten());
    let start = Command::StartBilling {
        session_id: session_id(1),
        cause: BillingStartCause::LightConfirmed,
        at: seconds_after(ten(), 10),
    };
    world.run(&start, seconds_after(ten(), 10));
    world
}

fn extend(minutes: u32) -> Command {
    Command::ExtendSession {
        session_id: session_id(1),
        minutes,
    }
}

fn lines(world: &World) -> Vec<(&'static str, i64)> {
    let closing = world.session(1).closing.as_ref().expect("a closed session");
    let named = closing.bill.lines.iter().map(|line| {
        let name = match line {
            BillLine::Package { .. } => "package",
            BillLine::Prepaid { .. } => "prepaid",
            BillLine::Surcharge { .. } => "surcharge",
            other => panic!("{other:?}"),
        };
        (name, line.amount().0)
    });
    named.collect()
}

#[test]
fn a_package_is_paid_at_its_price_and_given_whole_from_the_start_of_billing() {
    let mut world = playing("hours_3", HallPolicy::default());
    assert_eq!(world.wallet(1).balance().total(), Fen(20_100));
    assert_eq!(world.session(1).covered_until, seconds_after(ten(), 180 * 60 + 10));
    world.run(&close(1, CloseCause::Customer), minutes(40));
    world.run(&settle(1), minutes(40));
    assert_eq!(lines(&world), [("package", 9_900)], "an early close gives nothing back");
    assert_eq!(world.wallet(1).balance().total(), Fen(20_100));
}

#[test]
fn a_window_ends_by_the_clock_however_late_billing_starts() {
    let mut world = playing("morning", HallPolicy::default());
    let noon = at("2026-03-02T12:00:00+08:00");
    assert_eq!(world.session(1).covered_until, noon);
    let early = world.refused(&close(1, CloseCause::PrepaidEnd), minutes(119));
    assert_eq!(early.reason, "SESSION_NOT_OVER");
    let closed = world.run(&close(1, CloseCause::PrepaidEnd), noon);
    let Event::TableSession(TableSessionEvent::SessionClosed { at, .. }) = closed[0] else {
        panic!("{closed:?}");
    };
    assert_eq!(at, noon);
    assert_eq!(lines(&world), [("package", 5_000)]);
}

#[test]
fn a_package_that_is_unknown_or_not_on_offer_opens_nothing() {
    let mut world = world(HallPolicy::default());
    let unknown = world.refused(&open(1, 1, 1, package("gold")), ten());
    assert_eq!(unknown.reason, "PACKAGE_NOT_FOUND");
    let late = world.refused(&open(1, 1, 1, package("morning")), at("2026-03-02T13:00:00+08:00"));
    assert_eq!(late.reason, "PACKAGE_NOT_ON_OFFER");
    assert_eq!(world.tables[&table_id(1)].session_id, None);
    assert_eq!(world.wallet(1).balance().total(), Fen(30_000));
}

#[test]
fn asked_for_again_a_package_is_sold_once_and_another_package_is_another_session() {
    let mut world = world(HallPolicy::default());
    world.run(&open(1, 1, 1, package("hours_3")), ten());
    assert!(world.run(&open(1, 1, 1, package("hours_3")), minutes(1)).is_empty());
    let other = world.refused(&open(1, 1, 1, package("morning")), minutes(1));
    assert_eq!(other.reason, "SESSION_EXISTS");
    let time = world.refused(&open(1, 1, 1, OpenMode::Prepaid { minutes: 180 }), minutes(1));
    assert_eq!(time.reason, "SESSION_EXISTS");
}

#[test]
fn what_is_bought_on_top_of_a_package_is_time_by_the_tariff_without_its_minimum() {
    let mut world = playing("morning", HallPolicy::default());
    world.run(&extend(10), minutes(60));
    world.run(&extend(5), minutes(61));
    assert_eq!(world.session(1).covered_until, at("2026-03-02T12:15:00+08:00"));
    assert_eq!(world.wallet(1).balance().total(), Fen(23_500), "¥15 for 15 minutes");
    world.run(&close(1, CloseCause::PrepaidEnd), minutes(135));
    world.run(&settle(1), minutes(135));
    assert_eq!(
        lines(&world),
        [("package", 5_000), ("prepaid", 1_000), ("prepaid", 500)]
    );
    assert_eq!(world.wallet(1).balance().total(), Fen(23_500));
}

#[test]
fn a_package_moves_to_an_equal_table_for_nothing() {
    let mut world = playing("hours_3", HallPolicy::default());
    let transfer = Command::TransferSession {
        session_id: session_id(1),
        table_id: table_id(2),
    };
    world.run(&transfer, minutes(170));
    world.run(&extend(30), minutes(171));
    world.run(&close(1, CloseCause::Customer), minutes(175));
    world.run(&settle(1), minutes(175));
    let billed: Fen = lines(&world).iter().map(|(_, amount)| Fen(*amount)).sum();
    let closing = world.session(1).closing.as_ref().expect("a closed session");
    assert_eq!(billed, closing.bill.total);
    assert_eq!(lines(&world)[0], ("package", 9_900));
    assert_eq!(world.wallet(1).balance().total(), Fen(30_000) - billed);
}

#[test]
fn when_prepaid_time_is_over_play_may_go_on_for_as_long_as_the_hall_says() {
    let policy = HallPolicy {
        auto_close_minutes: 5,
        ..HallPolicy::default()
    };
    for mode in [package("morning"), OpenMode::Prepaid { minutes: 120 }] {
        let mut world = world(policy.clone());
        world.run(&open(1, 1, 1, mode), ten());
        let start = Command::StartBilling {
            session_id: session_id(1),
            cause: BillingStartCause::LightConfirmed,
            at: ten(),
        };
        world.run(&start, ten());
        let paid = world.wallet(1).balance().total();
        let refusal = world.refused(&close(1, CloseCause::PrepaidEnd), minutes(124));
        assert_eq!(refusal.reason, "SESSION_NOT_OVER");
        assert_eq!(refusal.facts["until"], minutes(125).to_string());
        // Time that is bought meanwhile counts from the end, not from now.
        let mut prolonged = world.clone();
        prolonged.run(&extend(30), minutes(124));
        assert_eq!(prolonged.session(1).covered_until, minutes(150));
        world.run(&close(1, CloseCause::PrepaidEnd), minutes(125));
        world.run(&settle(1), minutes(125));
        assert_eq!(
            world.wallet(1).balance().total(),
            paid,
            "the minutes after the end are free"
        );
    }
    let mut postpaid = world(policy);
    postpaid.run(&open(1, 1, 1, OpenMode::Postpaid), ten());
    postpaid.run(&close(1, CloseCause::HoldExhausted), minutes(60));
}
