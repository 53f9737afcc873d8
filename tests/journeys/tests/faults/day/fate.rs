//! What happens to the relays, and when it is mended.

use std::ops::Range;

use anyhow::Context as _;
use baize_eventlog::Clock;
use baize_journeys::check::lamps::Burning;
use baize_simulators::fleet::{Contact, Fleet, RelayHandle};
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{Rng as _, SeedableRng as _};

use super::DELAY;

/// Between one breakage and the next, in seconds.
const UNDISTURBED: Range<i64> = 120..300;
/// So long something is broken that has to be found.
const LONG: Range<i64> = 900..1_800;

/// Ways to break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The lamp of a game goes out and stays dark.
    Dark,
    /// The contacts stick while nobody plays.
    StuckOff,
    /// The contacts weld while the lamp is on.
    Welded,
    /// The relay leaves the network.
    Offline,
    /// It comes and goes.
    Flapping,
    /// Every command is late.
    Slow,
    /// Somebody turns the lamp off by hand, once.
    Hand,
    /// A whole hall leaves the network for a moment.
    Hall,
}

/// All of them.
pub const KINDS: [Kind; 8] = [
    Kind::Dark,
    Kind::StuckOff,
    Kind::Welded,
    Kind::Offline,
    Kind::Flapping,
    Kind::Slow,
    Kind::Hand,
    Kind::Hall,
];

/// Something that was broken.
#[derive(Clone, Debug)]
pub struct Breakage {
    /// The relay's topic.
    pub topic: String,
    /// What was wrong.
    pub kind: Kind,
    /// Since when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
}

impl Breakage {
    /// Whether the lamp burns because its contacts are welded.
    pub fn welds(&self, burning: &Burning) -> bool {
        let overlaps = self.from <= burning.to && burning.from <= self.to;
        self.kind == Kind::Welded && self.topic == burning.topic && overlaps
    }

    /// Whether no lamp can pass a test while it lasts.
    pub fn fails_tests(&self) -> bool {
        matches!(self.kind, Kind::Dark | Kind::StuckOff | Kind::Welded | Kind::Offline)
    }
}

/// Breaks and mends.
pub struct Fate<'a> {
    fleet: &'a Fleet,
    halls: &'a [Vec<String>],
    clock: &'a Clock,
    rng: StdRng,
    broken: Vec<Breakage>,
    /// When which relay goes on or off the network next.
    cuts: Vec<(Timestamp, String, bool)>,
    /// What is still broken.
    mends: Vec<(Timestamp, String)>,
}

impl<'a> Fate<'a> {
    /// Over these relays, hall by hall.
    pub fn new(fleet: &'a Fleet, halls: &'a [Vec<String>], clock: &'a Clock, seed: u64) -> Self {
        Self {
            fleet,
            halls,
            clock,
            rng: StdRng::seed_from_u64(seed),
            broken: Vec::new(),
            cuts: Vec::new(),
            mends: Vec::new(),
        }
    }

    /// Rules until then, and leaves everything mended. Tells what was broken when.
    ///
    /// # Errors
    /// A relay is not there.
    pub async fn rule(mut self, until: Timestamp) -> anyhow::Result<Vec<Breakage>> {
        let mut next_at = self.clock.now();
        let mut waiting: Vec<Kind> = Vec::new();
        loop {
            let due = self.cuts.iter().map(|(at, ..)| *at);
            let due = due.chain(self.mends.iter().map(|(at, _)| *at)).chain([next_at, until]);
            self.clock.sleep_until(due.min().unwrap_or(until)).await;
            let now = self.clock.now();
            if now >= until {
                break;
            }
            self.attend(now)?;
            if now < next_at {
                continue;
            }
            if waiting.is_empty() {
                waiting = KINDS.to_vec();
                waiting.shuffle(&mut self.rng);
            }
            // What finds no relay to its liking waits for its turn.
            match waiting.iter().rposition(|kind| self.finds(*kind).is_some()) {
                Some(place) => {
                    let kind = waiting.remove(place);
                    self.strike(kind, now)?;
                }
                None => waiting.shuffle(&mut self.rng),
            }
            next_at = now + SignedDuration::from_secs(self.rng.random_range(UNDISTURBED));
        }
        for topic in self.halls.iter().flatten() {
            self.relay(topic)?.set_offline(false);
            self.mend(topic)?;
        }
        Ok(self.broken)
    }

    /// Does what is due.
    fn attend(&mut self, now: Timestamp) -> anyhow::Result<()> {
        let (due, later) = std::mem::take(&mut self.cuts)
            .into_iter()
            .partition(|(at, ..)| *at <= now);
        self.cuts = later;
        let due: Vec<_> = due;
        for (_, topic, is_offline) in due {
            self.relay(&topic)?.set_offline(is_offline);
        }
        let (due, later) = std::mem::take(&mut self.mends)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.mends = later;
        let due: Vec<_> = due;
        for (_, topic) in due {
            self.mend(&topic)?;
        }
        Ok(())
    }

    /// A whole relay again.
    fn mend(&mut self, topic: &str) -> anyhow::Result<()> {
        let relay = self.relay(topic)?;
        relay.set_contact(Contact::Sound);
        relay.set_delay(None);
        let now = self.clock.now();
        for breakage in self.broken.iter_mut().filter(|breakage| breakage.topic == topic) {
            breakage.to = breakage.to.min(now);
        }
        Ok(())
    }

    /// The relays that could break so.
    fn finds(&self, kind: Kind) -> Option<Vec<String>> {
        let is_whole = |topic: &String| {
            let is_mended = self.mends.iter().all(|(_, broken)| broken != topic);
            is_mended && self.cuts.iter().all(|(_, cut, _)| cut != topic)
        };
        if kind == Kind::Hall {
            return self.halls.iter().find(|hall| hall.iter().all(is_whole)).cloned();
        }
        let fits = |topic: &&String| match kind {
            Kind::Dark | Kind::Welded | Kind::Hand => self.fleet.lamp(topic.as_str(), 1).is_on(),
            Kind::StuckOff => !self.fleet.lamp(topic.as_str(), 1).is_on(),
            _ => true,
        };
        let found = self.halls.iter().flatten().filter(|topic| is_whole(topic)).filter(fits);
        let found: Vec<_> = found.cloned().collect();
        (!found.is_empty()).then_some(found)
    }

    fn strike(&mut self, kind: Kind, now: Timestamp) -> anyhow::Result<()> {
        let found = self.finds(kind).context("somebody to strike")?;
        let victims = match kind {
            Kind::Hall => found,
            _ => found.choose(&mut self.rng).into_iter().cloned().collect(),
        };
        let long = SignedDuration::from_secs(self.rng.random_range(LONG));
        let moment = SignedDuration::from_secs(self.rng.random_range(60..120));
        for topic in victims {
            let relay = self.relay(&topic)?;
            let mut to = now + long;
            match kind {
                Kind::Dark => {
                    relay.press(1);
                    relay.set_contact(Contact::Stuck);
                }
                Kind::StuckOff | Kind::Welded => relay.set_contact(Contact::Stuck),
                Kind::Offline => self.cut(&relay, &topic, to),
                Kind::Flapping => to = self.flap(&relay, &topic, now),
                Kind::Slow => relay.set_delay(Some(DELAY)),
                Kind::Hand => {
                    relay.press(1);
                    to = now;
                }
                Kind::Hall => {
                    to = now + moment;
                    self.cut(&relay, &topic, to);
                }
            }
            if matches!(kind, Kind::Dark | Kind::StuckOff | Kind::Welded | Kind::Slow) {
                self.mends.push((to, topic.clone()));
            }
            self.broken.push(Breakage {
                topic,
                kind,
                from: now,
                to,
            });
        }
        Ok(())
    }

    fn cut(&mut self, relay: &RelayHandle, topic: &str, until: Timestamp) {
        relay.set_offline(true);
        self.cuts.push((until, topic.to_owned(), false));
    }

    /// Five times a minute away and half a minute back.
    fn flap(&mut self, relay: &RelayHandle, topic: &str, now: Timestamp) -> Timestamp {
        let after = |seconds| now + SignedDuration::from_secs(seconds);
        relay.set_offline(true);
        for round in 0..5 {
            self.cuts.push((after(round * 90 + 60), topic.to_owned(), false));
            if round < 4 {
                self.cuts.push((after(round * 90 + 90), topic.to_owned(), true));
            }
        }
        after(4 * 90 + 60)
    }

    fn relay(&self, topic: &str) -> anyhow::Result<RelayHandle> {
        self.fleet.relay(topic).with_context(|| format!("no relay {topic}"))
    }
}
