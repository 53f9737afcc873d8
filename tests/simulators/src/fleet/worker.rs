//! Drives the relays of one connection.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use baize_eventlog::Clock;
use jiff::Timestamp;
use rumqttc::{AsyncClient, QoS};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::connection::Happening;
use super::relay::Message;
use super::truth::{Change, GroundTruth};
use super::unit::Unit;

const BATCH_MAX: usize = 1_024;
const IDLE: Duration = Duration::from_secs(3_600);

/// A relay that the worker and those who hold a handle on it share.
#[derive(Debug)]
pub(super) struct Seat {
    pub topic: String,
    pub unit: Mutex<Unit>,
    /// Tells the worker that something was changed by hand.
    pub poke: mpsc::UnboundedSender<usize>,
    pub index: usize,
}

impl Seat {
    pub fn lock(&self) -> MutexGuard<'_, Unit> {
        self.unit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct Worker {
    pub seats: Vec<Arc<Seat>>,
    pub clock: Clock,
    pub truth: Arc<GroundTruth>,
    pub happenings: mpsc::Receiver<Happening>,
    pub pokes: mpsc::UnboundedReceiver<usize>,
    /// The connection is up and subscribed.
    pub is_up: watch::Sender<bool>,
    /// With a connection of its own, a relay that leaves the network drops it, and the broker publishes its will.
    pub own_connection: Option<watch::Sender<bool>>,
}

impl Worker {
    pub async fn run(mut self, cancel: CancellationToken) {
        let _cancelled = cancel.run_until_cancelled(self.work()).await;
    }

    async fn work(&mut self) {
        let seats = self.seats.clone();
        let by_topic: HashMap<&str, usize> = (0..).zip(&seats).map(|(index, seat)| (&*seat.topic, index)).collect();
        let due: Vec<_> = seats.iter().map(|seat| seat.lock().due_at()).collect();
        let mut timers = Timers::new(due);
        let mut client = None;
        let mut batch = Vec::new();
        loop {
            let wake = timers.first().unwrap_or_else(|| self.clock.now() + IDLE);
            let mut touched = BTreeSet::new();
            let clock = self.clock.clone();
            tokio::select! {
                count = self.happenings.recv_many(&mut batch, BATCH_MAX) => if count == 0 { return },
                Some(index) = self.pokes.recv() => { touched.insert(index); }
                () = clock.sleep_until(wake) => {}
            }
            let now = self.clock.now();
            for happening in batch.drain(..) {
                match happening {
                    Happening::Up(up) => {
                        self.greet(&up, now);
                        client = Some(up);
                        self.is_up.send_replace(true);
                    }
                    Happening::Down => {
                        client = None;
                        self.is_up.send_replace(false);
                    }
                    Happening::Command(publish) => {
                        let Some((topic, what)) = address(&publish.topic) else {
                            continue;
                        };
                        let Some(index) = by_topic.get(topic) else { continue };
                        let payload = String::from_utf8_lossy(&publish.payload);
                        self.seats[*index].lock().receive(what, &payload, now);
                        touched.insert(*index);
                    }
                }
            }
            touched.extend(timers.due(now));
            for index in touched {
                self.advance(index, client.as_ref(), now);
                let due = self.seats[index].lock().due_at();
                timers.set(index, due);
            }
        }
    }

    fn advance(&self, index: usize, client: Option<&AsyncClient>, now: Timestamp) {
        let seat = &self.seats[index];
        // The lock is held until the truth is written, so that no lamp is ever seen ahead of it.
        let mut unit = seat.lock();
        let outcome = unit.advance(now);
        for switched in outcome.switched {
            self.truth.record(Change {
                at: now,
                topic: seat.topic.clone(),
                channel: switched.channel,
                on: switched.on,
                cause: switched.cause,
            });
        }
        if let Some(is_online) = outcome.presence {
            match &self.own_connection {
                Some(wanted) => {
                    wanted.send_replace(is_online);
                }
                // The broker knows nothing of it: the will is published in its name.
                None => publish(client, unit.relay.presence(is_online), false),
            }
        }
        for message in outcome.messages {
            publish(client, message, false);
        }
    }

    fn greet(&self, client: &AsyncClient, now: Timestamp) {
        for seat in &self.seats {
            let unit = seat.lock();
            if unit.is_reachable() {
                publish(Some(client), unit.relay.presence(true), self.own_connection.is_some());
                for message in unit.relay.state(now) {
                    publish(Some(client), message, false);
                }
            }
        }
    }
}

/// The relay that a command is for, and what it is asked.
fn address(topic: &str) -> Option<(&str, &str)> {
    if let Some(command) = topic.strip_suffix("/command") {
        return command.split_once('/');
    }
    topic.strip_prefix("cmnd/").unwrap_or(topic).rsplit_once('/')
}

/// What the connection has no room for is lost, as on a real network.
fn publish(client: Option<&AsyncClient>, message: Message, retain: bool) {
    if let Some(client) = client {
        let qos = if retain { QoS::AtLeastOnce } else { QoS::AtMostOnce };
        let _lost = client.try_publish(message.topic, qos, retain, message.payload);
    }
}

/// When each relay has something to do.
struct Timers {
    due: Vec<Timestamp>,
    order: BTreeSet<(Timestamp, usize)>,
}

impl Timers {
    fn new(due: Vec<Timestamp>) -> Self {
        let order = due.iter().copied().zip(0..).collect();
        Self { due, order }
    }

    fn first(&self) -> Option<Timestamp> {
        Some(self.order.first()?.0)
    }

    fn due(&self, now: Timestamp) -> Vec<usize> {
        self.order
            .iter()
            .take_while(|(at, _)| *at <= now)
            .map(|(_, index)| *index)
            .collect()
    }

    fn set(&mut self, index: usize, at: Timestamp) {
        self.order.remove(&(self.due[index], index));
        self.due[index] = at;
        self.order.insert((at, index));
    }
}
