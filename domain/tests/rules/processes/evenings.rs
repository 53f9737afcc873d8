//! Evenings in which everything comes once and in order: what happens, and when.

use baize_domain::command::{Command, OpenMode};
use baize_domain::device::DeviceEvent;
use baize_domain::hall::HallPolicy;
use baize_domain::session::{CloseCause, Phase, TableSessionEvent, Warning};
use baize_domain::tariff::pricing::seconds_after;
use baize_domain::{Event, Fen};
use jiff::Timestamp;

use crate::world::{World, at, close, credit, member_id, open, session_id, table_id, yuan_a_minute};

use super::runner::Runner;

fn ten() -> Timestamp {
    at("2026-03-02T10:00:00+08:00")
}

fn minute(n: u32) -> Timestamp {
    seconds_after(ten(), n * 60)
}

/// Member 1 with `yuan` opens table 1 at ten.
fn evening(yuan: i64, mode: OpenMode) -> Runner {
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 1);
    world.top_up(1, 1, yuan * 100, 0, ten());
    let mut runner = Runner::new(world, ten(), Vec::new());
    runner.script.push((ten(), open(1, 1, 1, mode)));
    runner
}

/// Seconds after ten at which things happened to the session and its light.
fn story(runner: &Runner) -> Vec<(i64, String)> {
    let after_ten = |at: &Timestamp| at.as_second() - ten().as_second();
    runner
        .world
        .log
        .iter()
        .filter_map(|(_, event)| match event {
            Event::TableSession(event) => {
                let at = match event {
                    TableSessionEvent::SessionOpened { opened_at, .. } => opened_at,
                    TableSessionEvent::OpeningAwaited { at, .. }
                    | TableSessionEvent::OpeningLapsed { at, .. }
                    | TableSessionEvent::BillingStarted { at, .. }
                    | TableSessionEvent::SessionExtended { at, .. }
                    | TableSessionEvent::HoldRenewed { at, .. }
                    | TableSessionEvent::GoodsAdded { at, .. }
                    | TableSessionEvent::GoodsRemoved { at, .. }
                    | TableSessionEvent::SessionTransferred { at, .. }
                    | TableSessionEvent::SessionPaused { at, .. }
                    | TableSessionEvent::SessionResumed { at, .. }
                    | TableSessionEvent::CustomerWarned { at, .. }
                    | TableSessionEvent::SessionClosed { at, .. }
                    | TableSessionEvent::SessionSettled { at, .. }
                    | TableSessionEvent::SessionCancelled { at, .. } => at,
                };
                let told = match event {
                    TableSessionEvent::CustomerWarned {
                        warning: Warning::PrepaidEnding { minutes },
                        ..
                    } => format!("warned {minutes}"),
                    TableSessionEvent::CustomerWarned { .. } => "warned short".into(),
                    TableSessionEvent::SessionClosed { cause, .. } => format!("closed {cause:?}"),
                    TableSessionEvent::BillingStarted { cause, .. } => format!("billed {cause:?}"),
                    other => other.name().to_owned(),
                };
                Some((after_ten(at), told))
            }
            Event::Device(DeviceEvent::LightDesired {
                on: false, issued_at, ..
            }) => Some((after_ten(issued_at), "dark".into())),
            _ => None,
        })
        .collect()
}

fn told(story: &[(i64, &str)]) -> Vec<(i64, String)> {
    story.iter().map(|(at, what)| (*at, (*what).to_owned())).collect()
}

#[test]
fn prepaid_time_is_warned_of_twice_and_ends_by_itself() {
    let mut runner = evening(100, OpenMode::Prepaid { minutes: 60 });
    runner.run();
    assert_eq!(
        story(&runner),
        told(&[
            (0, "SessionOpened"),
            (1, "billed LightConfirmed"),
            (30 * 60 + 1, "warned 30"),
            (55 * 60 + 1, "warned 5"),
            (60 * 60 + 1, "closed PrepaidEnd"),
            (60 * 60 + 1, "SessionSettled"),
            (63 * 60 + 1, "dark"),
        ])
    );
    assert_eq!(runner.unfinished(), []);
}

#[test]
fn an_extension_moves_the_end_and_arms_the_warnings_again() {
    let mut runner = evening(200, OpenMode::Prepaid { minutes: 40 });
    let extend = Command::ExtendSession {
        session_id: session_id(1),
        minutes: 40,
    };
    runner.script.push((minute(38), extend));
    runner.run();
    assert_eq!(
        story(&runner)[2..],
        told(&[
            (10 * 60 + 1, "warned 30"),
            (35 * 60 + 1, "warned 5"),
            (38 * 60, "SessionExtended"),
            (50 * 60 + 1, "warned 30"),
            (75 * 60 + 1, "warned 5"),
            (80 * 60 + 1, "closed PrepaidEnd"),
            (80 * 60 + 1, "SessionSettled"),
            (83 * 60 + 1, "dark"),
        ])
    );
}

#[test]
fn whoever_buys_twenty_minutes_is_not_warned_of_thirty() {
    let mut runner = evening(100, OpenMode::Prepaid { minutes: 20 });
    runner.run();
    let warnings: Vec<_> = story(&runner)
        .into_iter()
        .filter(|(_, told)| told.starts_with("warned"))
        .collect();
    assert_eq!(warnings, told(&[(15 * 60 + 1, "warned 5")]));
}

#[test]
fn a_hold_is_renewed_while_there_is_money_and_then_the_session_closes() {
    let mut runner = evening(90, OpenMode::Postpaid);
    runner.run();
    assert_eq!(
        story(&runner),
        told(&[
            (0, "SessionOpened"),
            (1, "billed LightConfirmed"),
            // The last 30 yuan go into the hold; then there is nothing to renew it with.
            (50 * 60 + 1, "HoldRenewed"),
            (80 * 60 + 1, "warned short"),
            (90 * 60 + 1, "closed HoldExhausted"),
            (90 * 60 + 1, "SessionSettled"),
            (93 * 60 + 1, "dark"),
        ])
    );
    assert_eq!(runner.world.wallet(1).balance().total(), Fen::ZERO);
    assert!(runner.world.wallet(1).debts.is_empty());
    let renewals = runner.dispatched.iter().filter(|(_, _, step, _)| step == "renew");
    assert_eq!(renewals.count(), 1 + 10, "once a minute, and not for ever");
}

#[test]
fn whoever_tops_up_when_warned_plays_on() {
    let mut runner = evening(60, OpenMode::Postpaid);
    runner.script.push((minute(52), credit(1, 2, 6_000, 0)));
    runner.script.push((minute(100), close(1, CloseCause::Customer)));
    runner.run();
    assert_eq!(
        story(&runner)[2..],
        told(&[
            (50 * 60 + 1, "warned short"),
            (52 * 60 + 1, "HoldRenewed"),
            (100 * 60, "closed Customer"),
            (100 * 60, "SessionSettled"),
            (103 * 60, "dark"),
        ])
    );
}

#[test]
fn without_light_billing_starts_by_the_clock_and_the_session_is_cancelled() {
    let mut runner = evening(100, OpenMode::Postpaid);
    runner.light_seconds = None;
    runner.run();
    assert_eq!(
        story(&runner),
        told(&[
            (0, "SessionOpened"),
            (10, "billed Deadline"),
            (30, "SessionCancelled"),
            (30, "dark"),
        ])
    );
    assert_eq!(runner.world.wallet(1).available(), Fen(10_000));
    assert_eq!(runner.unfinished(), []);
}

#[test]
fn a_slow_light_is_billed_by_the_clock_and_played_under() {
    let mut runner = evening(100, OpenMode::Prepaid { minutes: 5 });
    runner.light_seconds = Some(29);
    runner.run();
    assert_eq!(
        story(&runner)[..3],
        told(&[
            (0, "SessionOpened"),
            (10, "billed Deadline"),
            (5 * 60 + 10, "closed PrepaidEnd"),
        ])
    );
    assert_eq!(runner.world.session(1).phase, Phase::Settled);
}

#[test]
fn a_light_that_comes_too_late_starts_nothing() {
    let mut runner = evening(100, OpenMode::Prepaid { minutes: 5 });
    runner.light_seconds = Some(31);
    runner.run();
    assert_eq!(runner.world.session(1).phase, Phase::Cancelled);
    assert_eq!(story(&runner).len(), 4);
    assert_eq!(runner.unfinished(), []);
}

/// Member 1 with this much asks at ten for table 1 on a deposit of ¥100.
fn waiting(fen: i64) -> Runner {
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 1);
    world.top_up(1, 1, fen, 0, ten());
    let mut runner = Runner::new(world, ten(), Vec::new());
    let wait = Command::OpenTable {
        session_id: session_id(1),
        table_id: table_id(1),
        member_id: member_id(1),
        mode: OpenMode::Deposit,
        wait_for_payment: true,
    };
    runner.script.push((ten(), wait));
    runner
}

#[test]
fn an_opening_that_waits_opens_by_itself_when_money_comes_and_ends_when_the_deposit_is_used_up() {
    let mut runner = waiting(3_000);
    runner.script.push((minute(1), credit(1, 2, 7_000, 0)));
    runner.run();
    let session = runner.world.session(1);
    assert_eq!(session.phase, Phase::Settled);
    let opened_at = session.opening.as_ref().map(|opening| opening.opened_at);
    assert_eq!(opened_at, Some(minute(1)));
    let bill = session.closing.as_ref().map(|closing| closing.bill.total);
    assert_eq!(bill, Some(Fen(10_000)), "all of the deposit was played");
    assert_eq!(runner.world.wallet(1).balance().total(), Fen::ZERO);
    assert_eq!(runner.unfinished(), vec![]);
}

#[test]
fn an_opening_that_nobody_pays_for_lets_go_of_its_table_by_itself() {
    let mut runner = waiting(3_000);
    runner.run();
    assert_eq!(runner.world.session(1).phase, Phase::Lapsed);
    assert_eq!(runner.world.tables[&table_id(1)].session_id, None);
    assert_eq!(runner.unfinished(), vec![]);
}
