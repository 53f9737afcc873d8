//! What is told of a device's health: that it is lost, that it is back, that it comes and goes. Never that it is still there.
//!
//! ```text
//!            presence offline for 10 s                 heard for 10 s, and not held
//!  there ───────────────────────────────► lost (told) ──────────────────────────────► there (told)
//!    └── lost four times in ten minutes: flapping (told once), held for 1, 2, 5, 10 minutes: so long it is not back
//! ```
//!
//! Pure: time comes in with each call. A device that is heard within ten seconds was never lost. If more than half of a hall is lost within ten seconds, it is one
//! incident ([`Hall`]) and told with each of them.

mod hall;

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use hall::Hall;

/// So long a device must be lost before it is told; devices that are lost in this time are lost together.
pub const TOGETHER: Duration = Duration::from_secs(10);
/// So long a device must be heard before it is back.
pub const STEADY: Duration = Duration::from_secs(10);
/// Drops within this time make a device flapping.
pub const FLAPS_WITHIN: Duration = Duration::from_secs(600);
/// So many drops.
pub const FLAPS: usize = 4;
/// How long a flapping device is held, the first time and later ones.
pub const HOLDS: [Duration; 4] = [
    Duration::from_secs(60),
    Duration::from_secs(120),
    Duration::from_secs(300),
    Duration::from_secs(600),
];

/// What is to be told of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finding {
    /// It is lost.
    Offline {
        /// When it was last heard.
        last_heard_at: Timestamp,
        /// What it has in common with the others that were lost with it.
        incident_id: Option<Uuid>,
        /// When it was given up.
        at: Timestamp,
    },
    /// It is back.
    Back {
        /// Since when.
        at: Timestamp,
    },
    /// It comes and goes.
    Flapping {
        /// Drops in the last ten minutes.
        drops: u32,
        /// Until when it is held.
        hold_until: Timestamp,
        /// When.
        at: Timestamp,
    },
}

/// One device's health.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// It is told to be lost.
    is_told: bool,
    /// Lost, and not heard since: when it was last heard, and when it was given up.
    lost: Option<(Timestamp, Timestamp)>,
    /// Told to be lost, and heard since then.
    back_at: Option<Timestamp>,
    /// Its drops in the last ten minutes, oldest first; at most [`FLAPS`].
    drops: VecDeque<Timestamp>,
    hold_until: Option<Timestamp>,
    holds: usize,
}

impl Watch {
    /// A device of which the log says whether it is lost.
    pub fn new(is_told: bool) -> Self {
        Self {
            is_told,
            ..Self::default()
        }
    }

    /// What the log says by now.
    pub fn told(&mut self, is_offline: bool) {
        self.is_told = is_offline;
    }

    /// Nothing is known of it any more but what is told.
    pub fn forget(&mut self) {
        self.lost = None;
        self.back_at = None;
    }

    /// It was given up. Tells if it comes and goes.
    pub fn lose(&mut self, last_heard_at: Timestamp, now: Timestamp) -> Option<Finding> {
        if self.lost.is_some() {
            return None;
        }
        self.lost = Some((last_heard_at, now));
        self.back_at = None;
        while self.drops.front().is_some_and(|first| *first + FLAPS_WITHIN < now) || self.drops.len() >= FLAPS {
            self.drops.pop_front();
        }
        if self.drops.is_empty() {
            self.holds = 0;
        }
        self.drops.push_back(now);
        if self.drops.len() < FLAPS || self.hold_until.is_some_and(|until| now < until) {
            return None;
        }
        let hold_until = now + HOLDS[self.holds.min(HOLDS.len() - 1)];
        self.holds += 1;
        self.hold_until = Some(hold_until);
        Some(Finding::Flapping {
            drops: u32::try_from(self.drops.len()).unwrap_or(u32::MAX),
            hold_until,
            at: now,
        })
    }

    /// It said something.
    pub fn hear(&mut self, now: Timestamp) {
        self.lost = None;
        if self.is_told {
            self.back_at.get_or_insert(now);
        }
    }

    /// What is due. `incident` is asked for a device that was given up then.
    pub fn step(&mut self, now: Timestamp, incident: impl FnOnce(Timestamp) -> Option<Uuid>) -> Option<Finding> {
        if self.wake_at().is_none_or(|due| now < due) {
            return None;
        }
        if let Some((last_heard_at, at)) = self.lost {
            self.is_told = true;
            return Some(Finding::Offline {
                last_heard_at,
                incident_id: incident(at),
                at,
            });
        }
        self.is_told = false;
        self.back_at.take().map(|at| Finding::Back { at })
    }

    /// When [`Watch::step`] has something to do.
    pub fn wake_at(&self) -> Option<Timestamp> {
        match (self.is_told, self.lost, self.back_at) {
            (false, Some((_, at)), _) => Some(at + TOGETHER),
            (true, None, Some(at)) => {
                let steady = at + STEADY;
                Some(self.hold_until.map_or(steady, |hold| hold.max(steady)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
