//! Given a chain, when it is asked, then …

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::ids::ChainId;
use crate::level::LevelCode;
use crate::money::Fen;

use super::{Chain, ChainCommand, ChainError, ChainEvent, LEVELS_MAX, Level, LevelPolicy, decide, levels};

const CHAIN: ChainId = ChainId(Uuid::from_u128(1));

fn register(name: &str) -> ChainCommand {
    ChainCommand::Register {
        chain_id: CHAIN,
        name: name.to_owned(),
    }
}

fn rename(name: &str) -> ChainCommand {
    ChainCommand::Rename { name: name.to_owned() }
}

fn define(levels: Vec<Level>) -> ChainCommand {
    ChainCommand::DefineLevels {
        levels,
        policy: LevelPolicy::default(),
    }
}

fn registered() -> Vec<ChainEvent> {
    vec![
        ChainEvent::ChainRegistered {
            chain_id: CHAIN,
            name: "白泽".to_owned(),
        },
        defined(1, levels::defaults()),
    ]
}

fn defined(version: u32, levels: Vec<Level>) -> ChainEvent {
    ChainEvent::LevelsDefined {
        version,
        levels,
        policy: LevelPolicy::default(),
    }
}

fn level(code: &str, discount: &str) -> Level {
    Level {
        code: LevelCode::try_new(code, "code").expect("a code"),
        name_zh: "贵宾".to_owned(),
        name_en: "VIP".to_owned(),
        discount: discount.parse().expect("a number"),
        upgrade_from: None,
        gift_points: 0,
    }
}

fn with(level: Level) -> Vec<Level> {
    [levels::defaults(), vec![level]].concat()
}

fn given(events: Vec<ChainEvent>) -> AggregateTestExecutor<Chain> {
    TestFramework::<Chain>::with(()).given(events)
}

#[test]
fn a_chain_is_registered_once_and_begins_with_guests_and_members() {
    given(vec![]).when(register("白泽")).then_expect_events(registered());
    given(registered()).when(register("白泽")).then_expect_events(vec![]);
    given(registered())
        .when(register("麒麟"))
        .then_expect_error(ChainError::Exists(CHAIN));
    given(vec![])
        .when(register(" "))
        .then_expect_error_message("name must be 1 to 100 characters, not only blanks");
}

#[test]
fn a_chain_is_renamed_and_the_same_name_changes_nothing() {
    let renamed = ChainEvent::ChainRenamed {
        name: "麒麟".to_owned(),
    };
    given(registered())
        .when(rename("麒麟"))
        .then_expect_events(vec![renamed.clone()]);
    let after = [registered(), vec![renamed]].concat();
    given(after).when(rename("麒麟")).then_expect_events(vec![]);
    given(vec![])
        .when(rename("麒麟"))
        .then_expect_error(ChainError::NotFound);
}

#[test]
fn levels_are_defined_in_versions_and_the_same_again_changes_nothing() {
    let vip = with(level("vip", "0.12"));
    let once = [registered(), vec![defined(2, vip.clone())]].concat();
    given(registered())
        .when(define(vip.clone()))
        .then_expect_events(vec![defined(2, vip.clone())]);
    given(once.clone()).when(define(vip)).then_expect_events(vec![]);
    let dearer = with(level("vip", "0.1"));
    given(once)
        .when(define(dearer.clone()))
        .then_expect_events(vec![defined(3, dearer)]);
    given(vec![])
        .when(define(levels::defaults()))
        .then_expect_error(ChainError::NotFound);
}

#[test]
fn the_level_of_a_code_is_found() {
    let mut chain = Chain::default();
    for event in [registered(), vec![defined(2, with(level("vip", "0.12")))]].concat() {
        chain.evolve(&event);
    }
    let vip = LevelCode::try_new("vip", "code").expect("a code");
    assert_eq!(chain.level(&vip).expect("vip").discount, Decimal::new(12, 2));
    assert_eq!(chain.level(&LevelCode::guest()).expect("guest").discount, Decimal::ZERO);
    assert_eq!(chain.level(&LevelCode::try_new("svip", "code").expect("a code")), None);
}

#[test]
fn wrong_levels_are_refused_with_their_field() {
    let renamed = |name_zh: &str, name_en: &str| Level {
        name_zh: name_zh.to_owned(),
        name_en: name_en.to_owned(),
        ..level("vip", "0")
    };
    let many = (0..=LEVELS_MAX).map(|n| level(&format!("l{n}"), "0")).collect();
    let cases: [(&str, Vec<Level>); 10] = [
        ("levels", vec![]),
        ("levels", vec![level("guest", "0")]),
        ("levels", vec![level("member", "0")]),
        ("levels", many),
        ("levels[2].code", with(level("guest", "0"))),
        ("levels[2].name_zh", with(renamed("", "VIP"))),
        ("levels[2].name_en", with(renamed("贵宾", &"V".repeat(51)))),
        ("levels[2].discount", with(level("vip", "1.01"))),
        ("levels[2].discount", with(level("vip", "-0.1"))),
        ("levels[2].discount", with(level("vip", "0.12345"))),
    ];
    for (field, levels) in cases {
        match given(registered()).when(define(levels)).inspect_result() {
            Err(ChainError::Invalid(invalid)) => assert_eq!(invalid.field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[test]
fn a_level_that_members_may_have_stays() {
    let events = [registered(), vec![defined(2, with(level("vip", "0.12")))]].concat();
    given(events)
        .when(define(with(level("svip", "0.2"))))
        .then_expect_error_message("levels must keep the level vip, which members may have");
}

#[test]
fn spending_leads_upwards_and_not_to_where_everybody_begins() {
    let from = |code: &str, fen: i64| Level {
        upgrade_from: Some(Fen(fen)),
        ..level(code, "0")
    };
    let defaults = || vec![level("guest", "0"), level("member", "0")];
    let mut chain = Chain::default();
    registered().iter().for_each(|event| chain.evolve(event));
    let problem = |levels: Vec<Level>| match decide(&chain, define(levels)) {
        Err(ChainError::Invalid(invalid)) => invalid.field,
        other => panic!("{other:?}"),
    };
    let with = |more: Vec<Level>| [defaults(), more].concat();
    assert_eq!(
        problem(vec![level("guest", "0"), from("member", 100)]),
        "levels[1].upgrade_from_fen"
    );
    assert_eq!(problem(with(vec![from("silver", 0)])), "levels[2].upgrade_from_fen");
    assert_eq!(
        problem(with(vec![from("silver", 200), from("gold", 200)])),
        "levels[3].upgrade_from_fen"
    );
    assert!(
        decide(
            &chain,
            define(with(vec![from("silver", 200), level("staff", "0"), from("gold", 201)]))
        )
        .is_ok()
    );
}
