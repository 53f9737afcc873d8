//! The end of the log, read once for all views.
//!
//! One task reads JetStream, or Postgres while JetStream is away or behind, and hands every batch to all projectors.
//! A projector that is behind, or that misses batches because it was slow, reads Postgres until it has caught up with the
//! batches: so one view never waits for another, and memory is bounded.
//!
//! **Invariant:** each batch is contiguous, and `next` is beyond a batch before the batch is sent. Who subscribes first,
//! then reads `next` and takes everything below it from Postgres misses nothing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use baize_eventlog::{EventLog, RecordedEvent};
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::stream::{Messages, StreamAddress, connect};

/// Batches that wait for a slow projector before it has to read Postgres.
const BATCHES_WAITING_MAX: usize = 16;
/// Events in a batch read from Postgres.
const BATCH_EVENTS: usize = 1_000;
/// Views that are further behind than this load from Postgres, and the stream is read from its end on.
const FAR_BEHIND: u64 = 5_000;
const RETRY_MIN: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(2);

/// How the feed reads.
#[derive(Debug, Clone)]
pub(crate) struct FeedOptions {
    pub(crate) address: StreamAddress,
    /// How often Postgres is asked for new events while the stream is away.
    pub(crate) poll_interval: Duration,
    /// A stream that is silent for this long is compared with the end of the log.
    pub(crate) silence_max: Duration,
}

/// Where the feed reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeedSource {
    /// The stream.
    Stream,
    /// The log itself.
    Log,
}

impl fmt::Display for FeedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream => "JetStream",
            Self::Log => "Postgres",
        })
    }
}

/// The end of the log as projectors see it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Feed {
    batches: broadcast::Sender<Arc<[RecordedEvent]>>,
    next: watch::Sender<u64>,
    source: watch::Sender<FeedSource>,
}

impl Feed {
    /// A feed for views of which the last one is at `position`, in a log that reaches `head`; and the future that
    /// drives it.
    pub(crate) fn new(
        log: EventLog,
        options: FeedOptions,
        position: u64,
        head: u64,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let after = if head.saturating_sub(position) > FAR_BEHIND {
            head
        } else {
            position.min(head)
        };
        let feed = Self {
            batches: broadcast::Sender::new(BATCHES_WAITING_MAX),
            next: watch::Sender::new(after + 1),
            source: watch::Sender::new(FeedSource::Log),
        };
        let task = Task {
            feed: feed.clone(),
            log,
            options,
        };
        (feed, task.run())
    }

    /// The batches from now on, and the position of the first event that they can hold.
    pub(crate) fn subscribe(&self) -> (broadcast::Receiver<Arc<[RecordedEvent]>>, u64) {
        let batches = self.batches.subscribe();
        let next = *self.next.borrow();
        (batches, next)
    }

    /// Where the feed reads, now and whenever that changes.
    pub(crate) fn source(&self) -> watch::Receiver<FeedSource> {
        self.source.subscribe()
    }
}

struct Task {
    feed: Feed,
    log: EventLog,
    options: FeedOptions,
}

impl Task {
    async fn run(self) {
        let client = self.follow_log_during(self.connect()).await;
        let mut retry = RETRY_MIN;
        let mut told = String::new();
        loop {
            let attached = Instant::now();
            let error = match self.follow_log_during(self.attach(&client)).await {
                Ok(messages) => {
                    self.set_source(FeedSource::Stream);
                    told.clear();
                    let error = self.follow_stream(messages).await;
                    self.set_source(FeedSource::Log);
                    error
                }
                Err(error) => error,
            };
            tell_once(&mut told, &error);
            if attached.elapsed() > RETRY_MAX {
                retry = RETRY_MIN;
            }
            self.follow_log_during(sleep(retry)).await;
            retry = (retry * 2).min(RETRY_MAX);
        }
    }

    async fn connect(&self) -> Client {
        let mut retry = RETRY_MIN;
        let mut told = String::new();
        loop {
            match connect(&self.options.address).await {
                Ok(client) => return client,
                Err(error) => tell_once(&mut told, &error),
            }
            sleep(retry).await;
            retry = (retry * 2).min(RETRY_MAX);
        }
    }

    /// Opens the stream behind what was passed on.
    async fn attach(&self, client: &Client) -> anyhow::Result<Messages> {
        let next = *self.feed.next.borrow();
        Messages::open(client, &self.options.address, next).await
    }

    /// Reads the stream until it fails.
    async fn follow_stream(&self, mut messages: Messages) -> anyhow::Error {
        // The log's head at the last silence: only what was there a whole silence ago is overdue.
        let mut overdue = None;
        loop {
            tokio::select! {
                biased;
                batch = messages.next_batch() => match batch {
                    Ok(events) => {
                        overdue = None;
                        self.pass_on(events);
                    }
                    Err(error) => return error,
                },
                () = sleep(self.options.silence_max) => {
                    // The relay may be away while the stream is there: then the log goes on and the stream does not.
                    let head = match self.log.head().await {
                        Ok(head) => head,
                        Err(error) => {
                            tracing::debug!(%error, "the log cannot be compared with the silent stream");
                            continue;
                        }
                    };
                    if let Some(overdue) = overdue.filter(|overdue| *overdue >= *self.feed.next.borrow()) {
                        tracing::warn!(position = overdue, "the event stream is behind, reading the log itself");
                        self.read_log(overdue).await;
                    }
                    overdue = Some(head);
                }
            }
        }
    }

    /// Reads Postgres while `work` goes on.
    async fn follow_log_during<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let mut poll = interval(self.options.poll_interval);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                _ = poll.tick() => self.read_log(u64::MAX).await,
            }
        }
    }

    /// Passes on what the log holds, up to `until`.
    async fn read_log(&self, until: u64) {
        loop {
            let next = *self.feed.next.borrow();
            if next > until {
                return;
            }
            match self.log.read(next - 1, BATCH_EVENTS).await {
                Ok(events) if events.is_empty() => return,
                Ok(events) => self.pass_on(events),
                Err(error) => {
                    tracing::debug!(%error, "the log cannot be read");
                    return;
                }
            }
            tokio::task::yield_now().await;
        }
    }

    /// Sends events on in contiguous batches, each event once.
    fn pass_on(&self, mut events: Vec<RecordedEvent>) {
        let next = *self.feed.next.borrow();
        events.retain(|event| event.position >= next);
        while !events.is_empty() {
            let contiguous = events
                .windows(2)
                .take_while(|pair| pair[1].position == pair[0].position + 1)
                .count()
                + 1;
            let rest = events.split_off(contiguous);
            if let Some(last) = events.last() {
                self.feed.next.send_replace(last.position + 1);
            }
            let _nobody_follows = self.feed.batches.send(events.into());
            events = rest;
        }
    }

    fn set_source(&self, source: FeedSource) {
        if self.feed.source.send_replace(source) != source {
            tracing::info!(%source, "following the log");
        }
    }
}

/// Warns of an error that is not the one before it.
fn tell_once(told: &mut String, error: &anyhow::Error) {
    let error = format!("{error:#}");
    if *told != error {
        tracing::warn!(error, "the event stream is away, following the log itself");
        *told = error;
    }
}
