//! Who comes when, and with what in mind: made from a seed before the day begins.
//!
//! Arrivals are open: people come whether or not there is room. Habits are dealt from a shuffled deck and not thrown, so that even a
//! short day shows many of them, and a long one every one.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

use super::hours::arrivals;

/// What a person is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Habit {
    /// A member who does what members do.
    Plain,
    /// A member of the level `vip`, if the chain has one.
    Vip,
    /// Comes as a guest, verifies a phone to open a table, and becomes a member to pay for it.
    Guest,
    /// Comes as a guest, looks, asks for the price and leaves.
    GuestLooks,
    /// Scans a table that is taken, and tries to open it all the same.
    TriesTaken,
    /// Comes without a wallet and tops up when told to.
    NoWallet,
    /// Comes without a wallet and leaves when told to top up.
    NoWalletLeaves,
    /// Has too little money for what is wanted and tops up what is missing.
    ShortOfMoney,
    /// Has too little money, keeps the table waiting and pays in time.
    PaysWaiting,
    /// Has too little money, keeps the table waiting and never comes back.
    NeverPays,
    /// Has money for one hold, plays on until it is used up, and comes again later.
    PlaysUntilBroke,
    /// Spends on drinks what is left, plays on, leaves a bill open, and comes again later.
    EndsShort,
    /// Plays on a deposit.
    Deposit,
    /// Buys a package, if one is on offer.
    BuysPackage,
    /// Moves to another table half-way.
    Moves,
    /// Sends everything twice.
    SendsTwice,
    /// Uses one request id for two different things.
    ReusesId,
    /// Loses the connection in the middle of calls and repeats them.
    LosesConnection,
    /// Scanned the wrong code and closes at once.
    MisScan,
    /// Opens a table, never plays, and closes it within the grace.
    NoShow,
}

/// The deck of habits. Plain people are the most.
const DECK: [Habit; 30] = [
    Habit::Plain,
    Habit::Plain,
    Habit::Plain,
    Habit::Plain,
    Habit::Plain,
    Habit::Plain,
    Habit::Plain,
    Habit::Plain,
    Habit::Vip,
    Habit::Vip,
    Habit::Guest,
    Habit::Guest,
    Habit::GuestLooks,
    Habit::TriesTaken,
    Habit::NoWallet,
    Habit::NoWalletLeaves,
    Habit::ShortOfMoney,
    Habit::PaysWaiting,
    Habit::NeverPays,
    Habit::PlaysUntilBroke,
    Habit::EndsShort,
    Habit::Deposit,
    Habit::BuysPackage,
    Habit::Moves,
    Habit::Moves,
    Habit::SendsTwice,
    Habit::ReusesId,
    Habit::LosesConnection,
    Habit::MisScan,
    Habit::NoShow,
];

/// How a person means to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Postpaid,
    Prepaid { minutes: u32 },
    Deposit,
    Package { code: String },
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
    /// Pieces of one kind to order, once, half-way.
    pub(crate) orders: Option<u32>,
    /// Prepaid: plays to the end instead of closing.
    pub(crate) runs_out: bool,
    /// How long the person waits for a free table.
    pub(crate) patience: SignedDuration,
    /// What is paid in at the counter, and what the hall adds.
    pub(crate) top_up_fen: (i64, i64),
    /// How long it is until the person comes again, if so.
    pub(crate) comes_again: Option<SignedDuration>,
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

fn person(rng: &mut StdRng, number: u32, arrives_at: Timestamp, habit: Habit) -> Person {
    Person {
        number,
        arrives_at,
        habit,
        mode: mode(rng, habit),
        play: play(rng, habit),
        quotes: rng.random_bool(0.4) || matches!(habit, Habit::Vip | Habit::GuestLooks),
        extends: rng
            .random_bool(0.3)
            .then(|| [15, 30][rng.random_range(0..2)])
            .filter(|_| !matches!(habit, Habit::PlaysUntilBroke | Habit::EndsShort | Habit::Moves)),
        orders: rng.random_bool(0.4).then(|| rng.random_range(1..=3)).filter(|_| {
            !matches!(
                habit,
                Habit::PlaysUntilBroke | Habit::EndsShort | Habit::MisScan | Habit::NoShow
            )
        }),
        runs_out: rng.random_bool(0.7),
        // Who is rare waits longer, so that an evening shows what only they do.
        patience: SignedDuration::from_mins(match habit {
            Habit::Plain => rng.random_range(5..30),
            Habit::EndsShort => rng.random_range(60..120),
            _ => rng.random_range(20..60),
        }),
        top_up_fen: top_up_fen(rng, habit),
        comes_again: match habit {
            Habit::PlaysUntilBroke => Some(SignedDuration::from_mins(rng.random_range(20..60))),
            // Soon, so that the evening sees the debt paid.
            Habit::EndsShort => Some(SignedDuration::from_mins(rng.random_range(5..15))),
            _ => None,
        },
        seed: rng.random(),
    }
}

fn mode(rng: &mut StdRng, habit: Habit) -> Mode {
    let minutes = [30, 60, 60, 90][rng.random_range(0..4)];
    let prepaid = match habit {
        Habit::Deposit => return Mode::Deposit,
        Habit::PlaysUntilBroke | Habit::MisScan | Habit::NoShow => false,
        // Short, so that there is money left to be spent.
        Habit::EndsShort => return Mode::Prepaid { minutes: 30 },
        Habit::ShortOfMoney | Habit::PaysWaiting | Habit::NeverPays | Habit::BuysPackage => true,
        _ => rng.random_bool(0.4),
    };
    if prepaid {
        Mode::Prepaid { minutes }
    } else {
        Mode::Postpaid
    }
}

fn play(rng: &mut StdRng, habit: Habit) -> SignedDuration {
    match habit {
        Habit::MisScan => SignedDuration::from_secs(rng.random_range(30..120)),
        // The grace of the demo's hall is three minutes.
        Habit::NoShow => SignedDuration::from_secs(rng.random_range(120..150)),
        Habit::PlaysUntilBroke => SignedDuration::from_hours(12),
        Habit::EndsShort => SignedDuration::from_mins(rng.random_range(20..40)),
        _ => SignedDuration::from_mins(rng.random_range(20..80)),
    }
}

fn top_up_fen(rng: &mut StdRng, habit: Habit) -> (i64, i64) {
    // Nobody is charged more than this for an evening; who must not run out of money gets enough.
    let paid_in = [10_000, 20_000, 30_000, 50_000][rng.random_range(0..4)];
    match habit {
        Habit::ShortOfMoney | Habit::PaysWaiting | Habit::NeverPays => (500, 0),
        // Enough for a first hold in the demo's hall, not for a second.
        Habit::PlaysUntilBroke => (6_000, 0),
        // Half an hour, half an hour more and many drinks.
        Habit::EndsShort => (8_000, 0),
        _ => (paid_in, paid_in / 10),
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
    fn people_are_numbered_in_the_order_in_which_they_come() {
        let people = evening(3, 5);
        assert!(people.is_sorted_by_key(|person| person.arrives_at));
        let numbers: Vec<_> = people.iter().map(|person| person.number as usize).collect();
        assert_eq!(numbers, (1..=people.len()).collect::<Vec<_>>());
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
    fn who_does_not_play_leaves_within_the_grace_and_who_waits_for_the_payment_lacks_money() {
        for person in evening(1, 12) {
            match person.habit {
                Habit::NoShow => assert!(person.play < SignedDuration::from_secs(180)),
                Habit::PaysWaiting | Habit::NeverPays => {
                    assert!(matches!(person.mode, Mode::Prepaid { .. }) && person.top_up_fen == (500, 0));
                }
                Habit::Deposit => assert_eq!(person.mode, Mode::Deposit),
                Habit::EndsShort => {
                    assert!(person.comes_again.is_some() && person.orders.is_none());
                    assert_eq!(person.mode, Mode::Prepaid { minutes: 30 });
                    assert!(person.play / 2 < SignedDuration::from_mins(30), "spends while it plays");
                }
                _ => {}
            }
        }
    }
}
