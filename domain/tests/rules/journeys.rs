//! Sessions from opening to settlement, unit by unit.

use baize_domain::command::{Command, OpenMode};
use baize_domain::device::{DesireReason, DeviceEvent, LightChannel};
use baize_domain::hall::HallPolicy;
use baize_domain::ids::{prepaid_transaction, session_hold, settlement_transaction};
use baize_domain::journal::{Account, Entry, JournalEvent};
use baize_domain::refusal::RefusalKind;
use baize_domain::session::{
    BillLine, BillingStartCause, CancelReason, CloseCause, Phase, SessionMode, TableSessionEvent,
};
use baize_domain::table::TableEvent;
use baize_domain::tariff::Tariff;
use baize_domain::tariff::pricing::{minutes_after, seconds_after};
use baize_domain::wallet::{Split, WalletEvent};
use baize_domain::{Event, Fen};
use jiff::Timestamp;

use super::world::{
    DEVICE, World, at, balances, close, credit, member_id, open, session_id, settle, table_id, yuan_a_minute,
};

/// The events of a command that changes nothing.
const NOTHING: [&str; 0] = [];

const POSTPAID: OpenMode = OpenMode::Postpaid;

fn prepaid(minutes: u32) -> OpenMode {
    OpenMode::Prepaid { minutes }
}

fn ten() -> Timestamp {
    at("2026-03-02T10:00:00+08:00")
}

fn seconds(n: u32) -> Timestamp {
    seconds_after(ten(), n)
}

fn minutes(n: u32) -> Timestamp {
    minutes_after(ten(), n)
}

fn start_billing(session: u16, cause: BillingStartCause, at: Timestamp) -> Command {
    Command::StartBilling {
        session_id: session_id(session),
        cause,
        at,
    }
}

fn extend(session: u16, minutes: u32) -> Command {
    Command::ExtendSession {
        session_id: session_id(session),
        minutes,
    }
}

fn renew(session: u16) -> Command {
    Command::RenewHold {
        session_id: session_id(session),
    }
}

fn cancel(session: u16) -> Command {
    Command::CancelSession {
        session_id: session_id(session),
        reason: CancelReason::LightNotConfirmed,
    }
}

fn confirm(rev: u64, on: bool, at: Timestamp) -> Command {
    Command::ConfirmLight {
        device_id: DEVICE,
        channel: 1,
        rev,
        on,
        attempts: 1,
        at,
    }
}

fn switch_off(session: u16) -> Command {
    Command::SwitchOffLight {
        light: LightChannel {
            device_id: DEVICE,
            channel: 1,
        },
        session_id: session_id(session),
    }
}

fn split(principal: i64, bonus: i64) -> Split {
    Split {
        principal: Fen(principal),
        bonus: Fen(bonus),
    }
}

fn names(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::event_type).collect()
}

fn desired(events: &[Event]) -> (bool, Option<Timestamp>, DesireReason) {
    events
        .iter()
        .find_map(|event| match event {
            Event::Device(DeviceEvent::LightDesired {
                on, not_after, reason, ..
            }) => Some((*on, *not_after, *reason)),
            _ => None,
        })
        .expect("a desired light")
}

fn entries(world: &World, transaction: baize_domain::ids::TransactionId) -> Vec<(Account, i64)> {
    world.journal[&transaction]
        .posted
        .as_ref()
        .expect("a posted transaction")
        .entries
        .iter()
        .map(|Entry { account, amount }| (*account, amount.0))
        .collect()
}

/// Opened at ten by member 1 with ¥100 and ¥20 of bonus, and billed from ten.
fn playing(tariff: Tariff, mode: OpenMode) -> World {
    let mut world = World::with_tariff(tariff);
    world.top_up(1, 1, 10_000, 2_000, ten());
    world.run(&open(1, 1, 1, mode), ten());
    world.run(&start_billing(1, BillingStartCause::LightConfirmed, ten()), ten());
    world
}

#[test]
fn a_postpaid_session_is_held_billed_and_captured_principal_first() {
    let mut world = World::with_tariff(yuan_a_minute());
    world.top_up(1, 1, 10_000, 2_000, ten());

    let opened = world.run(&open(1, 1, 1, POSTPAID), ten());
    assert_eq!(
        names(&opened),
        ["SessionOpened", "TableOccupied", "FundsHeld", "LightDesired"]
    );
    assert_eq!(
        world.session(1).opening.as_ref().map(|o| o.mode.clone()),
        Some(SessionMode::Postpaid {
            hold_id: session_hold(session_id(1)),
            held: Fen(6_000),
            covered_until: minutes(60),
        })
    );
    // 60 minutes, at most 10 s until billing starts, 180 s of lingering.
    assert_eq!(
        desired(&opened),
        (true, Some(seconds(3600 + 10 + 180)), DesireReason::SessionOpened)
    );
    assert_eq!(world.wallet(1).available(), Fen(6_000));

    world.run(&confirm(1, true, seconds(2)), seconds(2));
    world.run(
        &start_billing(1, BillingStartCause::LightConfirmed, seconds(2)),
        seconds(3),
    );
    assert_eq!(world.session(1).covered_until, seconds(3602));

    // 100 minutes, 40 more than the hold covers.
    world.run(&renew(1), minutes(50));
    assert_eq!(world.session(1).held, Fen(12_000));
    let closed = world.run(&close(1, CloseCause::Customer), seconds(6002));
    assert_eq!(names(&closed), ["SessionClosed", "TableReleased", "LightDesired"]);
    assert_eq!(desired(&closed), (true, Some(seconds(6182)), DesireReason::Lingering));

    let settled = world.run(&settle(1), seconds(6003));
    assert_eq!(
        settled[1],
        Event::Wallet(WalletEvent::HoldCaptured {
            hold_id: session_hold(session_id(1)),
            session_id: session_id(1),
            captured: split(10_000, 0),
            released: Fen(2_000),
            at: seconds(6003),
        })
    );
    assert_eq!(
        entries(&world, settlement_transaction(session_id(1))),
        [(Account::MemberPrincipal, 10_000), (Account::Revenue, -10_000)]
    );
    assert_eq!(world.wallet(1).balance(), split(0, 2_000));
    assert_eq!(world.session(1).phase, Phase::Settled);
    assert_eq!(names(&world.run(&switch_off(1), seconds(6182))), ["LightDesired"]);
}

#[test]
fn bonus_is_spent_once_the_principal_is_gone() {
    let mut world = World::with_tariff(yuan_a_minute());
    world.top_up(1, 1, 1_000, 500, ten());
    world.top_up(1, 2, 2_000, 5_000, ten());
    world.run(&open(1, 1, 1, prepaid(50)), ten());
    assert_eq!(
        entries(&world, prepaid_transaction(session_id(1), 0)),
        [
            (Account::MemberPrincipal, 3_000),
            (Account::MemberBonus, 2_000),
            (Account::PrepaidDeferred, -5_000)
        ]
    );
    // The older lot's bonus went first; 1,500 of the newer one's with it.
    let left: Vec<Split> = world.wallet(1).lots.iter().map(|lot| lot.remaining).collect();
    assert_eq!(left, [split(0, 3_500)]);
}

#[test]
fn every_refusal_of_an_opening_has_its_reason() {
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 4);
    let now = ten();
    let reason = |world: &mut World, command: &Command| world.refused(command, now).reason;

    assert_eq!(reason(&mut world, &open(1, 9, 1, POSTPAID)), "TABLE_NOT_FOUND");
    let refusal = world.refused(&open(1, 1, 1, POSTPAID), now);
    assert_eq!(refusal.reason, "PAYMENT_METHOD_REQUIRED");
    assert!(!refusal.next_step.is_empty());

    world.top_up(1, 1, 5_000, 0, now);
    let refusal = world.refused(&open(1, 1, 1, POSTPAID), now);
    assert_eq!(refusal.reason, "TOP_UP_REQUIRED");
    assert_eq!(refusal.facts["shortfall_fen"], "1000");
    assert_eq!(refusal.facts["needed_fen"], "6000");
    let refusal = world.refused(&open(1, 1, 1, prepaid(51)), now);
    assert_eq!(refusal.facts["shortfall_fen"], "100");
    for wrong in [0, 1441] {
        let refusal = world.refused(&open(1, 1, 1, prepaid(wrong)), now);
        assert_eq!(refusal.kind, RefusalKind::Invalid);
        assert_eq!(refusal.facts["field"], "mode.prepaid.minutes");
    }

    world.top_up(1, 2, 10_000, 0, now);
    world.run(&open(1, 1, 1, POSTPAID), now);
    world.top_up(2, 3, 10_000, 0, now);
    let refusal = world.refused(&open(2, 1, 2, POSTPAID), now);
    assert_eq!(refusal.reason, "TABLE_OCCUPIED");
    assert_eq!(refusal.facts["table_id"], table_id(1).to_string());
    let refusal = world.refused(&open(2, 2, 1, POSTPAID), now);
    assert_eq!(refusal.reason, "MEMBER_HAS_OPEN_SESSION");
    assert_eq!(refusal.facts["session_id"], session_id(1).to_string());

    world.run(
        &Command::StartMaintenance {
            table_id: table_id(2),
            reason: "新台呢".into(),
            expected_end: Some(minutes(90)),
        },
        now,
    );
    let refusal = world.refused(&open(2, 2, 2, POSTPAID), now);
    assert_eq!(refusal.reason, "TABLE_IN_MAINTENANCE");
    assert_eq!(refusal.facts["maintenance_reason"], "新台呢");
    assert_eq!(refusal.facts["expected_end"], minutes(90).to_string());

    let mut without = world.clone();
    without.plans.clear();
    assert_eq!(reason(&mut without, &open(2, 3, 2, POSTPAID)), "TARIFF_NOT_PUBLISHED");
    let mut without = world.clone();
    without.devices.clear();
    assert_eq!(reason(&mut without, &open(2, 3, 2, POSTPAID)), "DEVICE_NOT_FOUND");
    let mut without = world.clone();
    without.halls.clear();
    assert_eq!(reason(&mut without, &open(2, 3, 2, POSTPAID)), "HALL_NOT_FOUND");
    assert_eq!(reason(&mut world, &open(1, 3, 2, POSTPAID)), "SESSION_EXISTS");
    // Nothing of all that left a trace.
    assert_eq!(world.wallet(2).available(), Fen(10_000));
    assert_eq!(world.tables[&table_id(3)].session_id, None);
}

#[test]
fn a_repeated_command_changes_nothing() {
    let mut world = World::with_tariff(yuan_a_minute());
    let credit_once = credit(1, 1, 10_000, 0);
    world.run(&credit_once, ten());
    assert_eq!(names(&world.run(&credit_once, ten())), NOTHING);

    let steps = [
        open(1, 1, 1, prepaid(60)),
        start_billing(1, BillingStartCause::Deadline, seconds(10)),
        close(1, CloseCause::Customer),
        settle(1),
        open(1, 1, 1, prepaid(60)),
        close(1, CloseCause::PrepaidEnd),
    ];
    for (minute, step) in (0..).zip(&steps[..4]) {
        assert_ne!(names(&world.run(step, minutes(minute))), NOTHING);
        assert_eq!(names(&world.run(step, minutes(minute + 1))), NOTHING);
    }
    for step in &steps[4..] {
        assert_eq!(names(&world.run(step, minutes(9))), NOTHING);
    }

    // The lot is spent and forgotten, yet its top-up is not credited twice.
    world.run(&open(2, 1, 1, prepaid(40)), minutes(10));
    assert_eq!(world.wallet(1).lots.count(), 0);
    assert_eq!(names(&world.run(&credit_once, minutes(11))), NOTHING);
    let refusal = world.refused(&credit(1, 1, 10_001, 0), minutes(11));
    assert_eq!(refusal.kind, RefusalKind::AlreadyExists);
}

#[test]
fn a_prepaid_session_is_charged_extended_and_earned() {
    let mut world = playing(yuan_a_minute(), prepaid(60));
    assert_eq!(world.wallet(1).balance(), split(4_000, 2_000));

    let extended = world.run(&extend(1, 50), minutes(55));
    assert_eq!(
        names(&extended),
        ["SessionExtended", "PrepaidCharged", "LightDesired", "TransactionPosted"]
    );
    assert_eq!(world.session(1).covered_until, minutes(110));
    assert_eq!(
        desired(&extended),
        (true, Some(seconds(110 * 60 + 180)), DesireReason::SessionProlonged)
    );
    assert_eq!(
        entries(&world, prepaid_transaction(session_id(1), 1)),
        [
            (Account::MemberPrincipal, 4_000),
            (Account::MemberBonus, 1_000),
            (Account::PrepaidDeferred, -5_000)
        ]
    );
    let refusal = world.refused(&extend(1, 11), minutes(60));
    assert_eq!(refusal.reason, "TOP_UP_REQUIRED");
    assert_eq!(refusal.facts["shortfall_fen"], "100");

    let closed = world.run(&close(1, CloseCause::PrepaidEnd), minutes(112));
    let Event::TableSession(TableSessionEvent::SessionClosed { at, bill, .. }) = &closed[0] else {
        panic!("{closed:?}");
    };
    assert_eq!(*at, minutes(110), "it ended when its time was over");
    assert_eq!(
        bill.lines,
        [
            BillLine::Prepaid {
                minutes: 60,
                amount: Fen(6_000)
            },
            BillLine::Prepaid {
                minutes: 50,
                amount: Fen(5_000)
            }
        ]
    );
    let settled = world.run(&settle(1), minutes(112));
    assert_eq!(
        names(&settled),
        ["SessionSettled", "PrepaidSettled", "TransactionPosted"]
    );
    assert_eq!(
        entries(&world, settlement_transaction(session_id(1))),
        [(Account::PrepaidDeferred, 11_000), (Account::Revenue, -11_000)]
    );
    assert!(world.wallet(1).sessions.is_empty());
}

#[test]
fn buying_in_parts_costs_what_buying_at_once_does() {
    let tariff = Tariff {
        step_minutes: 30,
        minimum: Fen(4_000),
        cap: Some(Fen(10_000)),
        ..yuan_a_minute()
    };
    let mut world = World::with_tariff(tariff);
    world.top_up(1, 1, 50_000, 0, ten());
    // 20 minutes are sold as a step of 30, for the minimum.
    world.run(&open(1, 1, 1, prepaid(20)), ten());
    assert_eq!(world.session(1).covered_until, minutes(30));
    let mut paid = vec![];
    for _ in 0..5 {
        world.run(&extend(1, 30), minutes(5));
        paid.push(world.session(1).purchases.last().map(|p| p.price.0));
    }
    // 60 minutes cost 6,000, 90 cost 9,000, and more never costs more than the cap.
    assert_eq!(paid, [Some(2_000), Some(3_000), Some(1_000), Some(0), Some(0)]);
    assert_eq!(world.session(1).covered_until, minutes(180));
    assert_eq!(world.wallet(1).balance(), split(40_000, 0));
}

#[test]
fn a_prepaid_session_closed_within_the_grace_is_paid_back_to_its_own_lots() {
    let tariff = Tariff {
        grace_seconds: 180,
        ..yuan_a_minute()
    };
    let mut world = playing(tariff, prepaid(110));
    assert_eq!(world.wallet(1).balance(), split(0, 1_000));
    world.run(&close(1, CloseCause::Customer), seconds(180));
    let settled = world.run(&settle(1), seconds(181));
    assert_eq!(
        names(&settled),
        ["SessionSettled", "PrepaidRefunded", "TransactionPosted"]
    );
    assert_eq!(world.wallet(1).balance(), split(10_000, 2_000));
    assert_eq!(world.wallet(1).lots.count(), 1);
    let deferred = balances(&world)[&(member_id(1), Account::PrepaidDeferred)];
    assert_eq!(deferred, Fen::ZERO);
}

#[test]
fn a_session_without_light_is_cancelled_and_costs_nothing() {
    for mode in [POSTPAID, prepaid(60)] {
        let mut world = World::with_tariff(yuan_a_minute());
        world.top_up(1, 1, 10_000, 0, ten());
        world.run(&open(1, 1, 1, mode.clone()), ten());
        // Billing began by the clock, and still no light.
        world.run(&start_billing(1, BillingStartCause::Deadline, seconds(10)), seconds(10));
        let cancelled = world.run(&cancel(1), seconds(30));
        assert_eq!(
            names(&cancelled)[..3],
            ["SessionCancelled", "TableReleased", "MaintenanceStarted"]
        );
        assert_eq!(desired(&cancelled), (false, None, DesireReason::SessionOver));
        assert_eq!(world.wallet(1).available(), Fen(10_000));
        assert_eq!(world.wallet(1).lots.count(), 1);
        assert_eq!(names(&world.run(&cancel(1), seconds(31))), NOTHING);

        // A light that is confirmed late starts nothing.
        let late = start_billing(1, BillingStartCause::LightConfirmed, seconds(31));
        assert_eq!(world.refused(&late, seconds(31)).reason, "SESSION_CANCELLED");
        assert_eq!(names(&world.run(&confirm(1, true, seconds(31)), seconds(31))), NOTHING);
        let close = close(1, CloseCause::Customer);
        assert_eq!(world.refused(&close, seconds(32)).reason, "SESSION_CANCELLED");
        assert_eq!(world.refused(&settle(1), seconds(32)).reason, "SESSION_CANCELLED");
        assert_eq!(
            world.refused(&open(2, 1, 1, mode), seconds(33)).reason,
            "TABLE_IN_MAINTENANCE"
        );
    }
}

#[test]
fn a_confirmed_light_outweighs_a_timeout_that_fires_late() {
    let mut world = World::with_tariff(yuan_a_minute());
    world.top_up(1, 1, 10_000, 0, ten());
    world.run(&open(1, 1, 1, POSTPAID), ten());
    world.run(&confirm(1, true, seconds(5)), seconds(5));
    // Billing has not been told yet; the device has.
    let refusal = world.refused(&cancel(1), seconds(60));
    assert_eq!(refusal.reason, "SESSION_LIGHT_CONFIRMED");
    world.run(
        &start_billing(1, BillingStartCause::LightConfirmed, seconds(5)),
        seconds(61),
    );
    assert_eq!(world.refused(&cancel(1), seconds(62)).reason, "SESSION_LIGHT_CONFIRMED");
}

#[test]
fn billing_never_starts_later_than_the_policy_allows() {
    let mut world = World::with_tariff(yuan_a_minute());
    world.top_up(1, 1, 10_000, 0, ten());
    world.run(&open(1, 1, 1, prepaid(30)), ten());
    world.run(
        &start_billing(1, BillingStartCause::LightConfirmed, seconds(25)),
        seconds(25),
    );
    let session = world.session(1);
    assert_eq!(session.billing.map(|billing| billing.from), Some(seconds(10)));
    assert_eq!(session.covered_until, seconds(30 * 60 + 10));
}

#[test]
fn a_session_closed_before_billing_costs_nothing() {
    for mode in [POSTPAID, prepaid(60)] {
        let mut world = World::with_tariff(yuan_a_minute());
        world.top_up(1, 1, 10_000, 0, ten());
        world.run(&open(1, 1, 1, mode), ten());
        let closed = world.run(&close(1, CloseCause::Customer), seconds(4));
        assert_eq!(
            names(&closed)[..2],
            ["BillingStarted", "SessionClosed"],
            "a bill always has a start"
        );
        world.run(&settle(1), seconds(5));
        assert_eq!(world.wallet(1).available(), Fen(10_000));
    }
}

#[test]
fn a_renewal_takes_what_the_wallet_can_still_give() {
    let mut world = playing(yuan_a_minute(), POSTPAID);
    world.run(&renew(1), minutes(50));
    assert_eq!(world.session(1).covered_until, minutes(120));
    assert_eq!(world.wallet(1).available(), Fen::ZERO);
    let refusal = world.refused(&renew(1), minutes(110));
    assert_eq!(refusal.reason, "TOP_UP_REQUIRED");
    assert_eq!(refusal.facts["shortfall_fen"], "6000");

    world.top_up(1, 2, 1_234, 0, minutes(111));
    world.run(&renew(1), minutes(112));
    assert_eq!(world.session(1).covered_until, minutes(132));
    assert_eq!(world.wallet(1).available(), Fen(34), "only whole steps are secured");
}

#[test]
fn a_postpaid_extension_raises_the_hold_or_is_refused() {
    let mut world = playing(yuan_a_minute(), POSTPAID);
    let refusal = world.refused(&extend(1, 61), minutes(5));
    assert_eq!(refusal.reason, "TOP_UP_REQUIRED");
    assert_eq!(refusal.facts["shortfall_fen"], "100");
    let extended = world.run(&extend(1, 30), minutes(5));
    assert_eq!(names(&extended), ["HoldRenewed", "FundsHeld", "LightDesired"]);
    assert_eq!(world.session(1).held, Fen(9_000));
    assert_eq!(world.session(1).covered_until, minutes(90));
}

#[test]
fn a_session_does_not_end_by_itself_before_its_time() {
    for (mode, cause, other) in [
        (POSTPAID, CloseCause::HoldExhausted, CloseCause::PrepaidEnd),
        (prepaid(60), CloseCause::PrepaidEnd, CloseCause::HoldExhausted),
    ] {
        let mut world = playing(yuan_a_minute(), mode);
        let refusal = world.refused(&close(1, cause), seconds(3599));
        assert_eq!(refusal.reason, "SESSION_NOT_OVER");
        assert_eq!(refusal.facts["until"], minutes(60).to_string());
        let refusal = world.refused(&close(1, other), minutes(60));
        assert!(refusal.reason.starts_with("SESSION_IS_"), "{refusal}");
        world.run(&close(1, cause), minutes(60));
        assert_eq!(world.session(1).phase, Phase::Closed);
    }
}

#[test]
fn nobody_pays_for_time_in_the_dark() {
    // The close comes three hours late.
    let late = minutes(240);
    for (cause, total, end) in [
        (CloseCause::HoldExhausted, 6_000, minutes(60)),
        // By hand, up to the instant at which the light went off by itself.
        (CloseCause::Customer, 6_300, minutes(63)),
    ] {
        let mut world = playing(yuan_a_minute(), POSTPAID);
        let closed = world.run(&close(1, cause), late);
        let Event::TableSession(TableSessionEvent::SessionClosed {
            at, bill, light_until, ..
        }) = &closed[0]
        else {
            panic!("{closed:?}");
        };
        assert_eq!((*at, bill.total, *light_until), (end, Fen(total), end));
        assert_eq!(
            desired(&closed),
            (false, None, DesireReason::SessionOver),
            "nothing lingers into the past"
        );
        for command in [extend(1, 10), renew(1)] {
            assert_eq!(world.refused(&command, late).reason, "SESSION_CLOSED");
        }
    }
    for (mode, command) in [
        (POSTPAID, extend(1, 10)),
        (POSTPAID, renew(1)),
        (prepaid(60), extend(1, 10)),
    ] {
        let mut world = playing(yuan_a_minute(), mode);
        let refusal = world.refused(&command, seconds(3600 + 181));
        assert_eq!(refusal.reason, "SESSION_TIME_OVER");
        world.run(&command, seconds(3600 + 180));
    }
}

#[test]
fn staff_close_a_session_for_a_reason_that_stays_with_it() {
    let mut world = playing(yuan_a_minute(), POSTPAID);
    let by_staff = |reason: &str| Command::CloseSessionByStaff {
        session_id: session_id(1),
        reason: reason.into(),
    };
    let refusal = world.refused(&by_staff("  "), minutes(30));
    assert_eq!(refusal.facts["field"], "reason");
    let closed = world.run(&by_staff("客人已离店"), minutes(30));
    let Event::TableSession(TableSessionEvent::SessionClosed {
        cause, reason, bill, ..
    }) = &closed[0]
    else {
        panic!("{closed:?}");
    };
    assert_eq!(
        (*cause, reason.as_deref(), bill.total),
        (CloseCause::Staff, Some("客人已离店"), Fen(3_000))
    );
    assert!(world.run(&by_staff("again"), minutes(31)).is_empty());
}

#[test]
fn a_hall_may_allow_a_person_several_sessions_at_once() {
    let policy = HallPolicy {
        open_sessions_max: 2,
        ..HallPolicy::default()
    };
    let mut world = World::new(yuan_a_minute(), policy, 3);
    world.top_up(1, 1, 60_000, 0, ten());
    world.run(&open(1, 1, 1, POSTPAID), ten());
    world.run(&open(2, 2, 1, prepaid(60)), ten());
    let refusal = world.refused(&open(3, 3, 1, POSTPAID), ten());
    assert_eq!(refusal.reason, "MEMBER_HAS_OPEN_SESSION");
    assert_eq!(refusal.facts["open_sessions_max"], "2");
}

#[test]
fn what_a_settlement_leaves_open_blocks_the_next_opening_and_is_paid_first() {
    let mut world = World::with_tariff(yuan_a_minute());
    world.top_up(1, 1, 5_900, 100, ten());
    world.run(&open(1, 1, 1, POSTPAID), ten());
    world.run(&start_billing(1, BillingStartCause::LightConfirmed, ten()), ten());
    world.run(&close(1, CloseCause::Staff), minutes(63));
    let settled = world.run(&settle(1), minutes(63));
    assert_eq!(
        names(&settled),
        ["SessionSettled", "HoldCaptured", "DebtIncurred", "TransactionPosted"]
    );
    assert_eq!(
        entries(&world, settlement_transaction(session_id(1))),
        [
            (Account::MemberPrincipal, 5_900),
            (Account::MemberBonus, 100),
            (Account::Receivable, 300),
            (Account::Revenue, -6_300)
        ]
    );
    let refusal = world.refused(&open(2, 1, 1, prepaid(1)), minutes(64));
    assert_eq!(refusal.reason, "UNPAID_BILL");
    assert_eq!(refusal.facts["outstanding_fen"], "300");
    assert_eq!(refusal.facts["session_id"], session_id(1).to_string());

    world.top_up(1, 2, 200, 50, minutes(65));
    assert_eq!(world.wallet(1).debts[0].outstanding, Fen(50));
    assert_eq!(world.wallet(1).balance(), split(0, 0));
    let paid = world.run(&credit(1, 3, 10_000, 0), minutes(66));
    assert_eq!(
        names(&paid),
        ["TopUpCredited", "DebtPaid", "TransactionPosted", "TransactionPosted"]
    );
    assert!(world.wallet(1).debts.is_empty());
    assert_eq!(world.wallet(1).balance(), split(9_950, 0));
    let books = balances(&world);
    assert_eq!(books[&(member_id(1), Account::Receivable)], Fen::ZERO);
    let posted_for_the_hall = world.log.iter().filter(|(_, event)| {
        matches!(event, Event::Journal(JournalEvent::TransactionPosted { hall_id, .. }) if hall_id.is_some())
    });
    assert_eq!(posted_for_the_hall.count(), 3, "settlement and two payments");
    world.run(&open(2, 1, 1, prepaid(1)), minutes(67));
}

#[test]
fn a_settlement_takes_more_than_the_hold_if_the_wallet_has_it() {
    let mut world = playing(yuan_a_minute(), POSTPAID);
    world.run(&close(1, CloseCause::Customer), minutes(62));
    world.run(&settle(1), minutes(62));
    assert_eq!(world.wallet(1).balance(), split(3_800, 2_000));
    assert!(world.wallet(1).debts.is_empty());
}

#[test]
fn the_light_of_the_next_session_is_left_alone() {
    let mut world = playing(yuan_a_minute(), prepaid(30));
    world.run(&close(1, CloseCause::Customer), minutes(20));
    world.run(&settle(1), minutes(20));
    world.run(&open(2, 1, 1, prepaid(30)), minutes(21));
    assert_eq!(names(&world.run(&switch_off(1), minutes(23))), NOTHING);
    assert_eq!(names(&world.run(&switch_off(2), minutes(60))), ["LightDesired"]);
    assert_eq!(names(&world.run(&switch_off(2), minutes(61))), NOTHING);
}

#[test]
fn without_lingering_the_light_goes_off_at_the_close() {
    let policy = HallPolicy {
        linger_seconds: 0,
        ..HallPolicy::default()
    };
    let mut world = World::new(yuan_a_minute(), policy, 1);
    world.top_up(1, 1, 10_000, 0, ten());
    world.run(&open(1, 1, 1, POSTPAID), ten());
    let closed = world.run(&close(1, CloseCause::Staff), minutes(5));
    assert_eq!(desired(&closed), (false, None, DesireReason::SessionOver));
}

#[test]
fn a_session_closes_though_its_device_is_gone() {
    let mut world = playing(yuan_a_minute(), POSTPAID);
    world.devices.clear();
    world.run(&extend(1, 10), minutes(5));
    let closed = world.run(&close(1, CloseCause::Customer), minutes(10));
    assert_eq!(names(&closed), ["SessionClosed", "TableReleased"]);
}

#[test]
fn a_session_lasts_at_most_a_day() {
    let free = Tariff {
        price_per_hour: Fen::ZERO,
        ..yuan_a_minute()
    };
    let mut world = playing(free.clone(), POSTPAID);
    assert_eq!(world.session(1).covered_until, minutes(1440));
    for command in [renew(1), extend(1, 1)] {
        assert_eq!(world.refused(&command, minutes(1435)).reason, "SESSION_TOO_LONG");
    }
    let mut world = playing(free, prepaid(1400));
    let refusal = world.refused(&extend(1, 41), minutes(5));
    assert_eq!(refusal.reason, "SESSION_TOO_LONG");
    world.run(&extend(1, 40), minutes(5));
}

#[test]
fn maintenance_under_a_running_session_waits_for_its_end() {
    let mut world = playing(yuan_a_minute(), POSTPAID);
    world.run(
        &Command::StartMaintenance {
            table_id: table_id(1),
            reason: "换台呢".into(),
            expected_end: None,
        },
        minutes(1),
    );
    let closed = world.run(&close(1, CloseCause::Customer), minutes(10));
    assert!(closed.contains(&Event::Table(TableEvent::TableReleased {
        session_id: session_id(1),
        at: minutes(10)
    })));
    world.run(&settle(1), minutes(10));
    assert_eq!(
        world.refused(&open(2, 1, 1, POSTPAID), minutes(11)).reason,
        "TABLE_IN_MAINTENANCE"
    );
}
