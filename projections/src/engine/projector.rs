//! Keeps the live generation of one view at the end of the log.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use baize_eventlog::{EventLog, RecordedEvent};
use sqlx::PgConnection;
use tokio::sync::broadcast::{self, error::RecvError, error::TryRecvError};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::apply::{Applier, Failure};
use super::feed::Feed;
use super::registry::{self, GenerationStatus, Live};
use super::shared::{Condition, Shared};
use super::stretch::Stretch;
use super::view::View;
use crate::bi;
use crate::database::{Database, is_missing_table};
use crate::options::Options;
use crate::store::TableNames;

/// Events in one transaction while following.
const BATCH_EVENTS_MAX: usize = 1_000;
/// Events in one transaction while catching up.
const STRETCH_EVENTS: usize = 4_000;
/// How often a silent view looks whether a rebuild switched it, or another instance moved it.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
const LOOK_PAUSE: Duration = Duration::from_millis(2);
const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(2);

/// The projector of one view in one process. Several processes may run it on one database: each batch is applied by
/// whoever comes first.
pub(crate) struct Projector<V: View> {
    database: Database,
    log: EventLog,
    feed: Feed,
    shared: Arc<Shared<V>>,
    rows_held_max: usize,
}

/// Why following ended.
enum Ended {
    /// Look again where the view is.
    Look,
    /// Wait, connect anew, then look again.
    Retry(String),
    /// Nothing helps but another generation than this.
    Stopped {
        generation: i32,
        position: u64,
        reason: String,
    },
}

impl<V: View> Projector<V> {
    pub(crate) fn new(options: &Options, log: EventLog, feed: Feed, shared: Arc<Shared<V>>) -> Self {
        let (database, rows_held_max) = (options.database.clone(), options.rows_held_max);
        Self {
            database,
            log,
            feed,
            shared,
            rows_held_max,
        }
    }

    /// Runs until it is dropped, at any point: what is not committed is folded again next time.
    pub(crate) async fn run(self) {
        let mut connection = None;
        let mut retry = RETRY_MIN;
        loop {
            match self.follow(&mut connection).await {
                // Of several instances each may find itself beaten at every batch; none must spin.
                Ended::Look => {
                    retry = RETRY_MIN;
                    sleep(LOOK_PAUSE).await;
                }
                Ended::Retry(reason) => {
                    tracing::warn!(view = V::NAME, reason, "the view waits");
                    self.shared.set(Condition::Waiting(reason));
                    connection = None;
                    sleep(retry).await;
                    retry = (retry * 2).min(RETRY_MAX);
                }
                Ended::Stopped {
                    generation,
                    position,
                    reason,
                } => {
                    tracing::error!(
                        view = V::NAME,
                        position,
                        reason,
                        "the view stands still until it is rebuilt"
                    );
                    self.shared.set(Condition::Stopped { position, reason });
                    connection = None;
                    self.wait_for_another(generation).await;
                    retry = RETRY_MIN;
                }
            }
        }
    }

    async fn follow(&self, connection: &mut Option<PgConnection>) -> Ended {
        match self.try_follow(connection).await {
            Err(ended) => ended,
            Ok(never) => match never {},
        }
    }

    async fn try_follow(&self, connection: &mut Option<PgConnection>) -> Result<Infallible, Ended> {
        let connection = match connection {
            Some(connection) => connection,
            None => {
                let application = format!("baize view {}", V::NAME);
                connection.insert(self.database.writer(&application).await.map_err(database)?)
            }
        };
        let live = self.live(connection).await?;
        self.shared.located(live.generation, live.position);
        let stopped = |reason| Ended::Stopped {
            generation: live.generation,
            position: live.position,
            reason,
        };
        if live.shape != V::SHAPE {
            return Err(stopped(format!(
                "its tables have shape {}, this program knows shape {}",
                live.shape,
                V::SHAPE
            )));
        }
        let head = self.log.head().await.map_err(log)?;
        if live.position > head {
            return Err(stopped(format!(
                "the log ends at position {head}: it has lost events that the view has seen"
            )));
        }
        let names = TableNames {
            view: V::NAME,
            generation: live.generation,
        };
        let applier = Applier::new(names, GenerationStatus::Live, live.position, self.rows_held_max);
        let (batches, next) = self.feed.subscribe();
        let mut run = Run {
            projector: self,
            connection,
            applier,
            batches,
        };
        run.catch_up(next - 1).await?;
        run.follow().await
    }

    /// The live generation; the first one is made here.
    async fn live(&self, connection: &mut PgConnection) -> Result<Live, Ended> {
        if let Some(live) = registry::live(connection, V::NAME).await.map_err(database)? {
            // Made before there were views for analysts, or by a release that had others.
            if let Err(error) = bi::point_again(connection, V::NAME).await {
                tracing::warn!(view = V::NAME, %error, "analysts may read older tables until the next start");
            }
            return Ok(live);
        }
        registry::create::<V>(connection, GenerationStatus::Live)
            .await
            .map_err(database)?;
        let live = registry::live(connection, V::NAME).await.map_err(database)?;
        live.ok_or_else(|| Ended::Retry("the view has no live generation".to_owned()))
    }

    async fn wait_for_another(&self, generation: i32) {
        loop {
            sleep(LOOK_INTERVAL).await;
            let Ok(mut connection) = self.database.writer("baize stopped view").await else {
                continue;
            };
            match registry::live(&mut connection, V::NAME).await {
                Ok(Some(live)) if live.generation == generation => {}
                Ok(_) => return,
                Err(error) => tracing::debug!(view = V::NAME, %error, "the registry cannot be read"),
            }
        }
    }
}

/// Following with one connection from one checkpoint on.
struct Run<'p, V: View> {
    projector: &'p Projector<V>,
    connection: &'p mut PgConnection,
    applier: Applier<V>,
    batches: broadcast::Receiver<Arc<[RecordedEvent]>>,
}

impl<V: View> Run<'_, V> {
    async fn follow(&mut self) -> Result<Infallible, Ended> {
        let mut look = interval(LOOK_INTERVAL);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                batch = self.batches.recv() => match batch {
                    Ok(batch) => self.take(batch).await?,
                    // Too slow: the next batch shows what is missing.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return Err(Ended::Retry("the feed ended".to_owned())),
                },
                _ = look.tick() => self.look().await?,
            }
        }
    }

    /// Applies a batch, and those that wait behind it.
    async fn take(&mut self, first: Arc<[RecordedEvent]>) -> Result<(), Ended> {
        if let Some(event) = first
            .first()
            .filter(|event| event.position > self.applier.position() + 1)
        {
            self.catch_up(event.position - 1).await?;
        }
        let mut taken = vec![first];
        let mut count = taken[0].len();
        let mut last = last_position(&taken[0]);
        let mut gap = None;
        while count < BATCH_EVENTS_MAX && gap.is_none() {
            match self.batches.try_recv() {
                Ok(batch) if batch.first().is_some_and(|event| event.position > last + 1) => gap = Some(batch),
                Ok(batch) => {
                    count += batch.len();
                    last = last_position(&batch);
                    taken.push(batch);
                }
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        let position = self.applier.position();
        let events: Vec<_> = taken
            .iter()
            .flat_map(|batch| batch.iter())
            .filter(|event| event.position > position)
            .collect();
        for part in events.chunks(BATCH_EVENTS_MAX) {
            self.apply(part).await?;
        }
        match gap {
            Some(batch) => Box::pin(self.take(batch)).await,
            None => {
                self.projector.shared.set(Condition::Following);
                Ok(())
            }
        }
    }

    /// Reads Postgres up to `target`.
    async fn catch_up(&mut self, target: u64) -> Result<(), Ended> {
        if self.applier.position() >= target {
            self.projector.shared.set(Condition::Following);
            return Ok(());
        }
        self.projector.shared.set(Condition::CatchingUp);
        let mut stretch = Stretch::open(&self.projector.log, self.applier.position(), target, STRETCH_EVENTS)
            .await
            .map_err(log)?;
        while let Some(events) = stretch.next().await.map_err(log)? {
            let events: Vec<_> = events.iter().collect();
            self.apply(&events).await?;
        }
        let reached = self.applier.position();
        if reached < target {
            return Err(Ended::Retry(format!(
                "the log ends at position {reached}, its copy goes on to {target}"
            )));
        }
        self.projector.shared.set(Condition::Following);
        Ok(())
    }

    async fn apply(&mut self, events: &[&RecordedEvent]) -> Result<(), Ended> {
        let shared = &self.projector.shared;
        let generation = self.applier.generation();
        let mut committed = |position, state: &V::State| shared.applied(position, state);
        self.applier
            .apply(self.connection, events, &mut committed)
            .await
            .map_err(|failure| match failure {
                Failure::Moved => Ended::Look,
                Failure::Poison { position, reason } => Ended::Stopped {
                    generation,
                    position,
                    reason,
                },
                Failure::Gap { expected, found } => {
                    Ended::Retry(format!("position {expected} had to come next, {found} came"))
                }
                Failure::Database(error) => database(error),
            })
    }

    /// Nothing has happened for a while. Has it, elsewhere?
    async fn look(&mut self) -> Result<(), Ended> {
        let live = registry::live(self.connection, V::NAME).await.map_err(database)?;
        let here = live.is_some_and(|live| {
            live.generation == self.applier.generation() && live.position == self.applier.position()
        });
        if here { Ok(()) } else { Err(Ended::Look) }
    }
}

fn last_position(batch: &[RecordedEvent]) -> u64 {
    batch.last().map_or(0, |event| event.position)
}

fn database(error: sqlx::Error) -> Ended {
    if is_missing_table(&error) {
        return Ended::Look;
    }
    Ended::Retry(format!("database: {error}"))
}

fn log(error: baize_eventlog::Error) -> Ended {
    Ended::Retry(format!("event log: {error}"))
}
