//! Whether a device is there.
//!
//! Any message is a sign of life. What the broker says in a device's name is a hint that starts a probe: an old
//! session's will may arrive after the new session's greeting.

use std::time::Duration;

use jiff::Timestamp;

/// Silence after which a device is asked whether it is there.
pub const SUSPECT_AFTER: Duration = Duration::from_secs(25);
/// Silence after which it is not.
pub const OFFLINE_AFTER: Duration = Duration::from_secs(40);
/// How long a device may take to answer after its will was published.
pub const WILL_ANSWER: Duration = Duration::from_secs(2);
/// How often a suspect is asked.
const SUSPECT_PROBE_EVERY: Duration = Duration::from_secs(5);
/// How often a device that is not there is asked.
const OFFLINE_PROBE_EVERY: Duration = Duration::from_secs(60);

/// What is known of a device's presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Nothing was heard since the bridge is connected.
    Unknown,
    /// It speaks.
    Online,
    /// It should have spoken.
    Suspect,
    /// It is silent although it was asked: only questions are sent, no commands that it could find later.
    Offline,
}

/// One device's presence.
#[derive(Clone, Copy, Debug)]
pub struct Presence {
    health: Health,
    /// When it was last heard; before that, when listening began.
    heard_at: Timestamp,
    /// If it is silent until then, it is offline.
    verdict_at: Timestamp,
    /// When to ask it next.
    probe_at: Timestamp,
}

impl Presence {
    /// A device of which nothing is known, listened to from `now` on.
    pub fn new(now: Timestamp) -> Self {
        Self {
            health: Health::Unknown,
            heard_at: now,
            verdict_at: now + OFFLINE_AFTER,
            probe_at: now + SUSPECT_AFTER,
        }
    }

    /// What is known.
    pub fn health(&self) -> Health {
        self.health
    }

    /// When it was last heard, or listening began.
    pub fn heard_at(&self) -> Timestamp {
        self.heard_at
    }

    /// It said something. True if it had been given up, so that its outputs have to be read again.
    pub fn heard(&mut self, now: Timestamp) -> bool {
        let is_back = self.health == Health::Offline;
        *self = Self {
            health: Health::Online,
            ..Self::new(now)
        };
        is_back
    }

    /// The broker published its will.
    pub fn will(&mut self, now: Timestamp) {
        if self.health != Health::Offline {
            self.health = Health::Suspect;
            self.verdict_at = now + WILL_ANSWER;
            self.probe_at = now;
        }
    }

    /// Lets time pass; true if the device is to be asked now.
    pub fn step(&mut self, now: Timestamp) -> bool {
        if now < self.probe_at.min(self.verdict_at) {
            return false;
        }
        let was = self.health;
        if now >= self.verdict_at {
            self.health = Health::Offline;
            self.verdict_at = Timestamp::MAX;
        } else if was != Health::Offline && now >= self.heard_at + SUSPECT_AFTER {
            self.health = Health::Suspect;
        }
        if now < self.probe_at && self.health == was {
            return false;
        }
        self.probe_at = now
            + match self.health {
                Health::Offline => OFFLINE_PROBE_EVERY,
                _ => SUSPECT_PROBE_EVERY,
            };
        true
    }

    /// When [`Presence::step`] has something to do.
    pub fn wake_at(&self) -> Timestamp {
        self.probe_at.min(self.verdict_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    /// Steps at every wake up to `until`; the probes' seconds.
    fn run(presence: &mut Presence, until: i64) -> Vec<i64> {
        let mut probes = Vec::new();
        while presence.wake_at() <= at(until) {
            let now = presence.wake_at();
            if presence.step(now) {
                probes.push(now.as_second() - 1_800_000_000);
            }
        }
        probes
    }

    #[test]
    fn a_silent_device_is_asked_and_then_given_up() {
        let mut presence = Presence::new(at(0));
        presence.heard(at(0));
        assert!(run(&mut presence, 24).is_empty());
        assert_eq!(run(&mut presence, 39), [25, 30, 35]);
        assert_eq!(presence.health(), Health::Suspect);
        assert_eq!(run(&mut presence, 200), [40, 100, 160]);
        assert_eq!(presence.health(), Health::Offline);
        assert!(presence.heard(at(201)));
        assert_eq!(presence.health(), Health::Online);
    }

    #[test]
    fn a_will_is_a_hint_that_an_answer_refutes() {
        let mut presence = Presence::new(at(0));
        presence.heard(at(0));
        presence.will(at(10));
        assert_eq!(presence.health(), Health::Suspect);
        assert_eq!(run(&mut presence, 11), [10]);
        assert!(!presence.heard(at(11)));
        assert_eq!(presence.health(), Health::Online);
        assert!(run(&mut presence, 20).is_empty());
        presence.will(at(20));
        assert_eq!(run(&mut presence, 22), [20, 22]);
        assert_eq!(presence.health(), Health::Offline);
    }

    #[test]
    fn a_device_that_speaks_is_not_asked() {
        let mut presence = Presence::new(at(0));
        for second in (0..1_000).step_by(10) {
            assert!(run(&mut presence, second).is_empty());
            assert!(!presence.heard(at(second)));
        }
    }
}
