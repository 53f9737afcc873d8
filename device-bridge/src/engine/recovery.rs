//! Who goes next after a restart, a lost connection or a power cut: not all at once, and darkness first.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use baize_domain::device::LightChannel;
use jiff::Timestamp;

/// 200 outputs a second.
const EACH: Duration = Duration::from_millis(5);
/// What was not used is not saved up beyond this.
const SAVED_MAX: Duration = Duration::from_millis(100);

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// To be off.
    Off,
    /// To be on, and somebody waits for it.
    Awaited,
    /// To be on, as it was.
    On,
}

/// Outputs that wait for their turn.
#[derive(Debug)]
pub(super) struct Recovery {
    queues: [VecDeque<LightChannel>; 3],
    queued: HashSet<LightChannel>,
    next_at: Timestamp,
}

impl Recovery {
    pub fn new(now: Timestamp) -> Self {
        Self {
            queues: Default::default(),
            queued: HashSet::new(),
            next_at: now,
        }
    }

    pub fn queue(&mut self, light: LightChannel, urgency: Urgency) {
        if self.queued.insert(light) {
            self.queues[urgency as usize].push_back(light);
        }
    }

    /// The next one, if it may go now.
    pub fn take(&mut self, now: Timestamp) -> Option<LightChannel> {
        if now < self.next_at {
            return None;
        }
        let light = self.queues.iter_mut().find_map(VecDeque::pop_front)?;
        self.queued.remove(&light);
        Some(light)
    }

    /// It did go.
    pub fn spend(&mut self, now: Timestamp) {
        self.next_at = self.next_at.max(now - SAVED_MAX) + EACH;
    }

    /// When the next one may go; `None` if nobody waits.
    pub fn next_at(&self) -> Option<Timestamp> {
        (!self.queued.is_empty()).then_some(self.next_at)
    }

    pub fn len(&self) -> usize {
        self.queued.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
    }

    fn light(number: u128) -> LightChannel {
        LightChannel {
            device_id: baize_domain::ids::DeviceId(baize_domain::ids::derived(&[&number.to_string()])),
            channel: 1,
        }
    }

    #[test]
    fn darkness_comes_first_then_those_who_wait() {
        let mut recovery = Recovery::new(at(0));
        recovery.queue(light(1), Urgency::On);
        recovery.queue(light(2), Urgency::Awaited);
        recovery.queue(light(3), Urgency::Off);
        recovery.queue(light(3), Urgency::On);
        let order: Vec<_> = std::iter::from_fn(|| recovery.take(at(0))).collect();
        assert_eq!(order, [light(3), light(2), light(1)]);
    }

    #[test]
    fn two_hundred_go_in_a_second() {
        let mut recovery = Recovery::new(at(0));
        for number in 0..1_000 {
            recovery.queue(light(number), Urgency::Off);
        }
        let mut gone = 0;
        for millis in 0..1_000 {
            while recovery.take(at(millis)).is_some() {
                recovery.spend(at(millis));
                gone += 1;
            }
        }
        assert!((200..=220).contains(&gone), "{gone}");
        assert_eq!(recovery.len(), 1_000 - gone);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whenever_they_queue_nobody_goes_before_darkness_and_a_second_lets_no_more_go_than_it_may(
            mut arrivals in prop::collection::vec((0i64..1_000, 0usize..3), 1..500),
        ) {
            arrivals.sort_unstable();
            let lights: Vec<_> = (0..).map(light).take(arrivals.len()).collect();
            let mut recovery = Recovery::new(at(0));
            let (mut queued, mut gone) = (0, Vec::new());
            for millis in 0..4_000 {
                while let Some((_, urgency)) = arrivals.get(queued).filter(|(arrives, _)| *arrives <= millis) {
                    recovery.queue(lights[queued], [Urgency::Off, Urgency::Awaited, Urgency::On][*urgency]);
                    queued += 1;
                }
                loop {
                    let is_dark_waiting = !recovery.queues[Urgency::Off as usize].is_empty();
                    let Some(taken) = recovery.take(at(millis)) else { break };
                    let number = lights.iter().position(|light| *light == taken).unwrap();
                    prop_assert!(!is_dark_waiting || arrivals[number].1 == Urgency::Off as usize);
                    recovery.spend(at(millis));
                    gone.push(millis);
                }
            }
            prop_assert_eq!(gone.len(), arrivals.len());
            for window in gone.windows(222) {
                prop_assert!(window[221] - window[0] >= 1_000, "222 within {} ms", window[221] - window[0]);
            }
        }
    }
}
