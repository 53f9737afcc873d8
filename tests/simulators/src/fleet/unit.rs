//! A relay and what goes wrong with it.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::Serialize;

use super::faults::Faults;
use super::relay::{Contact, Effects, Message, Relay, Switched};

/// Received commands that are remembered of each relay.
const RECEIVED_MAX: usize = 1_000;

/// A command that reached a relay, whether it was executed or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// When, by the fleet's clock.
    pub at: Timestamp,
    /// What the topic says beside the device.
    pub what: String,
    /// The content.
    pub payload: String,
}

/// What happened to commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Reached the relay.
    pub received: u64,
    /// Got lost on the way.
    pub lost: u64,
    /// Came while the relay was away.
    pub while_offline: u64,
    /// Were executed late.
    pub slow: u64,
}

/// What a step brought forth.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub messages: Vec<Message>,
    pub switched: Vec<Switched>,
    /// The relay left the network, or came back.
    pub presence: Option<bool>,
}

#[derive(Debug)]
pub(super) struct Unit {
    pub relay: Relay,
    pub counts: Counts,
    pub received: VecDeque<Received>,
    /// Taken off the network by hand.
    pub is_cut: bool,
    /// Commands to lose next, by hand.
    pub lose_next: u32,
    /// Delay of every command, by hand.
    pub delay: Option<Duration>,
    faults: Arc<Faults>,
    rng: StdRng,
    queue: VecDeque<(Timestamp, String, String)>,
    unsaid: Vec<Message>,
    tele_period: Duration,
    tele_at: Timestamp,
    /// Off the network by the draw, and when that changes.
    is_away: bool,
    away_changes_at: Option<Timestamp>,
    was_reachable: bool,
}

impl Unit {
    pub fn new(mut relay: Relay, faults: Arc<Faults>, seed: u64, tele_period: Duration, now: Timestamp) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        // All are drawn always, so that one fault's share does not change who suffers another.
        let (stuck_off, stuck_on): (f64, f64) = (rng.random(), rng.random());
        let phase = tele_period.mul_f64(rng.random());
        if stuck_off < faults.stuck_off {
            relay.set_contact(Contact::Stuck);
        } else if stuck_on < faults.stuck_on {
            relay.set_contact(Contact::Welding);
        }
        let mut unit = Self {
            relay,
            counts: Counts::default(),
            received: VecDeque::new(),
            is_cut: false,
            lose_next: 0,
            delay: None,
            faults,
            rng,
            queue: VecDeque::new(),
            unsaid: Vec::new(),
            tele_period,
            tele_at: now + phase,
            is_away: false,
            away_changes_at: None,
            was_reachable: true,
        };
        if unit.faults.offline > 0.0 {
            let phase = unit.rng.random::<f64>();
            unit.away_changes_at = Some(now + unit.stretch(false).mul_f64(phase));
        }
        unit
    }

    pub fn is_reachable(&self) -> bool {
        !self.is_away && !self.is_cut
    }

    /// Takes in a command from the broker; [`Unit::advance`] executes it when its time has come.
    pub fn receive(&mut self, what: &str, payload: &str, now: Timestamp) {
        if !self.is_reachable() {
            self.counts.while_offline += 1;
            return;
        }
        let is_lost = self.rng.random::<f64>() < self.faults.lost;
        if is_lost || self.lose_next > 0 {
            self.lose_next = self.lose_next.saturating_sub(1);
            self.counts.lost += 1;
            return;
        }
        self.counts.received += 1;
        if self.received.len() == RECEIVED_MAX {
            self.received.pop_front();
        }
        self.received.push_back(Received {
            at: now,
            what: what.to_owned(),
            payload: payload.to_owned(),
        });
        let mut delay = self.delay.unwrap_or_default();
        if self.rng.random::<f64>() < self.faults.slow {
            delay += draw(&mut self.rng, &self.faults.slow_seconds);
        }
        if !delay.is_zero() {
            self.counts.slow += 1;
        }
        // One after the other: a slow command holds up those behind it.
        let after_last = self.queue.back().map_or(now, |(due, ..)| *due);
        let due = (now + delay).max(after_last);
        self.queue.push_back((due, what.to_owned(), payload.to_owned()));
    }

    /// Does everything that is due.
    pub fn advance(&mut self, now: Timestamp) -> Outcome {
        let mut outcome = Outcome::default();
        self.come_and_go(now);
        let is_reachable = self.is_reachable();
        if is_reachable != self.was_reachable {
            self.was_reachable = is_reachable;
            outcome.presence = Some(is_reachable);
        }
        outcome.messages.append(&mut self.unsaid);
        while let Some((_, what, payload)) = self.queue.pop_front_if(|(due, ..)| *due <= now) {
            outcome.take(self.relay.command(&what, &payload, now));
        }
        outcome.take(self.relay.elapse(now));
        if self.tele_at <= now {
            self.tele_at = now + self.tele_period;
            outcome.messages.extend(self.relay.state(now));
        }
        if !is_reachable {
            outcome.messages.clear();
        }
        outcome
    }

    /// Somebody presses a button; what the relay says about it goes out with the next [`Unit::advance`].
    pub fn press(&mut self, channel: u8, now: Timestamp) -> Vec<Switched> {
        let effects = self.relay.press(channel, now);
        self.unsaid.extend(effects.messages);
        effects.switched
    }

    /// When [`Unit::advance`] has something to do.
    pub fn due_at(&self) -> Timestamp {
        let command = self.queue.front().map(|(due, ..)| *due);
        let others = [command, self.relay.due_at(), self.away_changes_at];
        others.into_iter().flatten().fold(self.tele_at, Timestamp::min)
    }

    fn come_and_go(&mut self, now: Timestamp) {
        if self.away_changes_at.is_some_and(|at| at <= now) {
            self.is_away = !self.is_away;
            self.away_changes_at = Some(now + self.stretch(self.is_away));
        }
    }

    /// How long it stays away, or on the network: the share of both is as drawn, on average.
    fn stretch(&mut self, away: bool) -> Duration {
        let (share, seconds) = (self.faults.offline, self.faults.offline_seconds.clone());
        let factor = if away { 1.0 } else { (1.0 - share) / share };
        draw(&mut self.rng, &seconds).mul_f64(factor)
    }
}

impl Outcome {
    pub fn take(&mut self, effects: Effects) {
        self.messages.extend(effects.messages);
        self.switched.extend(effects.switched);
    }
}

fn draw(rng: &mut StdRng, seconds: &Range<f64>) -> Duration {
    Duration::try_from_secs_f64(rng.random_range(seconds.clone())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
    }

    fn unit(faults: &str, seed: u64) -> Unit {
        let relay = Relay::new("t", 1, at(0));
        Unit::new(
            relay,
            Arc::new(faults.parse().unwrap()),
            seed,
            Duration::from_secs(10),
            at(0),
        )
    }

    #[test]
    fn commands_are_lost_as_often_as_asked_and_the_same_ones_for_the_same_seed() {
        let lost = |seed| {
            let mut unit = unit("lost=0.1", seed);
            let is_lost = |index| {
                let before = unit.counts.lost;
                unit.receive("POWER", "", at(index));
                unit.counts.lost > before
            };
            (0..2_000).map(is_lost).collect::<Vec<_>>()
        };
        assert_eq!(lost(1), lost(1));
        assert_ne!(lost(1), lost(2));
        let share = lost(3).into_iter().filter(|lost| *lost).count();
        assert!((150..250).contains(&share), "{share}");
    }

    #[test]
    fn a_slow_command_holds_up_those_behind_it() {
        let mut unit = unit("", 1);
        unit.delay = Some(Duration::from_secs(1));
        unit.receive("POWER", "ON", at(0));
        unit.delay = None;
        unit.receive("POWER", "OFF", at(1));
        assert!(unit.advance(at(999)).switched.is_empty());
        assert_eq!(unit.advance(at(1_000)).switched.len(), 2);
        assert!(!unit.relay.is_on(1));
    }

    #[test]
    fn a_relay_is_away_for_its_share_of_the_time() {
        let mut unit = unit("offline=0.2", 5);
        let mut away = 0;
        let mut presences = 0;
        for second in 0..100_000i64 {
            let outcome = unit.advance(at(second * 1_000));
            presences += u32::from(outcome.presence.is_some());
            away += i32::from(!unit.is_reachable());
            assert!(unit.is_reachable() || outcome.messages.is_empty());
        }
        assert!((15_000..25_000).contains(&away), "{away}");
        assert!(presences > 500, "{presences}");
    }

    #[test]
    fn a_relay_off_the_network_goes_on_without_it() {
        let mut unit = unit("", 1);
        unit.receive("PulseTime1", "50", at(0));
        unit.receive("POWER", "ON", at(0));
        unit.advance(at(0));
        unit.is_cut = true;
        assert_eq!(unit.advance(at(1)).presence, Some(false));
        unit.receive("POWER", "ON", at(2));
        assert_eq!((unit.counts.received, unit.counts.while_offline), (2, 1));
        let outcome = unit.advance(at(5_000));
        assert_eq!((outcome.switched.len(), outcome.messages.len()), (1, 0));
    }

    #[test]
    fn relays_are_stuck_as_often_as_asked() {
        let stuck = |faults: &str| {
            let works = |seed| {
                let mut unit = unit(faults, seed);
                unit.receive("POWER", "ON", at(0));
                unit.receive("POWER", "OFF", at(0));
                unit.advance(at(0)).switched.len()
            };
            (0..1_000).map(works).fold([0; 3], |mut counts, changes| {
                counts[changes] += 1;
                counts
            })
        };
        assert_eq!(stuck(""), [0, 0, 1_000]);
        let [never_on, never_off, sound] = stuck("stuck=0.1,stuck-on=0.1");
        assert!((60..140).contains(&never_on) && (60..140).contains(&never_off) && sound > 700);
    }
}
