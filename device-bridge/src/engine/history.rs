//! What to make of events that are not news.
//!
//! Events that happened while nobody listened are told from the first to the last: acting on each would light and
//! darken tables as they were lit and darkened in the past. So nothing is done until they are all known (frozen).
//! If they stop coming half-way, or if history is told again through a stream that is being restored, an ON is not
//! believed until it is clear that no OFF follows (doubted). OFF is never doubted.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use baize_domain::device::LightChannel;
use tokio::time::Instant;

use super::timers::Output;

/// If the events that happened while nobody listened stop coming for this long, what is known must do.
const STALLED_AFTER: Duration = Duration::from_secs(3);
/// History that is told again is over when nothing of it came for this long.
const QUIET_FOR: Duration = Duration::from_secs(1);

/// What is not news, and what to do when it is over.
#[derive(Debug)]
pub(super) struct History {
    frozen_until: Option<Instant>,
    /// Of what something newer is desired since the freeze began.
    touched: BTreeSet<Output>,
    /// What else has to be looked at when it is over.
    deferred: BTreeSet<Output>,
    doubted: HashSet<LightChannel>,
    /// When doubts end; `None`: when all events are known.
    doubted_until: Option<Instant>,
}

/// What a freeze leaves to do.
#[derive(Debug, Default)]
pub(super) struct Thawed {
    /// Of what something newer is desired.
    pub touched: Vec<LightChannel>,
    /// What else has to be looked at.
    pub deferred: Vec<LightChannel>,
}

impl History {
    /// Frozen, as every bridge starts.
    pub fn new() -> Self {
        Self {
            frozen_until: Some(Instant::now() + STALLED_AFTER),
            touched: BTreeSet::new(),
            deferred: BTreeSet::new(),
            doubted: HashSet::new(),
            doubted_until: None,
        }
    }

    pub fn freeze(&mut self) {
        self.frozen_until = Some(Instant::now() + STALLED_AFTER);
    }

    /// Events still come.
    pub fn goes_on(&mut self) {
        if self.is_frozen() {
            self.freeze();
        }
    }

    pub fn is_frozen(&self) -> bool {
        self.frozen_until.is_some()
    }

    /// Something newer is desired of an output, in the past.
    pub fn touch(&mut self, light: LightChannel) {
        self.touched.insert(light.into());
    }

    /// An output has to be looked at when the freeze is over.
    pub fn defer(&mut self, light: LightChannel) {
        self.deferred.insert(light.into());
    }

    /// All events are known; doubts that waited for that are over, too.
    pub fn end(&mut self) -> Thawed {
        let mut thawed = self.thaw();
        if self.doubted_until.is_none() {
            thawed.deferred.extend(self.doubted.drain());
        }
        thawed
    }

    /// The rest of the events does not come: what was learnt half-way is doubted until it does.
    pub fn give_up(&mut self) -> Thawed {
        let thawed = self.thaw();
        self.doubted.extend(&thawed.touched);
        self.doubted_until = None;
        thawed
    }

    pub fn has_stalled(&self) -> bool {
        self.frozen_until.is_some_and(|until| until <= Instant::now())
    }

    /// An ON came in long after it was asked for.
    pub fn doubt(&mut self, light: LightChannel) {
        let is_waiting_for_all = !self.doubted.is_empty() && self.doubted_until.is_none();
        self.doubted.insert(light);
        if !is_waiting_for_all {
            self.doubted_until = Some(Instant::now() + QUIET_FOR);
        }
    }

    /// What is desired now is news.
    pub fn believe(&mut self, light: LightChannel) {
        self.doubted.remove(&light);
    }

    pub fn is_doubted(&self, light: LightChannel) -> bool {
        self.doubted.contains(&light)
    }

    /// Outputs whose time of doubt has passed.
    pub fn no_longer_doubted(&mut self) -> Vec<LightChannel> {
        if self.doubted_until.is_none_or(|until| Instant::now() < until) {
            return Vec::new();
        }
        self.doubted_until = None;
        self.doubted.drain().collect()
    }

    /// When something of this ends by itself.
    pub fn deadline(&self) -> Option<Instant> {
        [self.frozen_until, self.doubted_until].into_iter().flatten().min()
    }

    fn thaw(&mut self) -> Thawed {
        self.frozen_until = None;
        let lights = |outputs: BTreeSet<Output>| outputs.into_iter().map(LightChannel::from).collect();
        Thawed {
            touched: lights(std::mem::take(&mut self.touched)),
            deferred: lights(std::mem::take(&mut self.deferred)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn light(channel: u8) -> LightChannel {
        LightChannel {
            channel,
            ..LightChannel::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_learnt_half_way_is_doubted_until_all_is_known() {
        let mut history = History::new();
        history.touch(light(1));
        history.defer(light(2));
        tokio::time::advance(STALLED_AFTER).await;
        assert!(history.has_stalled());
        let thawed = history.give_up();
        assert_eq!((thawed.touched, thawed.deferred), (vec![light(1)], vec![light(2)]));
        assert!(history.is_doubted(light(1)) && !history.is_doubted(light(2)));
        history.doubt(light(3));
        assert_eq!(
            history.deadline(),
            None,
            "no deadline ends a doubt that waits for the rest"
        );
        let thawed = history.end();
        assert_eq!(thawed.deferred.len(), 2);
        assert!(!history.is_doubted(light(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn late_news_is_doubted_until_it_is_quiet() {
        let mut history = History::new();
        history.end();
        history.doubt(light(1));
        tokio::time::advance(QUIET_FOR / 2).await;
        history.doubt(light(2));
        history.believe(light(1));
        tokio::time::advance(QUIET_FOR / 2).await;
        assert!(history.no_longer_doubted().is_empty());
        tokio::time::advance(QUIET_FOR / 2).await;
        assert_eq!(history.no_longer_doubted(), [light(2)]);
        assert_eq!(history.deadline(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_freeze_lasts_as_long_as_events_come() {
        let mut history = History::new();
        for _ in 0..10 {
            tokio::time::advance(STALLED_AFTER / 2).await;
            assert!(!history.has_stalled());
            history.goes_on();
        }
        history.end();
        history.goes_on();
        assert!(!history.is_frozen());
    }
}
