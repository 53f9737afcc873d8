//! The splitting of a bill, with inputs that come twice, late and in another order.

use uuid::Uuid;

use crate::command::Command;
use crate::event::Event;
use crate::ids::{MemberId, SplitId};
use crate::money::Fen;
use crate::processes::fixtures::{Instance, SESSION, at, dispatched, refusal, steps};
use crate::processes::{Effect, ProcessManager as _, Route};
use crate::split::{CancelCause, SplitEvent, SplitTerms};

use super::Splitting;

const SPLIT: SplitId = SplitId(SESSION.0);
const ONE: MemberId = MemberId(Uuid::from_u128(1));
const TWO: MemberId = MemberId(Uuid::from_u128(2));

fn started(round: u32, confirm_by: i64) -> Event {
    let terms = SplitTerms {
        split_id: SPLIT,
        round,
        chain_id: crate::ids::ChainId::default(),
        hall_id: crate::ids::HallId::default(),
        session_id: SESSION,
        opener: MemberId::default(),
        bill: Fen(100),
        shares: Vec::new(),
        link_minutes: 10,
    };
    Event::BillSplit(SplitEvent::SplitStarted {
        terms: Box::new(terms),
        confirm_by: at(confirm_by),
        ends_at: at(confirm_by + 1_800),
        at: at(0),
    })
}

fn charging() -> Event {
    Event::BillSplit(SplitEvent::ChargingBegan {
        round: 1,
        opener: MemberId::default(),
        bill: Fen(100),
        ordinals: vec![0, 1, 2],
        ends_at: at(2_400),
        at: at(1),
    })
}

fn failed(failures: u8) -> Event {
    Event::BillSplit(SplitEvent::ShareFailed {
        round: 1,
        ordinal: 1,
        member_id: ONE,
        shortfall: Fen(1),
        failures,
        at: at(2),
    })
}

fn completed() -> Event {
    Event::BillSplit(SplitEvent::SplitCompleted {
        round: 1,
        opener: MemberId::default(),
        bill: Fen(100),
        ordinals: vec![1, 2],
        people: vec![ONE, TWO],
        at: at(3),
    })
}

fn cancelled(ordinals: Vec<u8>, people: Vec<MemberId>) -> Event {
    Event::BillSplit(SplitEvent::SplitCancelled {
        round: 1,
        cause: CancelCause::Opener,
        opener: MemberId::default(),
        bill: Fen(100),
        ordinals,
        people,
        at: at(3),
    })
}

#[test]
fn what_begins_or_ends_a_split_begins_an_instance_and_the_rest_continues_it() {
    let stream = SPLIT.to_string();
    for event in [started(1, 600), charging(), completed(), cancelled(vec![], vec![])] {
        assert_eq!(Splitting::route(&stream, &event), Route::Start(SPLIT.0));
    }
    assert_eq!(Splitting::route(&stream, &failed(1)), Route::Continue(SPLIT.0));
}

#[test]
fn links_and_the_split_end_by_timers() {
    let mut splitting = Instance::<Splitting>::new();
    assert_eq!(
        splitting.event(&started(1, 600), 0),
        [
            Effect::set_timer("stall-1", at(600)),
            Effect::set_timer("lapse-1", at(2_400))
        ]
    );
    let (split_id, round) = (SPLIT, 1);
    assert_eq!(
        dispatched(&splitting.timer("stall-1", 600)),
        [("stall-1", &Command::StallSplit { split_id, round })]
    );
    assert_eq!(
        dispatched(&splitting.timer("lapse-1", 2_400)),
        [("lapse-1", &Command::LapseSplit { split_id, round })]
    );
    assert_eq!(
        splitting.refused("lapse-1", &refusal("SPLIT_NOT_OVER"), 2_400),
        [Effect::set_timer("lapse-1", at(2_460))]
    );
}

#[test]
fn all_shares_are_charged_at_once_also_if_the_start_comes_later() {
    let mut splitting = Instance::<Splitting>::new();
    let effects = splitting.event(&charging(), 1);
    assert_eq!(steps(&effects), ["charge-1-0", "charge-1-1", "charge-1-2"]);
    splitting.event(&started(1, 600), 2);
    assert!(splitting.0.charging, "the late start takes nothing back");
}

#[test]
fn a_share_that_could_not_be_paid_is_tried_again_three_times() {
    let mut splitting = Instance::<Splitting>::new().after(&[started(1, 600), charging()], 1);
    for failures in 1..=3 {
        assert_eq!(
            splitting.event(&failed(failures), 10),
            [Effect::set_timer("retry-1-1", at(70))]
        );
        assert_eq!(steps(&splitting.timer("retry-1-1", 70)), ["charge-1-1"]);
    }
    assert!(splitting.event(&failed(4), 80).is_empty(), "the opener is asked");
}

#[test]
fn when_everybody_has_paid_each_share_is_delivered_and_then_it_is_over() {
    let mut splitting = Instance::<Splitting>::new().after(&[started(1, 600), charging()], 1);
    assert_eq!(steps(&splitting.event(&completed(), 3)), ["move-1-1", "move-1-2"]);
    assert!(splitting.event(&completed(), 4).is_empty(), "once more");
    assert!(splitting.timer("lapse-1", 2_400).is_empty());
    assert!(splitting.timer("retry-1-1", 70).is_empty());
    assert!(splitting.accepted("move-1-1", 5).is_empty());
    assert_eq!(
        splitting.refused("move-1-2", &refusal("TOO_MANY_TOP_UPS"), 6),
        [Effect::set_timer("again-1-2", at(8))]
    );
    let again = splitting.timer("again-1-2", 8);
    let (split_id, round, ordinal) = (SPLIT, 1, 2);
    let deliver = Command::DeliverShare {
        split_id,
        round,
        ordinal,
    };
    assert_eq!(dispatched(&again), [("move-1-2", &deliver)]);
    let leftovers = splitting.accepted("move-1-2", 9);
    assert_eq!(
        steps(&leftovers),
        [format!("leftover-1-{ONE}"), format!("leftover-1-{TWO}")]
    );
    assert!(splitting.accepted(&format!("leftover-1-{ONE}"), 10).is_empty());
    assert_eq!(splitting.accepted(&format!("leftover-1-{TWO}"), 10), [Effect::End]);
}

#[test]
fn a_cancelled_split_gives_back_what_was_paid() {
    let mut splitting = Instance::<Splitting>::new().after(&[started(1, 600), charging()], 1);
    let back = splitting.event(&cancelled(vec![1], vec![ONE, TWO]), 3);
    let (split_id, round, ordinal) = (SPLIT, 1, 1);
    let give_back = Command::ReturnShare {
        split_id,
        round,
        ordinal,
    };
    assert_eq!(dispatched(&back), [("move-1-1", &give_back)]);
    let mut nobody_paid = Instance::<Splitting>::new().after(&[started(1, 600)], 1);
    let effects = nobody_paid.event(&cancelled(vec![], vec![]), 3);
    assert_eq!(effects.last(), Some(&Effect::End));
}

#[test]
fn a_late_repeat_of_what_is_over_ends_by_itself() {
    let mut after_its_end = Instance::<Splitting>::new().after(&[charging()], 9_000);
    assert_eq!(steps(&after_its_end.timer("lapse-1", 9_000)), ["lapse-1"]);
    assert_eq!(
        after_its_end.refused("lapse-1", &refusal("BILL_SPLIT"), 9_001),
        [Effect::End]
    );
    let mut cancelled_before = Instance::<Splitting>::new().after(&[started(1, 600)], 9_000);
    assert_eq!(cancelled_before.accepted("lapse-1", 9_001), [Effect::End]);
}

#[test]
fn what_belongs_to_an_earlier_round_is_of_no_concern() {
    let mut splitting = Instance::<Splitting>::new().after(&[started(1, 600), charging(), started(2, 900)], 1);
    assert!(splitting.timer("stall-1", 600).is_empty());
    assert!(splitting.timer("retry-1-1", 70).is_empty());
    assert!(splitting.event(&charging(), 2).is_empty());
    assert!(splitting.event(&completed(), 3).is_empty());
    assert_eq!(steps(&splitting.timer("stall-2", 900)), ["stall-2"]);
}
