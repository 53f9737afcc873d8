//! Halls, their tables and devices: what may change when, and what may go.

use baize_domain::command::{Command, OpenMode};
use baize_domain::device::{Driver, LightChannel};
use baize_domain::hall::{HallChange, HallPolicy};
use baize_domain::ids::{DeviceId, TableId};
use baize_domain::session::CloseCause;
use baize_domain::table::{TableChange, TableClass};
use jiff::Timestamp;
use uuid::Uuid;

use super::world::{CHAIN, DEVICE, HALL, PLAN, World, at, close, open, session_id, table_id, yuan_a_minute};

const OTHER_DEVICE: DeviceId = DeviceId(Uuid::from_u128(0x77));

fn ten() -> Timestamp {
    at("2026-03-02T10:00:00+08:00")
}

/// A hall with two tables; somebody plays at the first.
fn in_play() -> World {
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 2);
    world.top_up(1, 1, 100_000, 0, ten());
    world.run(&open(1, 1, 1, OpenMode::Postpaid), ten());
    world
}

fn quiet() -> World {
    World::new(yuan_a_minute(), HallPolicy::default(), 2)
}

fn change_table(n: u8, change: TableChange) -> Command {
    let table_id = table_id(n);
    Command::ChangeTable { table_id, change }
}

fn change_hall(change: HallChange) -> Command {
    Command::ChangeHall { hall_id: HALL, change }
}

fn other_zone() -> Command {
    change_hall(HallChange {
        time_zone: Some("Asia/Urumqi".into()),
        ..HallChange::default()
    })
}

fn light(device_id: DeviceId, channel: u8) -> Option<LightChannel> {
    Some(LightChannel { device_id, channel })
}

fn other_device() -> Command {
    Command::RegisterDevice {
        device_id: OTHER_DEVICE,
        hall_id: HALL,
        driver: Driver::Tasmota,
        topic: "relay-2".into(),
        channels: 1,
    }
}

fn reason(world: &mut World, command: &Command) -> String {
    world.refused(command, ten()).reason
}

#[test]
fn the_clocks_of_a_hall_stay_while_somebody_plays() {
    let mut world = in_play();
    let refusal = world.refused(&other_zone(), ten());
    assert_eq!(refusal.reason, "HALL_HAS_OPEN_SESSIONS");
    assert_eq!(refusal.facts["sessions"], "1");
    let name_alone = HallChange {
        name: Some("麒麟".into()),
        business_day_cutoff_minutes: Some(300),
        ..HallChange::default()
    };
    assert_eq!(world.run(&change_hall(name_alone.clone()), ten()).len(), 2);
    assert!(world.run(&change_hall(name_alone), ten()).is_empty(), "the same again");
    world.run(&close(1, CloseCause::Customer), ten());
    assert_eq!(world.run(&other_zone(), ten()).len(), 1);
    assert_eq!(
        world.halls[&HALL].profile.as_ref().map(|hall| hall.time_zone.as_str()),
        Some("Asia/Urumqi")
    );
}

#[test]
fn a_table_that_somebody_plays_at_neither_goes_nor_changes_its_light() {
    let mut world = in_play();
    world.run(&other_device(), ten());
    let retire = Command::RetireTable { table_id: table_id(1) };
    let new_light = change_table(
        1,
        TableChange {
            light: light(OTHER_DEVICE, 1),
            ..TableChange::default()
        },
    );
    assert_eq!(reason(&mut world, &retire), "TABLE_IN_USE");
    assert_eq!(reason(&mut world, &new_light), "TABLE_IN_USE");
    let new_name = TableChange {
        label: Some("V1".into()),
        class: Some(TableClass::NineBall),
        ..TableChange::default()
    };
    world.run(&change_table(1, new_name), ten());
    world.run(&close(1, CloseCause::Customer), ten());
    world.run(&new_light, ten());
    world.run(&retire, ten());
    assert!(world.run(&retire, ten()).is_empty(), "the same again");
    assert!(!world.halls[&HALL].tables.contains_key(&table_id(1)));
}

#[test]
fn a_retired_table_is_neither_opened_nor_changed() {
    let mut world = quiet();
    world.top_up(1, 1, 100_000, 0, ten());
    world.run(&Command::RetireTable { table_id: table_id(1) }, ten());
    assert_eq!(reason(&mut world, &open(1, 1, 1, OpenMode::Postpaid)), "TABLE_RETIRED");
    let rename = TableChange {
        label: Some("B1".into()),
        ..TableChange::default()
    };
    assert_eq!(reason(&mut world, &change_table(1, rename)), "TABLE_RETIRED");
    let rotate = Command::RotateQrToken {
        table_id: table_id(1),
        qr_token: "another-code".into(),
    };
    assert_eq!(reason(&mut world, &rotate), "TABLE_RETIRED");
    assert!(!world.sessions.contains_key(&session_id(1)));
}

#[test]
fn two_tables_of_a_hall_never_have_one_label() {
    let mut world = quiet();
    let first = world.tables[&table_id(1)]
        .profile
        .clone()
        .expect("a table")
        .label
        .clone();
    let rename = TableChange {
        label: Some(first.clone()),
        ..TableChange::default()
    };
    let refusal = world.refused(&change_table(2, rename.clone()), ten());
    assert_eq!(refusal.reason, "TABLE_LABEL_TAKEN");
    assert_eq!(refusal.facts["table_id"], table_id(1).to_string());
    let register = Command::RegisterTable {
        table_id: TableId(Uuid::from_u128(0x999)),
        hall_id: HALL,
        label: first,
        class: TableClass::Snooker,
        tariff_plan_id: PLAN,
        light: LightChannel {
            device_id: DEVICE,
            channel: 2,
        },
        qr_token: "another-code".into(),
    };
    assert_eq!(reason(&mut world, &register), "TABLE_LABEL_TAKEN");
    // A label is free again when its table is gone.
    world.run(&Command::RetireTable { table_id: table_id(1) }, ten());
    world.run(&change_table(2, rename), ten());
}

#[test]
fn a_light_must_be_there_and_in_the_same_hall() {
    let mut world = quiet();
    let with = |light| {
        change_table(
            1,
            TableChange {
                light,
                ..TableChange::default()
            },
        )
    };
    assert_eq!(reason(&mut world, &with(light(OTHER_DEVICE, 1))), "DEVICE_NOT_FOUND");
    assert_eq!(reason(&mut world, &with(light(DEVICE, 9))), "DEVICE_CHANNEL_NOT_FOUND");
    world.run(&other_device(), ten());
    world.run(
        &Command::RetireDevice {
            device_id: OTHER_DEVICE,
        },
        ten(),
    );
    assert_eq!(reason(&mut world, &with(light(OTHER_DEVICE, 1))), "DEVICE_RETIRED");
}

#[test]
fn a_device_goes_when_it_lights_no_table_and_is_dark() {
    let mut world = in_play();
    let retire = Command::RetireDevice { device_id: DEVICE };
    let refusal = world.refused(&retire, ten());
    assert_eq!(refusal.reason, "DEVICE_IN_USE");
    assert_eq!(refusal.facts["labels"].split(", ").count(), 2);
    world.run(&other_device(), ten());
    world.run(&close(1, CloseCause::Customer), ten());
    for n in [1, 2] {
        let elsewhere = TableChange {
            light: light(OTHER_DEVICE, 1),
            ..TableChange::default()
        };
        world.run(&change_table(n, elsewhere), ten());
    }
    assert_eq!(reason(&mut world, &retire), "DEVICE_LIT", "the light lingers");
    let later = at("2026-03-02T12:00:00+08:00");
    assert_eq!(world.run(&retire, later).len(), 2);
    assert!(world.run(&retire, later).is_empty(), "the same again");
    let topic_again = Command::RegisterDevice {
        device_id: DeviceId(Uuid::from_u128(0x78)),
        hall_id: HALL,
        driver: Driver::Tasmota,
        topic: "relay-2".into(),
        channels: 1,
    };
    assert_eq!(reason(&mut world, &topic_again), "DEVICE_TOPIC_TAKEN");
}

#[test]
fn a_hall_closes_when_its_last_table_is_gone_and_takes_nothing_new() {
    let mut world = quiet();
    let retire = Command::RetireHall { hall_id: HALL };
    assert_eq!(reason(&mut world, &retire), "HALL_NOT_EMPTY");
    for n in [1, 2] {
        world.run(&Command::RetireTable { table_id: table_id(n) }, ten());
    }
    assert_eq!(world.run(&retire, ten()).len(), 1);
    assert!(world.run(&retire, ten()).is_empty(), "the same again");
    assert_eq!(reason(&mut world, &other_device()), "HALL_RETIRED");
    assert_eq!(reason(&mut world, &other_zone()), "HALL_RETIRED");
    let policy = Command::ChangeHallPolicy {
        hall_id: HALL,
        policy: HallPolicy::default(),
    };
    assert_eq!(reason(&mut world, &policy), "HALL_RETIRED");
    assert!(world.chains.contains_key(&CHAIN));
}

#[test]
fn a_code_is_rotated_and_must_be_long() {
    let mut world = quiet();
    let rotate = |qr_token: &str| Command::RotateQrToken {
        table_id: table_id(1),
        qr_token: qr_token.into(),
    };
    assert_eq!(world.run(&rotate("another-code"), ten()).len(), 1);
    assert!(world.run(&rotate("another-code"), ten()).is_empty(), "the same again");
    assert_eq!(world.refused(&rotate("short"), ten()).facts["field"], "qr_token");
}
