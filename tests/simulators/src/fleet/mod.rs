//! A fleet of relays, each with its kind's firmware, on a real broker, with faults drawn from a seed.
//!
//! Each relay obeys what its firmware does, timers among it, and reports as it does. What really happened to each lamp is
//! the [`GroundTruth`]. All durations, the relays' timers among them, are counted by the fleet's clock.

pub mod cli;
mod connection;
mod esphome;
mod faults;
mod relay;
mod shelly;
mod tasmota;
mod truth;
mod unit;
mod worker;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use baize_eventlog::Clock;
use rumqttc::{LastWill, QoS};
use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub use faults::Faults;
pub use relay::{Cause, Contact, Firmware};
pub use truth::{Change, GroundTruth};
pub use unit::{Counts, Received};

use connection::Config;
use relay::Relay;
use unit::Unit;
use worker::{Seat, Worker};

const READY_WITHIN: Duration = Duration::from_secs(60);

/// A relay to simulate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelaySpec {
    /// Its topic.
    pub topic: String,
    /// How many outputs it has, 1–32.
    pub channels: u8,
    /// What it speaks.
    pub firmware: Firmware,
}

impl RelaySpec {
    /// A relay with one output and Tasmota.
    pub fn new(topic: impl Into<String>) -> Self {
        Self {
            topic: topic.into(),
            channels: 1,
            firmware: Firmware::Tasmota,
        }
    }

    /// The same relay with another firmware.
    #[must_use]
    pub fn with(self, firmware: Firmware) -> Self {
        Self { firmware, ..self }
    }
}

/// Who holds the MQTT connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connections {
    /// This many for all relays. They leave the network in name only: their will is published for them.
    Shared(usize),
    /// Each relay its own, with a retained will, as in a hall.
    PerRelay,
}

/// How to run a [`Fleet`].
#[derive(Clone, Debug)]
pub struct FleetOptions {
    /// The broker's host.
    pub host: String,
    /// The broker's port.
    pub port: u16,
    /// User and password, if the broker wants them.
    pub credentials: Option<(String, String)>,
    /// The relays.
    pub relays: Vec<RelaySpec>,
    /// Who holds the connections.
    pub connections: Connections,
    /// Everything random follows from it and the relays' topics.
    pub seed: u64,
    /// What goes wrong.
    pub faults: Faults,
    /// How often a relay tells its state unasked.
    pub tele_period: Duration,
    /// The time.
    pub clock: Clock,
    /// Where to write the ground truth, one JSON object a line.
    pub log: Option<PathBuf>,
}

impl FleetOptions {
    /// Sound relays on one connection to a broker without passwords, in real time.
    pub fn new(host: impl Into<String>, port: u16, relays: Vec<RelaySpec>) -> Self {
        Self {
            host: host.into(),
            port,
            credentials: None,
            relays,
            connections: Connections::Shared(1),
            seed: 0,
            faults: Faults::default(),
            tele_period: Duration::from_secs(10),
            clock: Clock::real(),
            log: None,
        }
    }
}

/// What a fleet did, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Relays.
    pub relays: usize,
    /// Connections to the broker.
    pub connections: usize,
    /// What happened to commands.
    pub commands: Counts,
    /// Changes of lamps.
    pub changes: usize,
    /// Lamps that are on, per relay.
    pub on: BTreeMap<String, Vec<u8>>,
}

/// Running relays. Dropping it takes them off the network at once.
#[derive(Debug)]
pub struct Fleet {
    seats: HashMap<String, Arc<Seat>>,
    truth: Arc<GroundTruth>,
    ups: Vec<watch::Receiver<bool>>,
    clock: Clock,
    cancel: DropGuard,
    tasks: TaskTracker,
}

impl Fleet {
    /// Connects all relays; returns when the broker has taken all subscriptions.
    ///
    /// # Errors
    /// The broker is not there within a minute, two relays have one topic, or the log cannot be written.
    pub async fn start(options: FleetOptions) -> anyhow::Result<Self> {
        let truth = Arc::new(GroundTruth::new(options.log.as_deref())?);
        let cancel = CancellationToken::new();
        let mut fleet = Self {
            seats: HashMap::new(),
            truth,
            ups: Vec::new(),
            clock: options.clock.clone(),
            cancel: cancel.clone().drop_guard(),
            tasks: TaskTracker::new(),
        };
        let mut topics = std::collections::HashSet::new();
        for relay in &options.relays {
            ensure!(topics.insert(&relay.topic), "two relays have the topic {}", relay.topic);
        }
        let relays_each = match options.connections {
            Connections::Shared(count) => options.relays.len().div_ceil(count.max(1)).max(1),
            Connections::PerRelay => 1,
        };
        for relays in options.relays.chunks(relays_each) {
            fleet.connect(&options, relays, &cancel);
        }
        fleet.tasks.close();
        for up in &mut fleet.ups {
            let is_up = tokio::time::timeout(READY_WITHIN, up.wait_for(|up| *up)).await;
            is_up.with_context(|| format!("no broker at {}:{}", options.host, options.port))??;
        }
        Ok(fleet)
    }

    fn connect(&mut self, options: &FleetOptions, relays: &[RelaySpec], cancel: &CancellationToken) {
        let (poke, pokes) = mpsc::unbounded_channel();
        let seats: Vec<_> = (0..)
            .zip(relays)
            .map(|(index, spec)| Arc::new(seat(options, spec, index, poke.clone())))
            .collect();
        let named = seats.iter().map(|seat| (seat.topic.clone(), seat.clone()));
        self.seats.extend(named);
        let is_alone = options.connections == Connections::PerRelay;
        let will = seats.first().filter(|_| is_alone).map(|seat| {
            let offline = seat.lock().relay.presence(false);
            LastWill::new(offline.topic, offline.payload, QoS::AtLeastOnce, true)
        });
        let config = Config {
            host: options.host.clone(),
            port: options.port,
            credentials: options.credentials.clone(),
            client_id: format!("relays-{}", uuid::Uuid::new_v4().simple()),
            filters: seats.iter().map(|seat| seat.lock().relay.command_filter()).collect(),
            will,
        };
        let (happening, happenings) = mpsc::channel(connection::QUEUE_MAX);
        let (wanted, is_wanted) = watch::channel(true);
        let (is_up, up) = watch::channel(false);
        self.ups.push(up);
        let worker = Worker {
            seats,
            clock: options.clock.clone(),
            truth: self.truth.clone(),
            happenings,
            pokes,
            is_up,
            own_connection: is_alone.then_some(wanted.clone()),
        };
        let keep_wanted = wanted;
        let connection = connection::run(config, is_wanted, happening, cancel.clone());
        self.tasks.spawn(async move {
            connection.await;
            drop(keep_wanted);
        });
        self.tasks.spawn(worker.run(cancel.clone()));
    }

    /// What really happened.
    pub fn ground_truth(&self) -> &Arc<GroundTruth> {
        &self.truth
    }

    /// One lamp.
    pub fn lamp(&self, topic: impl Into<String>, channel: u8) -> Lamp {
        Lamp {
            truth: self.truth.clone(),
            topic: topic.into(),
            channel,
        }
    }

    /// A hand on one relay.
    pub fn relay(&self, topic: &str) -> Option<RelayHandle> {
        let seat = self.seats.get(topic)?.clone();
        Some(RelayHandle {
            seat,
            truth: self.truth.clone(),
            clock: self.clock.clone(),
        })
    }

    /// Waits until all connections are up and subscribed.
    pub async fn wait_until_connected(&self) {
        for up in &self.ups {
            let mut up = up.clone();
            let _stopped = up.wait_for(|up| *up).await;
        }
    }

    /// What was done so far.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary {
            relays: self.seats.len(),
            connections: self.ups.len(),
            commands: Counts::default(),
            changes: self.truth.changes().len(),
            on: BTreeMap::new(),
        };
        for seat in self.seats.values() {
            let unit = seat.lock();
            let (all, one) = (&mut summary.commands, unit.counts);
            all.received += one.received;
            all.lost += one.lost;
            all.while_offline += one.while_offline;
            all.slow += one.slow;
            let on = unit.relay.lamps_on();
            if !on.is_empty() {
                summary.on.insert(seat.topic.clone(), on);
            }
        }
        summary
    }

    /// Takes all relays off the network.
    pub async fn stop(self) -> Summary {
        let summary = self.summary();
        drop(self.cancel);
        self.tasks.wait().await;
        summary
    }
}

fn seat(options: &FleetOptions, spec: &RelaySpec, index: usize, poke: mpsc::UnboundedSender<usize>) -> Seat {
    let now = options.clock.now();
    // FNV-1a of the topic: a relay's fate does not depend on which others there are.
    let seed = spec
        .topic
        .bytes()
        .fold(options.seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    let relay = Relay::new(&spec.topic, spec.channels, now).with(spec.firmware);
    let unit = Unit::new(relay, Arc::new(options.faults.clone()), seed, options.tele_period, now);
    Seat {
        topic: spec.topic.clone(),
        unit: Mutex::new(unit),
        poke,
        index,
    }
}

/// One lamp of the fleet.
#[derive(Clone, Debug)]
pub struct Lamp {
    truth: Arc<GroundTruth>,
    topic: String,
    channel: u8,
}

impl Lamp {
    /// Whether it is on.
    pub fn is_on(&self) -> bool {
        self.truth.is_on(&self.topic, self.channel)
    }

    /// How it changed, in order.
    pub fn changes(&self) -> Vec<Change> {
        self.truth.changes_of(&self.topic, self.channel)
    }

    /// Waits until it is on, or off. Returns at once if it is so; a lamp that never changed is off.
    pub async fn wait_for(&self, on: bool) {
        let is_it = |change: &&Change| change.topic == self.topic && change.channel == self.channel;
        let is_so = |changes: &[Change]| changes.iter().rev().find(is_it).is_some_and(|change| change.on) == on;
        self.truth.wait_until(is_so).await;
    }
}

/// A hand on one relay: what seeds leave to chance, a test does on purpose.
#[derive(Clone, Debug)]
pub struct RelayHandle {
    seat: Arc<Seat>,
    truth: Arc<GroundTruth>,
    clock: Clock,
}

impl RelayHandle {
    /// Takes the relay off the network, or puts it back. Its lamps stay as they are.
    pub fn set_offline(&self, is_offline: bool) {
        self.seat.lock().is_cut = is_offline;
        self.poke();
    }

    /// Loses the next commands.
    pub fn lose_next(&self, commands: u32) {
        self.seat.lock().lose_next = commands;
    }

    /// Executes every command this late.
    pub fn set_delay(&self, delay: Option<Duration>) {
        self.seat.lock().delay = delay;
    }

    /// Breaks or mends the contacts.
    pub fn set_contact(&self, contact: Contact) {
        self.seat.lock().relay.set_contact(contact);
    }

    /// Presses the button of an output.
    pub fn press(&self, channel: u8) {
        let mut unit = self.seat.lock();
        let at = self.clock.now();
        for switched in unit.press(channel, at) {
            self.truth.record(Change {
                at,
                topic: self.seat.topic.clone(),
                channel,
                on: switched.on,
                cause: switched.cause,
            });
        }
        drop(unit);
        self.poke();
    }

    /// The commands that reached it lately, executed or not yet; lost ones are not among them.
    pub fn received(&self) -> Vec<Received> {
        self.seat.lock().received.iter().cloned().collect()
    }

    /// What happened to its commands.
    pub fn counts(&self) -> Counts {
        self.seat.lock().counts
    }

    fn poke(&self) {
        // A stopped fleet has no worker to tell.
        let _stopped = self.seat.poke.send(self.seat.index);
    }
}
