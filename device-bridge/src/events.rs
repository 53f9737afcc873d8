//! Follows the device events of the stream `EVENTS`.
//!
//! An ordinary push consumer without acknowledgements: the server sends each event as soon as it has it, and keeps
//! no state for the bridge. Where to go on is the bridge's own knowledge; a gap, a silence or a new connection
//! starts a new consumer behind the last event that was taken in.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, push};
use async_nats::jetstream::{Context, Message};
use baize_domain::device::DeviceEvent;
use baize_domain::ids::{DeviceId, HallId};
use baize_eventlog::RecordedEvent;
use futures::StreamExt as _;
use tokio::sync::{mpsc, watch};

const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// The server says that often that it has nothing to say; twice as long without a word is a lost consumer.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// After this long without the bridge the server forgets the consumer.
const FORGET_AFTER: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// An event, and when it came in.
#[derive(Debug)]
pub(crate) struct Received {
    pub position: u64,
    pub device_id: DeviceId,
    pub event: DeviceEvent,
    pub at: Instant,
}

/// What the engine learns from the stream.
#[derive(Debug)]
pub(crate) enum Feed {
    /// Events that happened while nobody listened follow.
    CatchingUp,
    Event(Received),
    /// Whatever comes now is new.
    CaughtUp,
}

/// Which events.
pub(crate) struct Follower {
    pub context: Context,
    pub stream: String,
    pub halls: Option<Vec<HallId>>,
    /// The last position that was taken in.
    pub position: u64,
    pub feed: mpsc::Sender<Feed>,
    pub connection_changes: watch::Receiver<u64>,
}

impl Follower {
    /// Follows for ever; returns when nobody listens any more.
    pub async fn run(mut self) {
        let mut failures = 0u32;
        let feed = self.feed.clone();
        loop {
            let before = self.position;
            let followed = tokio::select! {
                followed = self.follow() => followed,
                () = feed.closed() => return,
            };
            if let Err(error) = followed {
                failures = if self.position > before { 0 } else { failures + 1 };
                // The stream is made by the relay, so that it is missing for a while is nothing special.
                if failures.is_power_of_two() {
                    tracing::warn!(position = self.position, "following EVENTS again: {error:#}");
                }
            }
            let _changed = tokio::time::timeout(PAUSE, self.connection_changes.changed()).await;
        }
    }

    async fn follow(&mut self) -> anyhow::Result<()> {
        self.connection_changes.mark_unchanged();
        let (mut messages, behind) = tokio::time::timeout(ANSWER_WITHIN, self.consume()).await??;
        let mut behind = behind;
        if behind > 0 {
            self.feed.send(Feed::CatchingUp).await?;
        } else {
            self.feed.send(Feed::CaughtUp).await?;
        }
        let mut delivered = 0;
        loop {
            let message = tokio::select! {
                biased;
                message = messages.next() => message.context("the consumer ended")??,
                _ = self.connection_changes.changed() => bail!("the connection was interrupted"),
            };
            let at = Instant::now();
            let info = message.info().map_err(anyhow::Error::from_boxed)?;
            delivered += 1;
            if info.consumer_sequence != delivered {
                bail!("an event was lost on its way");
            }
            let stream_sequence = info.stream_sequence;
            // A stream that is being restored starts below what is known already.
            if stream_sequence > self.position {
                self.position = stream_sequence;
                if let Some(received) = decode(&message, at) {
                    self.feed.send(Feed::Event(received)).await?;
                }
            }
            if behind > 0 {
                behind -= 1;
                if behind == 0 {
                    self.feed.send(Feed::CaughtUp).await?;
                }
            }
        }
    }

    /// A consumer behind the position, and how many events wait there.
    async fn consume(&self) -> anyhow::Result<(push::Messages, u64)> {
        let stream = self.context.get_stream_no_info(&self.stream).await?;
        let config = push::Config {
            deliver_subject: self.context.client().new_inbox(),
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: self.position + 1,
            },
            ack_policy: AckPolicy::None,
            filter_subjects: self.filters(),
            flow_control: true,
            idle_heartbeat: HEARTBEAT,
            inactive_threshold: FORGET_AFTER,
            memory_storage: true,
            num_replicas: 1,
            ..push::Config::default()
        };
        let consumer = stream.create_consumer(config).await.context("open EVENTS")?;
        let behind = consumer.cached_info().num_pending;
        Ok((consumer.messages().await.context("open EVENTS")?, behind))
    }

    fn filters(&self) -> Vec<String> {
        match &self.halls {
            None => vec!["events.Device.>".to_owned()],
            Some(halls) => halls.iter().map(|hall| format!("events.Device.{hall}.>")).collect(),
        }
    }
}

/// What cannot be read is no reason to let the lights stand still: it is skipped, loudly.
fn decode(message: &Message, at: Instant) -> Option<Received> {
    let read = || -> anyhow::Result<Received> {
        let headers = message.headers.as_ref().context("no headers")?;
        let recorded = RecordedEvent::from_message(headers, &message.payload)?;
        Ok(Received {
            position: recorded.position,
            device_id: recorded.stream.aggregate_id.parse()?,
            event: serde_json::from_str(&recorded.payload)?,
            at,
        })
    };
    read()
        .inspect_err(|error| tracing::error!(subject = %message.subject, "unreadable device event skipped: {error:#}"))
        .ok()
}
