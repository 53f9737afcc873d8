//! Who comes when, and with what in mind: made from a seed before the day begins.
//!
//! Arrivals are open: people come whether or not there is room, as a Poisson process whose rate follows the hour.
//! Habits are dealt from a shuffled deck and not thrown, so that even a short day shows every one of them.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

/// How busy each local hour is against the mean of the evening hours, 0 to 23.
const HOURS: [f64; 24] = [
    0.4, 0.2, 0.1, 0.05, 0.0, 0.0, 0.0, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.7, 0.8, 0.9, 1.0, 1.2, 1.3, 1.1, 0.8,
    0.5,
];
/// No day is planned with more people than this.
const PEOPLE_MAX: usize = 10_000;

/// What a person is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Habit {
    /// Does what customers do.
    Plain,
    /// First tries a table that is taken.
    TriesTaken,
    /// Comes without a wallet and tops up when told to.
    NoWallet,
    /// Comes without a wallet and leaves when told to top up.
    NoWalletLeaves,
    /// Has too little money for what is wanted and tops up what is missing.
    ShortOfMoney,
    /// Has money for one hold and plays on until it is used up.
    PlaysUntilBroke,
    /// Sends everything twice.
    SendsTwice,
    /// Uses one request id for two different things.
    ReusesId,
    /// Loses the connection in the middle of calls and repeats them.
    LosesConnection,
    /// Scanned the wrong code and closes at once.
    MisScan,
}

/// The deck of habits. Plain people are the most.
const DECK: [Habit; 16] = [
    Habit::Plain,
    Habit::Plain,
    Habit::Plain,
    Habit::Plain,
    Habit::Plain,
    Habit::Plain,
    Habit::TriesTaken,
    Habit::TriesTaken,
    Habit::NoWallet,
    Habit::NoWalletLeaves,
    Habit::ShortOfMoney,
    Habit::PlaysUntilBroke,
    Habit::SendsTwice,
    Habit::ReusesId,
    Habit::LosesConnection,
    Habit::MisScan,
];

/// How a person means to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Postpaid,
    Prepaid { minutes: u32 },
}

/// One person's day.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Person {
    /// From 1, in the order of arrival.
    pub(crate) number: u32,
    pub(crate) arrives_at: Timestamp,
    pub(crate) habit: Habit,
    pub(crate) mode: Mode,
    /// How long the person means to play.
    pub(crate) play: SignedDuration,
    /// Asks for the price before opening.
    pub(crate) quotes: bool,
    /// Minutes to prolong by, once, half-way.
    pub(crate) extends: Option<u32>,
    /// Prepaid: plays to the end instead of closing.
    pub(crate) runs_out: bool,
    /// How long the person waits for a free table.
    pub(crate) patience: SignedDuration,
    /// What is paid in at the counter, and what the hall adds.
    pub(crate) top_up_fen: (i64, i64),
    /// For what is decided on the way.
    pub(crate) seed: u64,
}

/// The people of one day, in the order of arrival.
pub(crate) fn plan(
    seed: u64,
    opens_at: Timestamp,
    closes_at: Timestamp,
    per_hour: f64,
    zone: &TimeZone,
) -> Vec<Person> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut deck = Vec::new();
    let mut people = Vec::new();
    for arrives_at in arrivals(&mut rng, opens_at, closes_at, per_hour, zone) {
        if deck.is_empty() {
            deck = DECK.to_vec();
            deck.shuffle(&mut rng);
        }
        let habit = deck.pop().unwrap_or(Habit::Plain);
        let number = u32::try_from(people.len() + 1).unwrap_or(u32::MAX);
        people.push(person(&mut rng, number, arrives_at, habit));
    }
    people
}

/// A Poisson process of the busiest hour's rate, thinned to each hour's own.
fn arrivals(rng: &mut StdRng, from: Timestamp, to: Timestamp, per_hour: f64, zone: &TimeZone) -> Vec<Timestamp> {
    let busiest = HOURS.iter().copied().fold(f64::MIN, f64::max);
    let rate_per_second = per_hour * busiest / 3600.0;
    let mut found = Vec::new();
    if !(rate_per_second.is_finite() && rate_per_second > 0.0) {
        return found;
    }
    let mut at = from;
    while found.len() < PEOPLE_MAX {
        let gap = -(1.0 - rng.random::<f64>()).ln() / rate_per_second;
        let Ok(next) = at.checked_add(SignedDuration::from_secs_f64(gap.min(1e9))) else {
            break;
        };
        if next >= to {
            break;
        }
        at = next;
        let hour = usize::try_from(at.to_zoned(zone.clone()).hour()).unwrap_or(0);
        if rng.random_bool((HOURS[hour] / busiest).clamp(0.0, 1.0)) {
            found.push(at);
        }
    }
    found
}

fn person(rng: &mut StdRng, number: u32, arrives_at: Timestamp, habit: Habit) -> Person {
    let prepaid = match habit {
        Habit::PlaysUntilBroke | Habit::MisScan => false,
        Habit::ShortOfMoney => true,
        _ => rng.random_bool(0.4),
    };
    let minutes = [30, 60, 60, 90][rng.random_range(0..4)];
    // Nobody is charged more than this for an evening; who must not run out of money gets enough.
    let paid_in = [10_000, 20_000, 30_000, 50_000][rng.random_range(0..4)];
    let top_up_fen = match habit {
        Habit::ShortOfMoney => (500, 0),
        // Enough for a first hold in the demo's hall, not for a second.
        Habit::PlaysUntilBroke => (6_000, 0),
        _ => (paid_in, paid_in / 10),
    };
    let play = match habit {
        Habit::MisScan => SignedDuration::from_secs(rng.random_range(30..120)),
        Habit::PlaysUntilBroke => SignedDuration::from_hours(12),
        _ => SignedDuration::from_mins(rng.random_range(20..80)),
    };
    Person {
        number,
        arrives_at,
        habit,
        mode: if prepaid {
            Mode::Prepaid { minutes }
        } else {
            Mode::Postpaid
        },
        play,
        quotes: rng.random_bool(0.4),
        extends: rng
            .random_bool(0.3)
            .then(|| [15, 30][rng.random_range(0..2)])
            .filter(|_| habit != Habit::PlaysUntilBroke),
        runs_out: rng.random_bool(0.7),
        // Who is rare waits longer, so that an evening shows what only they do.
        patience: SignedDuration::from_mins(if habit == Habit::Plain {
            rng.random_range(5..30)
        } else {
            rng.random_range(20..60)
        }),
        top_up_fen,
        seed: rng.random(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evening(seed: u64, hours: i64) -> Vec<Person> {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let opens_at: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        plan(
            seed,
            opens_at,
            opens_at + SignedDuration::from_hours(hours),
            12.0,
            &zone,
        )
    }

    #[test]
    fn a_seed_always_gives_the_same_people() {
        assert_eq!(evening(7, 5), evening(7, 5));
        assert_ne!(evening(7, 5), evening(8, 5));
    }

    #[test]
    fn people_come_in_order_within_the_hours_and_about_as_many_as_asked() {
        let total: usize = (0..50)
            .map(|seed| {
                let people = evening(seed, 5);
                let from: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
                assert!(
                    people
                        .iter()
                        .all(|p| p.arrives_at >= from && p.arrives_at < from + SignedDuration::from_hours(5))
                );
                assert!(people.is_sorted_by_key(|p| p.arrives_at));
                people.len()
            })
            .sum();
        // 12 an hour times the pattern of 18:00 to 23:00 (5.4): 64.8 expected, and ± 4 is over three deviations of the mean.
        let mean = total as f64 / 50.0;
        assert!((60.8..68.8).contains(&mean), "{mean}");
    }

    #[test]
    fn every_habit_comes_up_within_a_deck() {
        let people = evening(1, 5);
        for habit in DECK {
            assert!(
                people[..DECK.len()].iter().any(|person| person.habit == habit),
                "{habit:?}"
            );
        }
    }

    #[test]
    fn no_arrivals_when_none_are_asked_for() {
        let zone = TimeZone::UTC;
        let opens_at: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        assert!(plan(1, opens_at, opens_at + SignedDuration::from_hours(5), 0.0, &zone).is_empty());
    }
}
