//! Changes of tables and pauses, unit by unit.

use baize_domain::command::{Command, OpenMode};
use baize_domain::device::{DesireReason, DeviceEvent, Driver, LightChannel};
use baize_domain::hall::HallPolicy;
use baize_domain::ids::{DeviceId, HallId, TableId, TariffPlanId};
use baize_domain::session::{BillLine, BillingStartCause, CloseCause, Phase, ResumeCause, TableSessionEvent};
use baize_domain::table::TableClass;
use baize_domain::tariff::Tariff;
use baize_domain::tariff::pricing::minutes_after;
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use uuid::Uuid;

use super::world::{
    CHAIN, DEVICE, HALL, World, at, balances, close, open, session_id, settle, table_id, yuan_a_minute,
};

const SNOOKER: TariffPlanId = TariffPlanId(Uuid::from_u128(0x22));

fn minutes(n: u32) -> Timestamp {
    minutes_after(at("2026-03-02T10:00:00+08:00"), n)
}

fn transfer(table: u8) -> Command {
    Command::TransferSession {
        session_id: session_id(1),
        table_id: table_id(table),
    }
}

fn pause() -> Command {
    Command::PauseSession {
        session_id: session_id(1),
        reason: "断电".into(),
    }
}

fn resume(cause: ResumeCause) -> Command {
    Command::ResumeSession {
        session_id: session_id(1),
        cause,
    }
}

fn extend(minutes: u32) -> Command {
    Command::ExtendSession {
        session_id: session_id(1),
        minutes,
    }
}

/// Two tables at ¥1 a minute and, third, one at ¥2; member 1 plays at the first from ten on.
fn playing(mode: OpenMode, yuan: i64) -> World {
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 4);
    let snooker = Tariff {
        name: "斯诺克".into(),
        price_per_hour: Fen(12_000),
        ..yuan_a_minute()
    };
    let publish = Command::PublishTariff {
        plan_id: SNOOKER,
        hall_id: HALL,
        tariff: snooker,
    };
    let dear = Command::RegisterTable {
        table_id: TableId(Uuid::from_u128(0x999)),
        hall_id: HALL,
        label: "S1".into(),
        class: TableClass::Snooker,
        tariff_plan_id: SNOOKER,
        light: LightChannel {
            device_id: DEVICE,
            channel: 4,
        },
        qr_token: "token-of-the-snooker-table".into(),
    };
    world.run(&publish, minutes(0));
    world.run(&dear, minutes(0));
    world.top_up(1, 1, yuan * 100, 0, minutes(0));
    world.run(&open(1, 1, 1, mode), minutes(0));
    let start = Command::StartBilling {
        session_id: session_id(1),
        cause: BillingStartCause::LightConfirmed,
        at: minutes(0),
    };
    world.run(&start, minutes(0));
    world
}

fn to_snooker() -> Command {
    Command::TransferSession {
        session_id: session_id(1),
        table_id: TableId(Uuid::from_u128(0x999)),
    }
}

fn lights(events: &[Event]) -> Vec<(u8, bool, Option<Timestamp>, DesireReason)> {
    let desired = events.iter().filter_map(|event| match event {
        Event::Device(DeviceEvent::LightDesired {
            channel,
            on,
            not_after,
            reason,
            ..
        }) => Some((*channel, *on, *not_after, *reason)),
        _ => None,
    });
    desired.collect()
}

fn bill(events: &[Event]) -> (Fen, Vec<i64>) {
    let bill = events.iter().find_map(|event| match event {
        Event::TableSession(TableSessionEvent::SessionClosed { bill, .. }) => Some(bill),
        _ => None,
    });
    let bill = bill.expect("a close");
    (bill.total, bill.lines.iter().map(|line| line.amount().0).collect())
}

#[test]
fn play_moves_to_a_free_table_and_each_stretch_costs_what_its_table_costs() {
    let mut world = playing(OpenMode::Postpaid, 300);
    let moved = world.run(&to_snooker(), minutes(20));
    assert_eq!(world.tables[&table_id(1)].session_id, None);
    assert_eq!(
        world.tables[&TableId(Uuid::from_u128(0x999))].session_id,
        Some(session_id(1))
    );
    // An hour was secured: 20 minutes at ¥1 and 40 at ¥2.
    assert_eq!(world.wallet(1).held(), Fen(10_000));
    assert_eq!(world.session(1).covered_until, minutes(60));
    assert_eq!(
        lights(&moved),
        [
            (1, true, Some(minutes(23)), DesireReason::Lingering),
            (4, true, Some(minutes(63)), DesireReason::SessionOpened)
        ],
        "the light that is left lingers, the other goes on"
    );
    let closed = world.run(&close(1, CloseCause::Customer), minutes(50));
    assert_eq!(bill(&closed), (Fen(8_000), vec![2_000, 6_000]));
    world.run(&settle(1), minutes(50));
    assert_eq!(world.wallet(1).balance().total(), Fen(22_000));
    assert_eq!(world.session(1).phase, Phase::Settled);
}

#[test]
fn the_lingering_light_goes_off_unless_the_session_has_come_back() {
    let off = Command::SwitchOffLight {
        light: LightChannel {
            device_id: DEVICE,
            channel: 1,
        },
        session_id: session_id(1),
    };
    let mut gone = playing(OpenMode::Postpaid, 300);
    gone.run(&transfer(2), minutes(20));
    assert_eq!(
        lights(&gone.run(&off, minutes(23))),
        [(1, false, None, DesireReason::SessionOver)]
    );
    let mut back = playing(OpenMode::Postpaid, 300);
    back.run(&transfer(2), minutes(20));
    back.run(&transfer(1), minutes(21));
    assert!(back.run(&off, minutes(23)).is_empty());
    assert!(
        back.devices[&DEVICE]
            .output(1)
            .is_some_and(|output| output.desired.is_some_and(|d| d.on))
    );
}

#[test]
fn a_move_that_the_wallet_cannot_secure_is_refused_with_the_shortfall() {
    let mut world = playing(OpenMode::Postpaid, 70);
    let refusal = world.refused(&to_snooker(), minutes(20));
    assert_eq!(
        (refusal.reason.as_str(), refusal.facts["shortfall_fen"].as_str()),
        ("TOP_UP_REQUIRED", "3000")
    );
    assert_eq!(world.tables[&table_id(1)].session_id, Some(session_id(1)));
}

#[test]
fn prepaid_time_goes_along_and_costs_the_difference_at_a_dearer_table() {
    let mut world = playing(OpenMode::Prepaid { minutes: 60 }, 300);
    world.run(&to_snooker(), minutes(20));
    assert_eq!(
        world.wallet(1).balance().total(),
        Fen(30_000 - 6_000 - 4_000),
        "¥1 more for each of 40 minutes"
    );
    assert_eq!(world.session(1).covered_until, minutes(60));
    world.run(&extend(10), minutes(30));
    assert_eq!(world.wallet(1).balance().total(), Fen(18_000));
    // Back to a cheaper one nothing is paid back.
    world.run(&transfer(2), minutes(50));
    assert_eq!(world.wallet(1).balance().total(), Fen(18_000));
    world.run(&extend(10), minutes(50));
    let closed = world.run(&close(1, CloseCause::Customer), minutes(55));
    assert_eq!(bill(&closed), (Fen(13_000), vec![6_000, 4_000, 2_000, 1_000]));
    let surcharges = closed.iter().filter(|event| match event {
        Event::TableSession(TableSessionEvent::SessionClosed { bill, .. }) => bill
            .lines
            .iter()
            .any(|line| matches!(line, BillLine::Surcharge { amount: Fen(4_000) })),
        _ => false,
    });
    assert_eq!(surcharges.count(), 1);
    world.run(&settle(1), minutes(55));
    assert_eq!(world.wallet(1).balance().total(), Fen(17_000));
    let deferred: Fen = balances(&world)
        .iter()
        .filter(|((_, account), _)| *account == baize_domain::journal::Account::PrepaidDeferred)
        .map(|(_, amount)| *amount)
        .sum();
    assert_eq!(deferred, Fen::ZERO);
}

#[test]
fn play_moves_only_to_a_free_table_of_the_same_hall() {
    let mut world = playing(OpenMode::Postpaid, 300);
    world.top_up(2, 2, 30_000, 0, minutes(0));
    world.run(&open(2, 2, 2, OpenMode::Postpaid), minutes(1));
    assert_eq!(world.refused(&transfer(2), minutes(5)).reason, "TABLE_OCCUPIED");
    let maintenance = Command::StartMaintenance {
        table_id: table_id(3),
        reason: "新台呢".into(),
        expected_end: None,
    };
    world.run(&maintenance, minutes(2));
    assert_eq!(world.refused(&transfer(3), minutes(5)).reason, "TABLE_IN_MAINTENANCE");
    assert_eq!(world.refused(&transfer(77), minutes(5)).reason, "TABLE_NOT_FOUND");
    let (other_hall, other_device) = (HallId(Uuid::from_u128(0x11)), DeviceId(Uuid::from_u128(0x12)));
    let hall = Command::RegisterHall {
        hall_id: other_hall,
        chain_id: CHAIN,
        name: "白泽二店".into(),
        time_zone: "Asia/Shanghai".into(),
        business_day_cutoff_minutes: 360,
        policy: HallPolicy::default(),
    };
    let device = Command::RegisterDevice {
        device_id: other_device,
        hall_id: other_hall,
        driver: Driver::Tasmota,
        topic: "relay-2".into(),
        channels: 1,
    };
    world.run(&hall, minutes(2));
    world.run(&device, minutes(2));
    let elsewhere = Command::RegisterTable {
        table_id: table_id(50),
        hall_id: other_hall,
        label: "B1".into(),
        class: TableClass::Snooker,
        tariff_plan_id: SNOOKER,
        light: LightChannel {
            device_id: other_device,
            channel: 1,
        },
        qr_token: "token-of-another-hall".into(),
    };
    world.run(&elsewhere, minutes(2));
    assert_eq!(world.refused(&transfer(50), minutes(5)).reason, "TABLE_IN_OTHER_HALL");
    assert!(world.run(&transfer(1), minutes(5)).is_empty(), "it is there already");
    assert_eq!(world.refused(&transfer(4), minutes(60)).reason, "SESSION_TIME_OVER");
}

#[test]
fn a_session_that_is_just_beginning_neither_moves_nor_pauses() {
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 2);
    world.top_up(1, 1, 30_000, 0, minutes(0));
    world.run(&open(1, 1, 1, OpenMode::Postpaid), minutes(0));
    for command in [transfer(2), pause()] {
        assert_eq!(world.refused(&command, minutes(0)).reason, "SESSION_STARTING");
    }
}

#[test]
fn a_pause_is_not_billed_and_moves_the_end() {
    for mode in [OpenMode::Postpaid, OpenMode::Prepaid { minutes: 60 }] {
        let mut world = playing(mode, 300);
        let paused = world.run(&pause(), minutes(20));
        assert_eq!(
            lights(&paused),
            [(1, true, Some(minutes(93)), DesireReason::SessionProlonged)],
            "the light may stay for the longest pause"
        );
        assert!(world.run(&pause(), minutes(21)).is_empty());
        for command in [extend(10), transfer(2)] {
            assert_eq!(world.refused(&command, minutes(25)).reason, "SESSION_PAUSED");
        }
        let resumed = world.run(&resume(ResumeCause::Staff), minutes(35));
        assert_eq!(lights(&resumed)[0].2, Some(minutes(78)));
        assert_eq!(world.session(1).covered_until, minutes(75));
        assert!(world.run(&resume(ResumeCause::Staff), minutes(36)).is_empty());
        let closed = world.run(&close(1, CloseCause::Customer), minutes(75));
        assert_eq!(bill(&closed).0, Fen(6_000), "60 minutes of 75 were played");
    }
}

#[test]
fn a_pause_ends_by_itself_after_the_longest_time_however_late_that_is_seen() {
    let mut world = playing(OpenMode::Postpaid, 300);
    world.run(&pause(), minutes(20));
    let refusal = world.refused(&resume(ResumeCause::Limit), minutes(49));
    assert_eq!(refusal.reason, "PAUSE_NOT_OVER");
    world.run(&resume(ResumeCause::Limit), minutes(55));
    assert_eq!(world.session(1).covered_until, minutes(90));
    let closed = world.run(&close(1, CloseCause::Customer), minutes(60));
    assert_eq!(bill(&closed), (Fen(3_000), vec![2_000, 1_000]));
}

#[test]
fn who_leaves_in_a_pause_pays_until_the_pause() {
    let mut world = playing(OpenMode::Postpaid, 300);
    world.run(&pause(), minutes(20));
    let over = world.refused(&close(1, CloseCause::HoldExhausted), minutes(80));
    assert_eq!(over.reason, "SESSION_PAUSED");
    let closed = world.run(&close(1, CloseCause::Customer), minutes(40));
    assert_eq!(bill(&closed), (Fen(2_000), vec![2_000]));
    assert_eq!(world.tables[&table_id(1)].session_id, None);
}

#[test]
fn staff_say_why_they_pause() {
    let mut world = playing(OpenMode::Postpaid, 300);
    let blank = Command::PauseSession {
        session_id: session_id(1),
        reason: " ".into(),
    };
    assert_eq!(world.refused(&blank, minutes(5)).facts["field"], "reason");
}
