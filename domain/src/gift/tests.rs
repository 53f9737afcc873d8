//! Given a gift, when it is asked, then …

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use crate::ids::{GiftId, HallId, RedemptionId};

use super::{Gift, GiftCommand, GiftContent, GiftError, GiftEvent, decide};

const AT: Timestamp = Timestamp::UNIX_EPOCH;
const GIFT: GiftId = GiftId(Uuid::from_u128(1));
const HALL: HallId = HallId(Uuid::from_u128(2));

fn content(points: u64) -> GiftContent {
    GiftContent {
        name_zh: "巧克粉".to_owned(),
        name_en: "Chalk".to_owned(),
        picture_url: "https://example.com/chalk.png".to_owned(),
        points,
    }
}

fn register(content: GiftContent) -> GiftCommand {
    GiftCommand::Register {
        gift_id: GIFT,
        hall_id: HALL,
        content,
        at: AT,
    }
}

fn registered() -> GiftEvent {
    GiftEvent::GiftRegistered {
        gift_id: GIFT,
        hall_id: HALL,
        content: content(100),
        at: AT,
    }
}

fn received(pieces: u32) -> GiftEvent {
    GiftEvent::StockReceived { pieces, at: AT }
}

fn of(n: u128) -> RedemptionId {
    RedemptionId(Uuid::from_u128(n))
}

fn hold(n: u128) -> GiftCommand {
    GiftCommand::Hold {
        redemption_id: of(n),
        at: AT,
    }
}

fn held(n: u128) -> GiftEvent {
    GiftEvent::PieceHeld {
        redemption_id: of(n),
        at: AT,
    }
}

fn given(events: Vec<GiftEvent>) -> AggregateTestExecutor<Gift> {
    TestFramework::<Gift>::with(()).given(events)
}

#[test]
fn a_gift_is_registered_once_changed_and_retired() {
    given(vec![])
        .when(register(content(100)))
        .then_expect_events(vec![registered()]);
    given(vec![registered()])
        .when(register(content(100)))
        .then_expect_events(vec![]);
    given(vec![registered()])
        .when(register(content(99)))
        .then_expect_error(GiftError::Exists(GIFT));
    let changed = GiftEvent::GiftChanged {
        content: content(80),
        at: AT,
    };
    let change = GiftCommand::Change {
        content: content(80),
        at: AT,
    };
    given(vec![registered()])
        .when(change.clone())
        .then_expect_events(vec![changed.clone()]);
    given(vec![registered(), changed])
        .when(change.clone())
        .then_expect_events(vec![]);
    let retired = GiftEvent::GiftRetired { at: AT };
    given(vec![registered()])
        .when(GiftCommand::Retire { at: AT })
        .then_expect_events(vec![retired.clone()]);
    for refused in [change, hold(1), GiftCommand::Receive { pieces: 1, at: AT }] {
        given(vec![registered(), received(1), retired.clone()])
            .when(refused)
            .then_expect_error(GiftError::Retired);
    }
    given(vec![]).when(hold(1)).then_expect_error(GiftError::NotFound);
}

#[test]
fn a_catalogue_entry_out_of_range_is_refused_with_its_field() {
    let cases: [(&str, GiftContent); 6] = [
        (
            "gift.name_zh",
            GiftContent {
                name_zh: " ".to_owned(),
                ..content(1)
            },
        ),
        (
            "gift.name_en",
            GiftContent {
                name_en: "x".repeat(51),
                ..content(1)
            },
        ),
        (
            "gift.picture_url",
            GiftContent {
                picture_url: "http://example.com/a.png".to_owned(),
                ..content(1)
            },
        ),
        (
            "gift.picture_url",
            GiftContent {
                picture_url: "https://example.com/a b.png".to_owned(),
                ..content(1)
            },
        ),
        ("gift.points", content(0)),
        ("gift.points", content(10_000_001)),
    ];
    for (field, wrong) in cases {
        match given(vec![]).when(register(wrong)).inspect_result() {
            Err(GiftError::Invalid(invalid)) => assert_eq!(invalid.field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[test]
fn the_last_piece_is_held_for_one_and_the_next_is_told_that_none_is_left() {
    let one = vec![registered(), received(1)];
    given(one.clone()).when(hold(1)).then_expect_events(vec![held(1)]);
    let taken = [one, vec![held(1)]].concat();
    given(taken.clone()).when(hold(1)).then_expect_events(vec![]);
    given(taken.clone())
        .when(hold(2))
        .then_expect_error(GiftError::OutOfStock);
    let released = GiftEvent::PieceReleased {
        redemption_id: of(1),
        at: AT,
    };
    given([taken, vec![released]].concat())
        .when(hold(2))
        .then_expect_events(vec![held(2)]);
}

#[test]
fn a_count_corrects_the_books_but_leaves_what_is_promised() {
    let books = vec![registered(), received(5), held(1), held(2)];
    let count = |found| GiftCommand::Count { found, at: AT };
    given(books.clone()).when(count(5)).then_expect_events(vec![]);
    let counted = GiftEvent::StockCounted {
        found: 3,
        difference: -2,
        at: AT,
    };
    given(books.clone())
        .when(count(3))
        .then_expect_events(vec![counted.clone()]);
    given(books.clone())
        .when(count(1))
        .then_expect_error(GiftError::CountBelowHeld { found: 1, held: 2 });
    let mut gift = Gift::default();
    for event in [books, vec![counted]].concat() {
        gift.evolve(&event);
    }
    assert_eq!(gift.stock.available(), 1);
}

fn commands() -> impl Strategy<Value = GiftCommand> {
    let redemption_id = || (1u128..8).prop_map(of);
    prop_oneof![
        2 => (1u32..4).prop_map(|pieces| GiftCommand::Receive { pieces, at: AT }),
        1 => (0u64..8).prop_map(|found| GiftCommand::Count { found, at: AT }),
        6 => redemption_id().prop_map(|redemption_id| GiftCommand::Hold { redemption_id, at: AT }),
        2 => redemption_id().prop_map(|redemption_id| GiftCommand::Issue { redemption_id, at: AT }),
        2 => redemption_id().prop_map(|redemption_id| GiftCommand::Release { redemption_id, at: AT }),
    ]
}

proptest! {
    #[test]
    fn stock_is_what_came_in_less_what_is_issued_and_held_whatever_the_order_and_repetition(
        asked in proptest::collection::vec((commands(), 1usize..3), 0..80),
    ) {
        let mut gift = Gift::default();
        gift.evolve(&registered());
        let (mut came_in, mut issued, mut holding) = (0i64, 0i64, 0i64);
        for (command, times) in asked {
            for _ in 0..times {
                let Ok(events) = decide(&gift, command.clone()) else { continue };
                for event in events {
                    gift.evolve(&event);
                    match event {
                        GiftEvent::StockReceived { pieces, .. } => came_in += i64::from(pieces),
                        GiftEvent::StockCounted { difference, .. } => came_in += difference,
                        GiftEvent::PieceHeld { .. } => holding += 1,
                        GiftEvent::PieceIssued { .. } => { holding -= 1; issued += 1; }
                        GiftEvent::PieceReleased { .. } => holding -= 1,
                        other => prop_assert!(false, "{other:?}"),
                    }
                    let available = i64::try_from(gift.stock.available()).expect("few");
                    prop_assert_eq!(available, came_in - issued - holding);
                    prop_assert!(available >= 0 && holding >= 0);
                }
            }
        }
    }
}
