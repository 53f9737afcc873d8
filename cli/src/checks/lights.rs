//! Lights: that they went on in time, and that none was on when it should not be.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::Check;
use super::book::Book;
use super::records::{Desired, Lit, Session};

/// A session has its light within the limit that its hall sets, or is cancelled.
pub(super) fn of_the_log(book: &Book) -> Vec<Check> {
    let mut faults = Vec::new();
    for (session_id, session) in book.at_rest() {
        let limit = SignedDuration::from_secs(session.policy.light_timeout_seconds.into());
        let confirmed = first_confirmed(book, session, |desired| {
            desired.session_id == Some(*session_id) && desired.on
        });
        let ended = session
            .closed
            .as_ref()
            .map(|(at, ..)| *at)
            .or(session.cancelled.map(|(at, _)| at));
        let in_time = confirmed.is_some_and(|at| at.duration_since(session.opened_at) <= limit);
        // Who leaves before the limit never learns whether the light would have come.
        let left_before = ended.is_some_and(|at| at.duration_since(session.opened_at) <= limit);
        if !in_time && !left_before && session.cancelled.is_none() {
            faults.push(format!(
                "session {session_id} opened at {} had its light at {confirmed:?}",
                session.opened_at
            ));
        }
    }
    vec![Check::all(
        "each session has light within its limit, or is cancelled",
        book.at_rest().count(),
        faults,
    )]
}

/// From opening to the first confirmed light, of every session that had one.
pub fn light_times(book: &Book) -> impl Iterator<Item = SignedDuration> {
    book.sessions.iter().filter_map(|(session_id, session)| {
        let confirmed = first_confirmed(book, session, |desired| {
            desired.session_id == Some(*session_id) && desired.on
        })?;
        Some(confirmed.duration_since(session.opened_at))
    })
}

fn first_confirmed(book: &Book, session: &Session, ours: impl Fn(&Desired) -> bool) -> Option<Timestamp> {
    let desired = book.lights.get(&(session.light.device_id, session.light.channel))?;
    desired
        .iter()
        .filter(|desired| ours(desired))
        .find_map(|desired| desired.confirmed_at)
}

/// Compares what the devices really did with what the log allowed. A light may be on from the moment it is asked for
/// until it is asked to be off or its time is over, and `tolerance` longer.
pub fn in_truth(book: &Book, lit: &[Lit], now: Timestamp, tolerance: SignedDuration) -> Vec<Check> {
    let allowed: BTreeMap<(&str, u8), Vec<(Timestamp, Timestamp)>> = book
        .lights
        .iter()
        .filter_map(|((device_id, channel), desired)| {
            let topic = book.topics.get(device_id)?;
            Some(((topic.as_str(), *channel), allowed_times(desired, tolerance)))
        })
        .collect();
    let none = Vec::new();
    let mut past = Vec::new();
    for stretch in lit {
        let to = stretch.to.unwrap_or(now);
        let times = allowed.get(&(stretch.topic.as_str(), stretch.channel)).unwrap_or(&none);
        if !times.iter().any(|(from, until)| *from <= stretch.from && to <= *until) {
            let end = stretch.to.map_or_else(|| "now".to_owned(), |to| to.to_string());
            past.push(format!(
                "{}/{} was on from {} to {end}, allowed were {times:?}",
                stretch.topic, stretch.channel, stretch.from
            ));
        }
    }
    let on_now: Vec<_> = lit
        .iter()
        .filter(|stretch| stretch.to.is_none())
        .map(|stretch| format!("{}/{}", stretch.topic, stretch.channel))
        .collect();
    let (confirmed, unlit) = confirmed_in_truth(book, lit, tolerance);
    vec![
        Check::all("no light on outside its time (devices' own record)", lit.len(), past),
        Check {
            faults: on_now.clone(),
            ..Check::equal("lights on at the end (devices' own record)", 0, on_now.len())
        },
        Check::all("each confirmed light really was on", confirmed, unlit),
    ]
}

/// The stretches of time in which the log allowed one light to be on, each with the tolerance; what overlaps is one.
fn allowed_times(desired: &[Desired], tolerance: SignedDuration) -> Vec<(Timestamp, Timestamp)> {
    let mut times: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (index, state) in desired.iter().enumerate().filter(|(_, state)| state.on) {
        let replaced_at = desired.get(index + 1).map_or(Timestamp::MAX, |next| next.issued_at);
        let until = state.not_after.unwrap_or(Timestamp::MAX).min(replaced_at);
        let until = until.checked_add(tolerance).unwrap_or(Timestamp::MAX);
        match times.last_mut() {
            Some((_, last)) if *last >= state.issued_at => *last = (*last).max(until),
            _ => times.push((state.issued_at, until)),
        }
    }
    times
}

fn confirmed_in_truth(book: &Book, lit: &[Lit], tolerance: SignedDuration) -> (usize, Vec<String>) {
    let (mut looked_at, mut faults) = (0, Vec::new());
    for ((device_id, channel), desired) in &book.lights {
        let Some(topic) = book.topics.get(device_id) else {
            continue;
        };
        for state in desired.iter().filter(|state| state.on) {
            let Some(at) = state.confirmed_at else { continue };
            looked_at += 1;
            let near = |stretch: &&Lit| {
                let from = stretch.from.checked_sub(tolerance).unwrap_or(Timestamp::MIN);
                let to = stretch
                    .to
                    .unwrap_or(Timestamp::MAX)
                    .checked_add(tolerance)
                    .unwrap_or(Timestamp::MAX);
                stretch.topic == *topic && stretch.channel == *channel && from <= at && at <= to
            };
            if !lit.iter().any(|stretch| near(&stretch)) {
                faults.push(format!(
                    "{topic}/{channel} rev {} was confirmed on at {at}, and was not",
                    state.rev
                ));
            }
        }
    }
    (looked_at, faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn desired(on: bool, issued: i64, not_after: Option<i64>) -> Desired {
        let not_after = not_after.map(at);
        Desired {
            rev: 1,
            on,
            session_id: None,
            not_after,
            issued_at: at(issued),
            confirmed_at: None,
            expired_at: None,
        }
    }

    fn book(states: Vec<Desired>) -> Book {
        let mut book = Book::new(Timestamp::MAX);
        let device_id = baize_domain::ids::DeviceId::default();
        book.topics.insert(device_id, "t1".to_owned());
        book.lights.insert((device_id, 1), states);
        book
    }

    fn lit(from: i64, to: Option<i64>) -> Lit {
        Lit {
            topic: "t1".to_owned(),
            channel: 1,
            from: at(from),
            to: to.map(at),
        }
    }

    fn verdicts(book: &Book, lit: &[Lit]) -> Vec<bool> {
        in_truth(book, lit, at(10_000), SignedDuration::from_secs(5))
            .iter()
            .map(Check::ok)
            .collect()
    }

    #[test]
    fn a_light_may_be_on_while_it_is_wanted_and_no_longer() {
        let book = book(vec![
            desired(true, 100, Some(500)),
            desired(true, 300, Some(900)),
            desired(false, 700, None),
        ]);
        assert_eq!(verdicts(&book, &[lit(101, Some(704))]), [true, true, true]);
        assert_eq!(
            verdicts(&book, &[lit(101, Some(706))]),
            [false, true, true],
            "after it was asked to be off"
        );
        assert_eq!(
            verdicts(&book, &[lit(99, Some(200))]),
            [false, true, true],
            "before it was asked for"
        );
    }

    #[test]
    fn a_light_that_nobody_asked_to_be_off_must_be_off_when_its_time_is_over() {
        let book = book(vec![desired(true, 100, Some(500))]);
        assert_eq!(verdicts(&book, &[lit(101, Some(505))]), [true, true, true]);
        assert_eq!(verdicts(&book, &[lit(101, Some(506))]), [false, true, true]);
    }

    #[test]
    fn a_light_still_on_is_noticed() {
        let book = book(vec![desired(true, 100, Some(500))]);
        assert_eq!(verdicts(&book, &[lit(101, None)]), [false, false, true]);
    }

    #[test]
    fn a_confirmation_of_a_light_that_was_never_on_is_noticed() {
        let mut state = desired(true, 100, Some(500));
        state.confirmed_at = Some(at(102));
        let book = book(vec![state]);
        assert_eq!(verdicts(&book, &[lit(101, Some(400))]), [true, true, true]);
        assert_eq!(verdicts(&book, &[]), [true, true, false]);
    }
}
