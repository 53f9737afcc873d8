//! A device at work.

use std::collections::BTreeMap;

use baize_domain::ids::HallId;
use jiff::Timestamp;

use crate::drivers::{self, Driver, Signal};
use crate::health::Watch;
use crate::reconcile::{Presence, Pursuit};
use crate::register::Registration;

/// A device, and what is pursued of its outputs.
#[derive(Debug)]
pub(super) struct Station {
    pub driver: &'static dyn Driver,
    pub topic: String,
    pub hall_id: HallId,
    pub presence: Presence,
    pub watch: Watch,
    pub lamps: BTreeMap<u8, Pursuit>,
}

impl Station {
    pub fn new(registration: &Registration, is_offline: bool, now: Timestamp) -> Self {
        Self {
            driver: drivers::driver(registration.driver),
            topic: registration.topic.clone(),
            hall_id: registration.hall_id,
            presence: Presence::new(now),
            watch: Watch::new(is_offline),
            lamps: BTreeMap::new(),
        }
    }

    /// Nothing is known of it any more.
    pub fn forget(&mut self, now: Timestamp) {
        self.presence = Presence::new(now);
        self.watch.forget();
        self.forget_lamps();
    }

    /// Takes in what the device said. True if its outputs have to be asked again: it may have rebooted.
    pub fn hear(&mut self, signals: &[Signal], now: Timestamp) -> bool {
        if signals.contains(&Signal::Presence(false)) {
            // The broker speaks in its name, and may be late with it.
            self.presence.will(now);
            return false;
        }
        self.watch.hear(now);
        let is_back = self.presence.heard(now) || signals.contains(&Signal::Presence(true));
        if is_back {
            self.forget_lamps();
        }
        for pursuit in self.lamps.values_mut() {
            pursuit.heard(now);
        }
        for signal in signals {
            match *signal {
                Signal::Reported { channel, on } => {
                    if let Some(pursuit) = self.lamps.get_mut(&channel) {
                        pursuit.report(on, now);
                    }
                }
                Signal::DeadMan { channel, after } => {
                    if let Some(pursuit) = self.lamps.get_mut(&channel) {
                        pursuit.armed(after, now);
                    }
                }
                Signal::Fault => tracing::warn!(topic = self.topic, "the device did not understand a command"),
                Signal::Garbage => tracing::warn!(topic = self.topic, "the device sent something unreadable"),
                Signal::Presence(_) => {}
            }
        }
        is_back
    }

    fn forget_lamps(&mut self) {
        for pursuit in self.lamps.values_mut() {
            pursuit.forget();
        }
    }
}
