//! Levels by spending, from the payment to the notice: with everything twice, late and out of order.

use baize_domain::chain::{Level, LevelPolicy};
use baize_domain::command::{Command, OpenMode};
use baize_domain::hall::HallPolicy;
use baize_domain::member::MemberEvent;
use baize_domain::points_account::PointsAccountEvent;
use baize_domain::session::CloseCause;
use baize_domain::tariff::pricing::seconds_after;
use baize_domain::{Event, Fen, LevelCode};
use jiff::Timestamp;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::processes::runner::Runner;
use super::world::{CHAIN, World, at, close, member_id, open, yuan_a_minute};

fn ten() -> Timestamp {
    at("2026-03-02T10:00:00+08:00")
}

fn level(code: &str, upgrade_from: Option<i64>, gift_points: u64) -> Level {
    Level {
        code: LevelCode::try_new(code, "code").expect("a code"),
        name_zh: code.to_owned(),
        name_en: code.to_owned(),
        discount: Decimal::ZERO,
        upgrade_from: upgrade_from.map(Fen),
        gift_points,
    }
}

/// A member with ¥500 in a chain where ¥30 lead to silver and ¥100 to gold.
fn world() -> World {
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 2);
    let levels = Command::DefineLevels {
        chain_id: CHAIN,
        levels: vec![
            level("guest", None, 0),
            level("member", None, 0),
            level("silver", Some(3_000), 50),
            level("gold", Some(10_000), 200),
        ],
        policy: LevelPolicy::default(),
    };
    world.run(&levels, ten());
    world.top_up(1, 1, 50_000, 0, ten());
    world
}

/// Evenings of so many minutes, a day apart, until nothing is left to be done: also not a year later.
fn evenings(minutes: &[u32], chaos: Vec<u8>) -> World {
    let mut runner = Runner::new(world(), ten(), chaos);
    for (number, minutes) in (1u16..).zip(minutes) {
        let begin = seconds_after(ten(), u32::from(number) * 86_400);
        runner.script.push((begin, open(number, 1, 1, OpenMode::Postpaid)));
        let end = seconds_after(begin, minutes * 60);
        runner.script.push((end, close(number, CloseCause::Customer)));
    }
    runner.run();
    assert_eq!(runner.unfinished(), vec![]);
    runner.world
}

/// Where the member went, and the points of gift packs.
fn steps(world: &World) -> (Vec<String>, u64) {
    let mut levels = Vec::new();
    let mut gifts = 0;
    for (_, event) in &world.log {
        match event {
            Event::Member(MemberEvent::LevelReached { level, .. } | MemberEvent::LevelLost { level, .. }) => {
                levels.push(level.to_string());
            }
            Event::PointsAccount(PointsAccountEvent::PointsGranted { points, .. }) => gifts += points,
            _ => {}
        }
    }
    (levels, gifts)
}

#[test]
fn spending_leads_up_at_once_and_without_more_of_it_down_a_step_a_year() {
    let world = evenings(&[40, 70], vec![]);
    let (levels, gifts) = steps(&world);
    assert_eq!(levels, ["silver", "gold", "silver", "member"]);
    assert_eq!(gifts, 250);
}

#[test]
fn who_spends_less_stays_and_goes_on_counting() {
    assert_eq!(steps(&evenings(&[20], vec![])), (vec![], 0));
    let (levels, gifts) = steps(&evenings(&[20, 20], vec![]));
    assert_eq!((levels, gifts), (vec!["silver".to_owned(), "member".to_owned()], 50));
}

#[test]
fn the_level_and_its_gift_pack_come_with_the_points_of_the_payment_that_led_there() {
    let world = evenings(&[40], vec![]);
    let (mut earned, mut reached) = (None, None);
    for (index, (_, event)) in world.log.iter().enumerate() {
        match event {
            Event::PointsAccount(PointsAccountEvent::PointsEarned { .. }) => earned = Some(index),
            Event::Member(MemberEvent::LevelReached { .. }) => reached = Some(index),
            _ => {}
        }
    }
    let (earned, reached) = (earned.expect("points"), reached.expect("a level"));
    assert!(
        reached - earned <= 2,
        "one unit: what was earned, its gift pack, the level"
    );
    assert!(
        world.members[&member_id(1)]
            .profile
            .as_ref()
            .expect("a member")
            .packs
            .len()
            == 1
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_gift_pack_comes_once_whatever_is_repeated_late_or_out_of_order(
        minutes in proptest::collection::vec(1u32..80, 1..4),
        chaos in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let world = evenings(&minutes, chaos);
        let (levels, gifts) = steps(&world);
        let reached = |name: &str| levels.iter().any(|level| level == name);
        let silver = if reached("silver") || reached("gold") { 50 } else { 0 };
        let gold = if reached("gold") { 200 } else { 0 };
        prop_assert_eq!(gifts, silver + gold);
        prop_assert_eq!(
            world.members[&member_id(1)].profile.as_ref().expect("a member").level.as_str(),
            "member",
            "in the end all of it was long ago"
        );
    }
}
