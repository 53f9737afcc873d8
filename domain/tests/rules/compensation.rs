//! What the staff give back for sessions, unit by unit.

use baize_domain::command::{Command, OpenMode};
use baize_domain::hall::HallPolicy;
use baize_domain::ids::CompensationId;
use baize_domain::journal::Account;
use baize_domain::session::{BillingStartCause, CloseCause};
use baize_domain::tariff::Tariff;
use baize_domain::tariff::pricing::minutes_after;
use baize_domain::wallet::TopUpChannel;
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use uuid::Uuid;

use super::world::{World, at, balances, close, member_id, open, session_id, settle, yuan_a_minute};

const STAFF: Uuid = Uuid::from_u128(0x900);
const OWNER: Uuid = Uuid::from_u128(0x901);

fn minutes(n: u32) -> Timestamp {
    minutes_after(at("2026-03-02T10:00:00+08:00"), n)
}

/// Somebody with this much has played so many minutes at ¥4 each, and nobody has settled them yet.
fn played(fen: i64, minutes_played: u32) -> World {
    let tariff = Tariff {
        price_per_hour: Fen(24_000),
        ..yuan_a_minute()
    };
    let mut world = World::new(tariff, HallPolicy::default(), 1);
    world.top_up(1, 1, fen, 0, minutes(0));
    world.run(&open(1, 1, 1, OpenMode::Postpaid), minutes(0));
    let start = Command::StartBilling {
        session_id: session_id(1),
        cause: BillingStartCause::LightConfirmed,
        at: minutes(0),
    };
    world.run(&start, minutes(0));
    world.run(&close(1, CloseCause::Customer), minutes(minutes_played));
    world
}

/// Somebody with this much has played an hour for ¥240.
fn settled(fen: i64) -> World {
    let mut world = played(fen, 60);
    world.run(&settle(1), minutes(61));
    world
}

fn id(number: u128) -> CompensationId {
    CompensationId(Uuid::from_u128(number))
}

fn compensate(number: u128, fen: i64) -> Command {
    Command::CompensateSession {
        compensation_id: id(number),
        session_id: session_id(1),
        amount: Fen(fen),
        by: STAFF,
        reason: "球台不平".to_owned(),
    }
}

fn approve(by: Uuid) -> Command {
    Command::ApproveCompensation {
        session_id: session_id(1),
        compensation_id: id(1),
        by,
    }
}

fn balance(world: &World, account: Account) -> i64 {
    balances(world)
        .get(&(member_id(1), account))
        .copied()
        .unwrap_or_default()
        .0
}

#[test]
fn what_is_given_back_is_in_the_wallet_at_once_and_in_the_books() {
    let mut world = settled(50_000);
    let principal = balance(&world, Account::MemberPrincipal);
    world.run(&compensate(1, 3_000), minutes(300));
    assert_eq!(world.wallet(1).available(), Fen(29_000));
    assert_eq!(balance(&world, Account::Compensation), 3_000);
    assert_eq!(balance(&world, Account::MemberPrincipal), principal - 3_000);
    assert_eq!(balance(&world, Account::Revenue), -24_000, "the bill stays what it was");
    assert_eq!(
        world.run(&compensate(1, 3_000), minutes(301)),
        [],
        "a repeat gives nothing"
    );
}

#[test]
fn a_large_sum_is_not_made_of_small_ones() {
    let mut world = settled(50_000);
    world.run(&compensate(2, 15_000), minutes(300));
    assert_eq!(world.wallet(1).available(), Fen(41_000));
    world.run(&compensate(1, 5_001), minutes(301));
    assert_eq!(world.wallet(1).available(), Fen(41_000), "together above the limit");
    assert_eq!(
        world.refused(&approve(STAFF), minutes(302)).reason,
        "SECOND_PERSON_REQUIRED"
    );
    world.run(&approve(OWNER), minutes(303));
    assert_eq!(world.wallet(1).available(), Fen(46_001));
    world.run(&compensate(2, 15_000), minutes(304));
    assert_eq!(world.wallet(1).available(), Fen(46_001), "a repeat of the first");
}

#[test]
fn no_more_is_given_back_than_was_paid_whoever_gives_it() {
    let mut world = settled(50_000);
    world.run(&compensate(1, 14_000), minutes(300));
    let refusal = world.refused(&compensate(2, 10_001), minutes(301));
    assert_eq!(
        (refusal.reason.as_str(), refusal.facts["left_fen"].as_str()),
        ("COMPENSATION_TOO_MUCH", "10000")
    );
    world.run(&compensate(2, 10_000), minutes(302));
    assert_eq!(
        world.wallet(1).available(),
        Fen(40_000),
        "the second one waits for somebody else"
    );
    assert_eq!(
        world.refused(&compensate(3, 1), minutes(303)).reason,
        "COMPENSATION_TOO_MUCH"
    );
}

#[test]
fn what_is_still_owed_was_not_paid_and_what_is_given_back_pays_it_first() {
    let mut world = played(24_000, 63);
    world.run(&settle(1), minutes(64));
    assert_eq!(world.wallet(1).debts[0].outstanding, Fen(1_200));
    assert_eq!(
        world.refused(&compensate(1, 24_001), minutes(300)).reason,
        "COMPENSATION_TOO_MUCH"
    );
    world.run(&compensate(1, 5_000), minutes(301));
    assert_eq!(
        (world.wallet(1).debts.len(), world.wallet(1).available()),
        (0, Fen(3_800))
    );
    assert_eq!(balance(&world, Account::Receivable), 0);
}

#[test]
fn a_large_sum_waits_for_somebody_other_than_who_asked() {
    let mut world = settled(50_000);
    let events = world.run(&compensate(1, 20_001), minutes(300));
    assert_eq!(
        events.iter().map(Event::event_type).collect::<Vec<_>>(),
        ["CompensationAsked"]
    );
    assert_eq!(world.wallet(1).available(), Fen(26_000));
    assert_eq!(
        world.refused(&approve(STAFF), minutes(301)).reason,
        "SECOND_PERSON_REQUIRED"
    );
    let mut rejected = world.clone();
    world.run(&approve(OWNER), minutes(302));
    assert_eq!(world.wallet(1).available(), Fen(46_001));
    assert_eq!(world.run(&approve(OWNER), minutes(303)), []);
    let reject = Command::RejectCompensation {
        session_id: session_id(1),
        compensation_id: id(1),
        by: OWNER,
        reason: "没有依据".to_owned(),
    };
    assert_eq!(world.refused(&reject, minutes(303)).reason, "COMPENSATION_NOT_WAITING");
    rejected.run(&reject, minutes(302));
    assert_eq!(rejected.wallet(1).available(), Fen(26_000));
    assert_eq!(
        rejected.refused(&approve(OWNER), minutes(303)).reason,
        "COMPENSATION_NOT_WAITING"
    );
}

#[test]
fn a_session_that_is_not_settled_is_not_compensated() {
    let mut world = played(50_000, 60);
    assert_eq!(
        world.refused(&compensate(1, 100), minutes(60)).reason,
        "SESSION_NOT_SETTLED"
    );
    let elsewhere = Command::CompensateSession {
        compensation_id: id(1),
        session_id: session_id(2),
        amount: Fen(100),
        by: STAFF,
        reason: "球台不平".to_owned(),
    };
    assert_eq!(world.refused(&elsewhere, minutes(60)).reason, "SESSION_NOT_FOUND");
}

#[test]
fn what_was_given_back_does_not_go_to_a_provider() {
    let mut world = settled(24_000);
    world.run(&compensate(1, 3_000), minutes(300));
    let lots: Vec<_> = world.wallet(1).lots.iter().map(|lot| lot.origin.channel).collect();
    let session_id = session_id(1);
    assert_eq!(lots, [TopUpChannel::Compensation { session_id }]);
    let refund = Command::RequestPrincipalRefund {
        request_id: Uuid::from_u128(1),
        member_id: member_id(1),
        amount: Fen(1),
        by: STAFF,
        reason: "退款".to_owned(),
    };
    assert_eq!(world.refused(&refund, minutes(301)).reason, "REFUND_AT_COUNTER");
}
