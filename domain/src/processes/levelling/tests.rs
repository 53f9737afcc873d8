//! Levels that end, with inputs that come twice and late.

use crate::command::Command;
use crate::event::Event;
use crate::ids::MemberId;
use crate::level::LevelCode;
use crate::member::MemberEvent;
use crate::money::Fen;
use crate::processes::fixtures::{Instance, SESSION, at, dispatched, refusal};
use crate::processes::{Effect, ProcessManager as _, Route};

use super::Levelling;
use super::names::REVIEW;

fn reached(told: i64, until: i64) -> Event {
    Event::Member(MemberEvent::LevelReached {
        from: LevelCode::member(),
        level: LevelCode::member(),
        spent: Fen(1),
        packs: Vec::new(),
        gift_points: 0,
        until: at(until),
        at: at(told),
    })
}

fn lost(told: i64, until: Option<i64>) -> Event {
    Event::Member(MemberEvent::LevelLost {
        from: LevelCode::member(),
        level: LevelCode::member(),
        spent: Fen(1),
        until: until.map(at),
        at: at(told),
    })
}

fn by_hand(told: i64) -> Event {
    Event::Member(MemberEvent::LevelChanged {
        level: LevelCode::member(),
        at: at(told),
    })
}

#[test]
fn only_levels_that_end_are_waited_for() {
    let member = MemberId(SESSION.0).to_string();
    for ends in [reached(0, 9), lost(0, Some(9))] {
        assert_eq!(Levelling::route(&member, &ends), Route::Start(SESSION.0));
    }
    for other in [lost(0, None), by_hand(0)] {
        assert_eq!(Levelling::route(&member, &other), Route::Continue(SESSION.0));
    }
}

#[test]
fn a_level_is_looked_at_when_its_time_is_over_and_again_after_the_next_period() {
    let mut levelling = Instance::<Levelling>::new();
    assert_eq!(
        levelling.event(&reached(0, 100), 0),
        [Effect::set_timer(REVIEW, at(100))]
    );
    assert!(levelling.event(&reached(0, 100), 1).is_empty(), "a repeat");
    let member_id = MemberId(SESSION.0);
    let review = levelling.timer(REVIEW, 100);
    assert_eq!(dispatched(&review), [(REVIEW, &Command::ReviewLevel { member_id })]);
    assert!(levelling.accepted(REVIEW, 100).is_empty());
    assert_eq!(
        levelling.event(&lost(100, Some(200)), 101),
        [Effect::set_timer(REVIEW, at(200))]
    );
    assert_eq!(levelling.event(&lost(200, None), 201), [Effect::End]);
}

#[test]
fn a_higher_level_before_the_end_begins_a_new_period_and_an_older_event_does_not_end_it() {
    let mut levelling = Instance::<Levelling>::new().after(&[reached(0, 100)], 0);
    assert_eq!(
        levelling.event(&reached(50, 150), 50),
        [Effect::set_timer(REVIEW, at(150))]
    );
    assert!(levelling.event(&by_hand(40), 51).is_empty(), "it was before");
    assert!(levelling.refused(REVIEW, &refusal("LEVEL_NOT_DUE"), 100).is_empty());
    assert_eq!(levelling.event(&by_hand(60), 60), [Effect::End]);
}

#[test]
fn nobody_waits_for_the_level_of_somebody_who_is_gone() {
    let mut levelling = Instance::<Levelling>::new().after(&[reached(0, 100)], 0);
    assert_eq!(levelling.refused(REVIEW, &refusal("MEMBER_ERASED"), 100), [Effect::End]);
}
