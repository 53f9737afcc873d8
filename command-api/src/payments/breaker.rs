//! When a provider is left alone for a while.
//!
//! ```text
//!             failures_max in window                pause over, or another call answered
//!   closed ───────────────────────────► open ─────────────────────────────────────────► half-open
//!     ▲                                  ▲                                                  │
//!     │                                  └─────────────── a failure ────────────────────────┤
//!     └──────────────────────────── a new order was answered ───────────────────────────────┘
//! ```
//!
//! It holds new orders back only. Queries, closes and refunds are about money that may have moved already: they always go on, and what they
//! bring tells whether the provider is back.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

/// When a provider is left alone.
#[derive(Clone, Debug)]
pub struct BreakerOptions {
    /// So many calls without an answer within the window open it; at least 1.
    pub failures_max: usize,
    /// How far back failures count.
    pub window: Duration,
    /// How long no new order is tried; then one is.
    pub pause: Duration,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self {
            failures_max: 5,
            window: Duration::from_secs(60),
            pause: Duration::from_secs(30),
        }
    }
}

/// A provider's breaker. Knows no clock: whoever asks says when.
#[derive(Debug)]
pub struct Breaker {
    options: BreakerOptions,
    state: State,
}

#[derive(Debug)]
enum State {
    /// When calls failed lately, oldest first; fewer than `failures_max`.
    Closed(VecDeque<Timestamp>),
    Open {
        until: Timestamp,
    },
    /// One new order at a time shows whether it works again; if nothing is heard of it until then, another may.
    HalfOpen {
        probe_until: Option<Timestamp>,
    },
}

impl Breaker {
    /// A closed one.
    pub const fn new(options: BreakerOptions) -> Self {
        Self {
            options,
            state: State::Closed(VecDeque::new()),
        }
    }

    /// Whether a new order would be let through, without taking that place.
    pub fn would_admit(&self, now: Timestamp) -> bool {
        match self.state {
            State::Closed(_) => true,
            State::Open { until } => until <= now,
            State::HalfOpen { probe_until } => probe_until.is_none_or(|until| until <= now),
        }
    }

    /// Whether a new order is let through. One that is must be reported by [`Self::answered`] or [`Self::failed`].
    pub fn admit(&mut self, now: Timestamp) -> bool {
        if !self.would_admit(now) {
            return false;
        }
        if !matches!(self.state, State::Closed(_)) {
            let probe_until = Some(self.after_pause(now));
            self.state = State::HalfOpen { probe_until };
        }
        true
    }

    /// A call was answered, whatever the answer says. `is_order`: it was for a new order.
    pub fn answered(&mut self, is_order: bool) {
        match (&self.state, is_order) {
            (State::Closed(_), _) => {}
            (_, true) => self.state = State::Closed(VecDeque::new()),
            (State::Open { .. }, false) => self.state = State::HalfOpen { probe_until: None },
            (State::HalfOpen { .. }, false) => {}
        }
    }

    /// A call got no answer.
    pub fn failed(&mut self, now: Timestamp) {
        let opens = match &mut self.state {
            State::Closed(failures) => {
                failures.push_back(now);
                let window = self.options.window;
                failures
                    .retain(|failure| Duration::try_from(now.duration_since(*failure)).unwrap_or_default() < window);
                failures.len() >= self.options.failures_max
            }
            State::Open { .. } => false,
            State::HalfOpen { .. } => true,
        };
        if opens {
            let until = self.after_pause(now);
            self.state = State::Open { until };
        }
    }

    fn after_pause(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(self.options.pause).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn breaker() -> Breaker {
        Breaker::new(BreakerOptions {
            failures_max: 3,
            window: Duration::from_secs(10),
            pause: Duration::from_secs(30),
        })
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn open() -> Breaker {
        let mut breaker = breaker();
        (0..3).for_each(|second| breaker.failed(at(second)));
        breaker
    }

    #[test]
    fn failures_that_come_together_open_it() {
        let mut breaker = breaker();
        breaker.failed(at(0));
        breaker.failed(at(1));
        assert!(breaker.admit(at(2)));
        breaker.failed(at(2));
        assert!(!breaker.admit(at(3)));
    }

    #[test]
    fn failures_that_lie_apart_do_not() {
        let mut breaker = breaker();
        (0..100).for_each(|n| breaker.failed(at(n * 5)));
        assert!(breaker.admit(at(500)));
    }

    #[test]
    fn after_the_pause_one_order_at_a_time_is_tried() {
        let mut breaker = open();
        assert!(!breaker.admit(at(31)));
        assert!(breaker.admit(at(32)));
        assert!(!breaker.admit(at(33)), "one is under way");
        assert!(breaker.admit(at(62)), "nothing was heard of it");
    }

    #[test]
    fn an_order_that_is_answered_closes_it_and_one_that_is_not_opens_it_again() {
        let mut breaker = open();
        assert!(breaker.admit(at(32)));
        breaker.failed(at(33));
        assert!(!breaker.admit(at(62)));
        assert!(breaker.admit(at(63)));
        breaker.answered(true);
        assert!(breaker.admit(at(64)) && breaker.admit(at(64)));
    }

    #[test]
    fn a_query_that_is_answered_lets_one_order_be_tried_before_the_pause_is_over() {
        let mut breaker = open();
        breaker.answered(false);
        assert!(breaker.admit(at(4)));
        assert!(!breaker.admit(at(4)));
    }

    #[test]
    fn failures_while_it_is_open_do_not_keep_it_open() {
        let mut breaker = open();
        (3..32).for_each(|second| breaker.failed(at(second)));
        assert!(breaker.admit(at(32)));
    }

    proptest! {
        #[test]
        fn it_never_stays_shut_for_longer_than_the_pause(steps in proptest::collection::vec((0..20_i64, 0..4_u8), 0..200)) {
            let mut breaker = breaker();
            let mut second = 0;
            for (passed, step) in steps {
                second += passed;
                match step {
                    0 => { breaker.admit(at(second)); }
                    1 => breaker.answered(false),
                    2 => breaker.answered(true),
                    _ => breaker.failed(at(second)),
                }
            }
            prop_assert!(breaker.would_admit(at(second + 30)));
        }

        #[test]
        fn with_fewer_failures_than_the_limit_everything_is_admitted(seconds in proptest::collection::vec(0..1_000_i64, 0..3)) {
            let mut breaker = breaker();
            let mut seconds = seconds;
            seconds.sort_unstable();
            for second in seconds.into_iter().take(2) {
                breaker.failed(at(second));
                prop_assert!(breaker.admit(at(second)));
            }
        }
    }
}
