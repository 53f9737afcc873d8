//! The engine: one task that owns everything there is to know about the lights, and never waits for anything but
//! the next thing to happen.
//!
//! From an event to the broker's socket there is nothing to write and no answer to wait for: the event goes into
//! the register, the reconciler says what to send, and the message is handed to the connection. Storing and
//! reporting happen elsewhere, from what the engine leaves for them.

mod act;
mod field;
mod found;
mod history;
mod intake;
mod recovery;
mod station;
mod timers;

use std::collections::HashMap;

use baize_domain::device::LightChannel;
use baize_domain::ids::{DeviceId, HallId};
use baize_eventlog::Clock;
use jiff::SignedDuration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::events::Feed;
use crate::health::{Finding, Hall};
use crate::mqtt::{Happening, Link};
use crate::reconcile::Pursuit;
use crate::register::Register;
use crate::register::store::{Journal, Loaded};
use crate::reports::{Outbox, Report};
use crate::status::Status;

use history::History;
use recovery::Recovery;
use station::Station;
use timers::{Key, Timers};

const BATCH_MAX: usize = 512;
const IDLE: SignedDuration = SignedDuration::from_hours(1);

/// What the engine works with.
pub(crate) struct Parts {
    pub clock: Clock,
    pub feed: mpsc::Receiver<Feed>,
    pub happenings: mpsc::Receiver<Happening>,
    pub journal: Journal,
    pub outbox: Outbox,
    pub status: watch::Sender<Status>,
    pub seed: u64,
}

pub(crate) struct Engine {
    clock: Clock,
    feed: mpsc::Receiver<Feed>,
    happenings: mpsc::Receiver<Happening>,
    journal: Journal,
    outbox: Outbox,
    status: watch::Sender<Status>,
    seed: u64,
    register: Register,
    stations: HashMap<DeviceId, Station>,
    topics: HashMap<String, DeviceId>,
    halls: HashMap<HallId, Hall>,
    timers: Timers,
    recovery: Recovery,
    link: Option<Link>,
    history: History,
    correlation: u32,
    position: u64,
    garbage: u64,
}

impl Engine {
    pub fn new(parts: Parts, loaded: Loaded) -> Self {
        let now = parts.clock.now();
        let mut engine = Self {
            clock: parts.clock,
            feed: parts.feed,
            happenings: parts.happenings,
            journal: parts.journal,
            outbox: parts.outbox,
            status: parts.status,
            seed: parts.seed,
            position: loaded.position,
            register: loaded.register,
            stations: HashMap::new(),
            topics: HashMap::new(),
            halls: HashMap::new(),
            timers: Timers::default(),
            recovery: Recovery::new(now),
            link: None,
            history: History::new(),
            correlation: 0,
            garbage: 0,
        };
        let devices: Vec<_> = engine.register.devices().map(|(device_id, _)| device_id).collect();
        for device_id in devices {
            engine.settle_in(device_id, now);
        }
        // What an earlier run found out, and nobody was told yet.
        for report in engine.outbox.all() {
            if let Report::Health { device_id, finding } = report
                && let Some(station) = engine.stations.get_mut(&device_id)
                && !matches!(finding, Finding::Flapping { .. })
            {
                station.watch.told(matches!(finding, Finding::Offline { .. }));
            }
        }
        engine
    }

    /// Works until cancelled.
    pub async fn run(mut self, cancel: CancellationToken) {
        let mut events = Vec::new();
        let mut happenings = Vec::new();
        loop {
            self.publish_status();
            let clock = self.clock.clone();
            let wake = self.timers.first().unwrap_or_else(|| clock.now() + IDLE);
            let deadline = self.history.deadline();
            tokio::select! {
                () = cancel.cancelled() => break,
                count = self.feed.recv_many(&mut events, BATCH_MAX) => if count == 0 { break },
                count = self.happenings.recv_many(&mut happenings, BATCH_MAX) => if count == 0 { break },
                () = clock.sleep_until(wake) => {}
                () = at(deadline) => {}
            }
            for feed in events.drain(..) {
                self.take_in(feed);
            }
            let now = self.clock.now();
            for happening in happenings.drain(..) {
                self.react(happening, now);
            }
            self.pass_time();
        }
        if let Some(link) = &self.link {
            link.disconnect();
        }
    }

    fn pass_time(&mut self) {
        if self.history.has_stalled() {
            tracing::warn!(
                position = self.position,
                "the rest of EVENTS does not come; going on with what is known"
            );
            let thawed = self.history.give_up();
            self.resume(thawed);
        }
        let now = self.clock.now();
        for light in self.history.no_longer_doubted() {
            self.step(light, now, None);
        }
        for key in self.timers.due(now) {
            match key {
                Key::Lamp(output) => self.step(output.into(), now, None),
                Key::Device(device_id) => self.watch(device_id, now),
                Key::Health(device_id) => self.judge(device_id, now),
                Key::Recovery => {}
            }
        }
        self.release(now);
    }

    fn publish_status(&self) {
        let status = Status {
            is_loaded: true,
            is_caught_up: !self.history.is_frozen(),
            is_connected: self.link.is_some(),
            position: self.position,
            devices: self.stations.len(),
            recovering: self.recovery.len(),
            garbage: self.garbage,
        };
        self.status.send_if_modified(|known| {
            let is_new = *known != status;
            *known = status;
            is_new
        });
    }

    fn pursuit(&self, light: LightChannel) -> Option<&Pursuit> {
        self.stations.get(&light.device_id)?.lamps.get(&light.channel)
    }

    fn pursuit_mut(&mut self, light: LightChannel) -> Option<&mut Pursuit> {
        self.stations.get_mut(&light.device_id)?.lamps.get_mut(&light.channel)
    }
}

async fn at(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
