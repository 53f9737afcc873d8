//! Given a running session, when something comes, then …, with inputs that come twice, late and out of order.

use crate::command::Command;
use crate::event::Event;
use crate::processes::fixtures::{
    Instance, SESSION, at, billed, cancelled, closed, dispatched, extended, lit, paused, postpaid, prepaid, refusal,
    renewed, resumed, settled, steps, transferred,
};
use crate::processes::{Effect, ProcessManager, Route};
use crate::session::{CloseCause, ResumeCause, TableSessionEvent, Warning};

use super::Running;
use super::names::{CLOSE, NEXT, RENEW, RESUME, WARN_SHORT};

const NOTHING: [&str; 0] = [];

fn minute(n: i64) -> i64 {
    n * 60
}

/// Prepaid for an hour, billed from the start.
fn an_hour() -> Instance<Running> {
    Instance::new().after(&[prepaid(minute(60)), billed(0, minute(60))], 0)
}

/// Postpaid, secured for an hour, billed from the start.
fn a_secured_hour() -> Instance<Running> {
    Instance::new().after(&[postpaid(minute(60)), billed(0, minute(60))], 0)
}

fn close(cause: CloseCause) -> Command {
    Command::CloseSession {
        session_id: SESSION,
        cause,
    }
}

fn warn(warning: Warning) -> Command {
    Command::WarnCustomer {
        session_id: SESSION,
        warning,
    }
}

fn next(minutes: i64) -> Effect {
    Effect::set_timer(NEXT, at(minute(minutes)))
}

#[test]
fn events_find_their_session() {
    let session = SESSION.to_string();
    let route = |event: &Event| Running::route(&session, event);
    assert_eq!(route(&prepaid(60)), Route::Start(SESSION.0));
    for event in [
        billed(0, 60),
        extended(0, 60),
        renewed(0, 60),
        transferred(0, 0, 60),
        paused(0, 60),
        resumed(0, 1, 60),
        closed(0, 60),
        cancelled(),
    ] {
        assert_eq!(route(&event), Route::Continue(SESSION.0));
    }
    for event in [settled(), lit(0)] {
        assert_eq!(route(&event), Route::Ignore);
    }
}

#[test]
fn a_prepaid_hour_is_warned_of_twice_and_closed() {
    let mut running = Instance::<Running>::new();
    assert_eq!(running.event(&prepaid(minute(60)), 0), [next(30)]);
    assert_eq!(
        running.event(&billed(10, minute(60) + 10), 10),
        [Effect::set_timer(NEXT, at(minute(30) + 10))],
        "the delay of billing moves everything"
    );
    let effects = running.timer(NEXT, minute(30) + 10);
    assert_eq!(
        effects,
        [
            Effect::dispatch("warn-30", warn(Warning::PrepaidEnding { minutes: 30 })),
            Effect::set_timer(NEXT, at(minute(55) + 10)),
        ]
    );
    assert_eq!(steps(&running.timer(NEXT, minute(55) + 10)), ["warn-5"]);
    let effects = running.timer(NEXT, minute(60) + 10);
    assert_eq!(effects, [Effect::dispatch(CLOSE, close(CloseCause::PrepaidEnd))]);
    assert_eq!(running.accepted(CLOSE, minute(61)), [Effect::End]);
}

#[test]
fn a_timer_that_goes_off_twice_or_late_does_what_is_due_and_no_more() {
    let mut running = an_hour();
    assert_eq!(steps(&running.timer(NEXT, minute(30))), ["warn-30"]);
    assert_eq!(steps(&running.timer(NEXT, minute(30))), NOTHING);
    // Both warnings at once: only the one that still says something.
    let mut late = an_hour();
    assert_eq!(steps(&late.timer(NEXT, minute(57))), ["warn-5"]);
    assert_eq!(steps(&late.timer(NEXT, minute(58))), NOTHING);
    // All of it at once: the close.
    let mut very_late = an_hour();
    assert_eq!(steps(&very_late.timer(NEXT, minute(90))), [CLOSE]);
    assert_eq!(steps(&very_late.timer(NEXT, minute(91))), NOTHING);
}

#[test]
fn an_extension_arms_the_warnings_again_and_the_same_one_twice_does_not() {
    let mut running = an_hour();
    running.timer(NEXT, minute(30));
    running.timer(NEXT, minute(55));
    assert_eq!(
        running.event(&extended(minute(58), minute(120)), minute(58)),
        [next(90)]
    );
    assert_eq!(steps(&running.timer(NEXT, minute(90))), ["warn-30"]);
    assert_eq!(
        running.event(&extended(minute(58), minute(120)), minute(91)),
        [],
        "told twice"
    );
    assert_eq!(running.event(&billed(0, minute(60)), minute(91)), [], "told late");
    assert_eq!(steps(&running.timer(NEXT, minute(115))), ["warn-5"]);
}

#[test]
fn an_extension_too_short_for_a_warning_skips_it() {
    let mut running = an_hour();
    // Ten more at 58: twelve are left, so only the five are warned of.
    running.event(&extended(minute(58), minute(70)), minute(58));
    assert_eq!(steps(&running.timer(NEXT, minute(58))), NOTHING);
    assert_eq!(steps(&running.timer(NEXT, minute(65))), ["warn-5"]);
}

#[test]
fn extensions_heard_of_in_another_order_leave_the_latest_end() {
    let mut running = an_hour();
    running.event(&extended(minute(11), minute(180)), minute(12));
    assert_eq!(running.event(&extended(minute(10), minute(120)), minute(12)), []);
    assert_eq!(steps(&running.timer(NEXT, minute(150))), ["warn-30"]);
}

#[test]
fn a_close_that_lost_against_an_extension_waits_for_the_new_end() {
    let not_over = refusal("SESSION_NOT_OVER").with("until", at(minute(90)));
    // The refusal is heard first …
    let mut first = an_hour();
    assert_eq!(steps(&first.timer(NEXT, minute(60))), [CLOSE]);
    assert_eq!(first.refused(CLOSE, &not_over, minute(61)), [next(85)]);
    assert_eq!(first.event(&extended(minute(60), minute(90)), minute(61)), []);
    assert_eq!(steps(&first.timer(NEXT, minute(90))), [CLOSE]);
    // … or the extension.
    let mut second = an_hour();
    second.timer(NEXT, minute(60));
    second.event(&extended(minute(60), minute(90)), minute(60));
    assert_eq!(steps(&second.refused(CLOSE, &not_over, minute(60))), NOTHING);
    assert_eq!(steps(&second.timer(NEXT, minute(90))), [CLOSE]);
}

#[test]
fn a_close_refused_by_a_clock_that_is_behind_is_asked_for_again_a_little_later() {
    let not_over = refusal("SESSION_NOT_OVER").with("until", at(minute(60)));
    let mut running = an_hour();
    assert_eq!(steps(&running.timer(NEXT, minute(60))), [CLOSE]);
    assert_eq!(
        running.refused(CLOSE, &not_over, minute(60)),
        [Effect::set_timer(NEXT, at(minute(60) + 1))]
    );
    assert_eq!(steps(&running.timer(NEXT, minute(60) + 1)), [CLOSE]);
}

#[test]
fn a_hold_is_renewed_before_its_end() {
    let mut running = Instance::<Running>::new();
    assert_eq!(running.event(&postpaid(minute(60)), 0), [next(50)]);
    let effects = running.timer(NEXT, minute(50));
    assert_eq!(
        effects,
        [Effect::dispatch(RENEW, Command::RenewHold { session_id: SESSION })]
    );
    assert_eq!(steps(&running.timer(NEXT, minute(51))), NOTHING, "asked");
    assert_eq!(
        running.event(&renewed(minute(50), minute(120)), minute(51)),
        [next(110)]
    );
    assert_eq!(steps(&running.accepted(RENEW, minute(51))), NOTHING);
    assert_eq!(steps(&running.timer(NEXT, minute(110))), [RENEW]);
}

#[test]
fn a_renewal_that_reaches_no_further_than_the_next_one_is_followed_by_it() {
    let mut running = a_secured_hour();
    running.timer(NEXT, minute(50));
    assert_eq!(
        steps(&running.event(&renewed(minute(50), minute(60) + 30), minute(51))),
        [RENEW]
    );
}

#[test]
fn a_refused_renewal_warns_once_is_tried_again_and_ends_in_a_close() {
    let mut running = a_secured_hour();
    running.timer(NEXT, minute(50));
    let effects = running.refused(RENEW, &refusal("TOP_UP_REQUIRED"), minute(50));
    assert_eq!(
        effects,
        [Effect::dispatch(WARN_SHORT, warn(Warning::HoldRunningShort)), next(51),]
    );
    assert_eq!(
        steps(&running.refused(RENEW, &refusal("TOP_UP_REQUIRED"), minute(50))),
        NOTHING,
        "told twice"
    );
    for minutes in 51..60 {
        assert_eq!(steps(&running.timer(NEXT, minute(minutes))), [RENEW]);
        let effects = running.refused(RENEW, &refusal("TOP_UP_REQUIRED"), minute(minutes));
        assert_eq!(steps(&effects), NOTHING);
    }
    let effects = running.timer(NEXT, minute(60));
    assert_eq!(dispatched(&effects), [(CLOSE, &close(CloseCause::HoldExhausted))]);
}

#[test]
fn after_an_outage_the_hold_is_renewed_rather_than_the_session_closed() {
    let mut running = a_secured_hour();
    assert_eq!(steps(&running.timer(NEXT, minute(61))), [RENEW]);
    // But not if the light went off meanwhile.
    let effects = running.refused(RENEW, &refusal("SESSION_TIME_OVER"), minute(64));
    assert_eq!(steps(&effects), [CLOSE]);
}

#[test]
fn a_session_at_its_longest_is_closed_at_its_end_without_a_warning() {
    let mut running = a_secured_hour();
    running.timer(NEXT, minute(50));
    assert_eq!(
        running.refused(RENEW, &refusal("SESSION_TOO_LONG"), minute(50)),
        [next(60)]
    );
    assert_eq!(steps(&running.timer(NEXT, minute(60))), [CLOSE]);
}

#[test]
fn it_is_over_when_the_session_is() {
    for over in [closed(5, 185), cancelled()] {
        assert_eq!(an_hour().event(&over, 5), [Effect::End]);
    }
    for (step, reason) in [(CLOSE, "SESSION_CANCELLED"), (RENEW, "SESSION_CLOSED")] {
        assert_eq!(a_secured_hour().refused(step, &refusal(reason), 12), [Effect::End]);
    }
    let too_late = refusal("SESSION_CLOSED");
    assert_eq!(an_hour().refused("warn-5", &too_late, 12), []);
}

#[test]
fn what_comes_before_the_opening_is_kept() {
    let mut running = Instance::<Running>::new();
    assert_eq!(running.event(&extended(5, minute(90)), 6), []);
    assert_eq!(running.event(&prepaid(minute(60)), 6), [next(60)]);
    assert_eq!(steps(&running.timer(NEXT, minute(60))), ["warn-30"]);
}

fn resume() -> Command {
    Command::ResumeSession {
        session_id: SESSION,
        cause: ResumeCause::Limit,
    }
}

#[test]
fn nothing_is_due_in_a_pause_but_its_end() {
    let mut running = an_hour();
    let pause = paused(minute(20), minute(50));
    assert_eq!(running.event(&pause, minute(20)), [next(50)]);
    assert_eq!(running.event(&pause, minute(20)), [], "heard of twice");
    assert_eq!(steps(&running.timer(NEXT, minute(40))), NOTHING);
    assert_eq!(running.timer(NEXT, minute(50)), [Effect::dispatch(RESUME, resume())]);
    assert_eq!(steps(&running.timer(NEXT, minute(51))), NOTHING, "it was asked for");
    let over = resumed(minute(20), minute(50), minute(90));
    assert_eq!(running.event(&over, minute(51)), [next(60)]);
    assert_eq!(
        running.event(&pause, minute(51)),
        [],
        "late news of a pause that is over"
    );
    assert_eq!(steps(&running.timer(NEXT, minute(60))), ["warn-30"]);
}

#[test]
fn what_was_said_before_a_pause_is_not_said_again_after_it() {
    let mut running = an_hour();
    assert_eq!(steps(&running.timer(NEXT, minute(30))), ["warn-30"]);
    running.event(&paused(minute(40), minute(70)), minute(40));
    let over = resumed(minute(40), minute(50), minute(70));
    assert_eq!(running.event(&over, minute(50)), [next(65)]);
    assert_eq!(steps(&running.timer(NEXT, minute(65))), ["warn-5"]);
}

#[test]
fn a_close_or_a_renewal_that_meets_a_pause_waits_for_its_end() {
    for (mut running, asked) in [(an_hour(), CLOSE), (a_secured_hour(), RENEW)] {
        assert_eq!(steps(&running.timer(NEXT, minute(60))), [asked]);
        running.refused(asked, &refusal("SESSION_PAUSED"), minute(60));
        running.event(&paused(minute(59), minute(89)), minute(60));
        assert_eq!(steps(&running.timer(NEXT, minute(61))), NOTHING);
        let mut effects = running.event(&resumed(minute(59), minute(70), minute(71)), minute(70));
        effects.extend(running.timer(NEXT, minute(71)));
        assert_eq!(steps(&effects).last(), Some(&asked));
    }
}

#[test]
fn a_move_to_a_cheaper_table_puts_the_end_off() {
    let mut running = a_secured_hour();
    running.event(&transferred(minute(20), minute(23), minute(90)), minute(20));
    assert_eq!(steps(&running.timer(NEXT, minute(60))), NOTHING);
    assert_eq!(steps(&running.timer(NEXT, minute(80))), [RENEW]);
}

/// After its prepaid end, play may go on for so many minutes.
fn courteous(mut opening: Event, minutes: u32) -> Event {
    if let Event::TableSession(TableSessionEvent::SessionOpened { policy, .. }) = &mut opening {
        policy.auto_close_minutes = minutes;
    }
    opening
}

/// Prepaid for an hour, billed from the start, with five minutes of courtesy.
fn a_courteous_hour() -> Instance<Running> {
    let opening = courteous(prepaid(minute(60)), 5);
    Instance::new().after(&[opening, billed(0, minute(60))], 0)
}

#[test]
fn the_courtesy_puts_the_close_off_and_the_warnings_not() {
    let mut running = a_courteous_hour();
    assert_eq!(steps(&running.timer(NEXT, minute(30))), ["warn-30"]);
    let effects = running.timer(NEXT, minute(55));
    assert_eq!(
        effects,
        [
            Effect::dispatch("warn-5", warn(Warning::PrepaidEnding { minutes: 5 })),
            next(65),
        ]
    );
    for early in [60, 64] {
        assert_eq!(steps(&running.timer(NEXT, minute(early))), NOTHING, "minute {early}");
    }
    let effects = running.timer(NEXT, minute(65));
    assert_eq!(effects, [Effect::dispatch(CLOSE, close(CloseCause::PrepaidEnd))]);
    assert_eq!(steps(&running.timer(NEXT, minute(65))), NOTHING, "it goes off twice");
    assert_eq!(running.accepted(CLOSE, minute(66)), [Effect::End]);
}

#[test]
fn time_bought_in_the_courtesy_puts_the_close_off_by_as_much() {
    let mut running = a_courteous_hour();
    running.timer(NEXT, minute(30));
    running.timer(NEXT, minute(55));
    assert_eq!(running.event(&extended(minute(63), minute(90)), minute(63)), [next(85)]);
    assert_eq!(steps(&running.timer(NEXT, minute(65))), NOTHING);
    assert_eq!(steps(&running.timer(NEXT, minute(85))), ["warn-5"]);
    assert_eq!(steps(&running.timer(NEXT, minute(90))), NOTHING);
    assert_eq!(steps(&running.timer(NEXT, minute(95))), [CLOSE]);
}

#[test]
fn a_close_that_lost_against_an_extension_in_the_courtesy_waits_for_the_new_end_and_its_courtesy() {
    let mut running = a_courteous_hour();
    assert_eq!(steps(&running.timer(NEXT, minute(65))), [CLOSE]);
    // The refusal names the instant at which the session may be closed, five minutes after what was bought ends.
    let not_over = refusal("SESSION_NOT_OVER").with("until", at(minute(95)));
    assert_eq!(running.refused(CLOSE, &not_over, minute(65)), [next(85)]);
    assert_eq!(running.event(&extended(minute(64), minute(90)), minute(66)), []);
    assert_eq!(steps(&running.timer(NEXT, minute(90))), ["warn-5"]);
    assert_eq!(steps(&running.timer(NEXT, minute(95))), [CLOSE]);
}

#[test]
fn who_pays_afterwards_has_no_courtesy() {
    let opening = courteous(postpaid(minute(60)), 5);
    let mut running = Instance::<Running>::new().after(&[opening, billed(0, minute(60))], 0);
    for minutes in 50..60 {
        running.timer(NEXT, minute(minutes));
        running.refused(RENEW, &refusal("TOP_UP_REQUIRED"), minute(minutes));
    }
    let effects = running.timer(NEXT, minute(60));
    assert_eq!(dispatched(&effects), [(CLOSE, &close(CloseCause::HoldExhausted))]);
}
