//! The sending end of one connection, and how long sending took.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rumqttc::{AsyncClient, QoS};

use crate::drivers::Frame;

/// The sending end of one connection. Dead with it: nothing is kept for the next one.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    client: AsyncClient,
    /// One for each publication that is on its way to the socket, in order: when its event came in.
    stamps: Arc<Mutex<VecDeque<Option<Instant>>>>,
}

impl Link {
    pub fn new(client: AsyncClient) -> Self {
        Self {
            client,
            stamps: Arc::default(),
        }
    }

    /// Sends without waiting; false if there is no room. `since` is when the event that caused it came in.
    pub fn publish(&self, frame: Frame, since: Option<Instant>) -> bool {
        self.send(frame, since, false)
    }

    /// Removes the message that is retained under a topic.
    pub fn clear_retained(&self, topic: String) -> bool {
        let payload = bytes::Bytes::new();
        self.send(Frame { topic, payload }, None, true)
    }

    fn send(&self, frame: Frame, since: Option<Instant>, retain: bool) -> bool {
        let mut stamps = self.stamps.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = self
            .client
            .try_publish(frame.topic, QoS::AtLeastOnce, retain, frame.payload);
        if sent.is_ok() {
            stamps.push_back(since);
        }
        sent.is_ok()
    }

    /// Says goodbye to the broker.
    pub fn disconnect(&self) {
        let _already_gone = self.client.try_disconnect();
    }

    pub fn client(&self) -> &AsyncClient {
        &self.client
    }

    /// The oldest publication was written to the socket.
    pub fn published(&self, latency: &PublishLatency) {
        let stamp = self.stamps.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        if let Some(since) = stamp.flatten() {
            latency.record(since.elapsed());
        }
    }
}

/// From an event's arrival at the bridge to its command being written to the broker's socket, in real time.
#[derive(Clone, Debug)]
pub struct PublishLatency {
    micros: Arc<Mutex<Histogram<u64>>>,
}

/// A distribution in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// How many were measured.
    pub count: u64,
    /// Half of them took at most this.
    pub p50: Duration,
    /// 99 of 100 took at most this.
    pub p99: Duration,
    /// All took at most this.
    pub max: Duration,
}

const LONGEST_MICROS: u64 = 60_000_000;

impl PublishLatency {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let histogram = Histogram::new_with_bounds(1, LONGEST_MICROS, 3)?;
        Ok(Self {
            micros: Arc::new(Mutex::new(histogram)),
        })
    }

    fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(LONGEST_MICROS);
        self.micros
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .saturating_record(micros);
    }

    /// Everything measured so far.
    pub fn summary(&self) -> Latency {
        let micros = self.micros.lock().unwrap_or_else(PoisonError::into_inner);
        Latency {
            count: micros.len(),
            p50: Duration::from_micros(micros.value_at_quantile(0.5)),
            p99: Duration::from_micros(micros.value_at_quantile(0.99)),
            max: Duration::from_micros(micros.max()),
        }
    }
}
