//! Waiting openings, with inputs that come twice and late.

use crate::ids::SessionId;
use crate::processes::fixtures::{Instance, SESSION, at, awaited, credited, refusal, steps};
use crate::processes::{Effect, ProcessManager as _, Route};

use super::Paying;

fn pay(session_id: SessionId) -> String {
    format!("pay-{session_id}")
}

fn lapse(session_id: SessionId) -> String {
    format!("lapse-{session_id}")
}

/// Waiting until second 120, and refused once.
fn waiting() -> Instance<Paying> {
    let mut paying = Instance::<Paying>::new();
    let effects = paying.event(&awaited(120), 0);
    assert_eq!(effects[0], Effect::set_timer(&SESSION.to_string(), at(120)));
    assert_eq!(steps(&effects), [pay(SESSION)]);
    assert!(paying.refused(&pay(SESSION), &refusal("TOP_UP_REQUIRED"), 1).is_empty());
    paying
}

#[test]
fn an_opening_waits_with_its_member() {
    let member = crate::ids::MemberId::default().to_string();
    assert_eq!(
        Paying::route(&SESSION.to_string(), &awaited(120)),
        Route::Start(crate::ids::MemberId::default().0)
    );
    assert_eq!(
        Paying::route(&member, &credited()),
        Route::Continue(crate::ids::MemberId::default().0)
    );
}

#[test]
fn it_is_tried_whenever_money_comes_in_and_is_over_when_it_has_begun() {
    let mut paying = waiting();
    assert_eq!(steps(&paying.event(&credited(), 30)), [pay(SESSION)]);
    assert!(
        paying
            .refused(&pay(SESSION), &refusal("TOP_UP_REQUIRED"), 30)
            .is_empty()
    );
    assert_eq!(steps(&paying.event(&credited(), 40)), [pay(SESSION)]);
    assert_eq!(paying.accepted(&pay(SESSION), 40), [Effect::End]);
    assert!(paying.accepted(&pay(SESSION), 41).is_empty(), "once");
}

#[test]
fn the_table_is_let_go_when_nobody_pays_in_time() {
    let mut paying = waiting();
    assert_eq!(steps(&paying.timer(&SESSION.to_string(), 120)), [lapse(SESSION)]);
    assert_eq!(paying.accepted(&lapse(SESSION), 121), [Effect::End]);
    assert!(
        paying.event(&credited(), 122).is_empty(),
        "what comes later stays in the wallet"
    );
}

#[test]
fn the_table_is_let_go_when_the_opening_cannot_begin_at_all() {
    let mut paying = waiting();
    paying.event(&credited(), 30);
    let effects = paying.refused(&pay(SESSION), &refusal("DEVICE_NOT_FOUND"), 30);
    assert_eq!(steps(&effects), [lapse(SESSION)]);
    assert_eq!(
        paying.refused(&lapse(SESSION), &refusal("SESSION_BEGUN"), 31),
        [Effect::End]
    );
}
