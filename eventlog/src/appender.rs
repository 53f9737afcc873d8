//! Group commit: one task writes everything that waits, one statement at a time.
//!
//! There is no artificial delay. While a flush is on its way to the disk, the next units gather; the more
//! writers there are, the more of them share a commit.
//!
//! A flush whose reply was lost is repeated as it is. Units that had been committed are recognised by their
//! request keys and come back as replayed, so repeating is always right.

use std::{collections::VecDeque, sync::Arc};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{
    AppendError, Appended, RecordedEvent, StreamAppend, Unit,
    batch::{Batch, Waiting, gather},
    database::Database,
    log::Recent,
    options::LogOptions,
    statement::Outcome,
};

/// The handle to the task.
pub(crate) struct Appender {
    queue: mpsc::Sender<Waiting>,
    stop: CancellationToken,
    done: CancellationToken,
}

impl Appender {
    pub(crate) async fn start(options: LogOptions, recent: Arc<Recent>) -> Result<Self, sqlx::Error> {
        let database = Database::connect(options.clone()).await?;
        let (queue, waiting) = mpsc::channel(options.queue_units);
        let (stop, done) = (CancellationToken::new(), CancellationToken::new());
        let task = Task {
            database,
            options,
            recent,
            waiting,
            queue: VecDeque::new(),
            stop: stop.clone(),
        };
        let ended = done.clone().drop_guard();
        tokio::spawn(async move {
            task.run().await;
            drop(ended);
        });
        Ok(Self { queue, stop, done })
    }

    pub(crate) async fn append(&self, unit: Unit, bytes: usize) -> Result<Appended, AppendError> {
        let (reply, answer) = oneshot::channel();
        self.queue
            .try_send(Waiting { unit, bytes, reply })
            .map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(_) => AppendError::Overloaded,
                mpsc::error::TrySendError::Closed(_) => AppendError::Closed,
            })?;
        answer
            .await
            .unwrap_or_else(|_| Err(AppendError::Unavailable("the appender ended".into())))
    }

    pub(crate) async fn close(&self) {
        self.stop.cancel();
        self.done.cancelled().await;
    }
}

struct Task {
    options: LogOptions,
    database: Database,
    recent: Arc<Recent>,
    waiting: mpsc::Receiver<Waiting>,
    queue: VecDeque<Waiting>,
    stop: CancellationToken,
}

impl Task {
    async fn run(mut self) {
        while self.wait().await {
            let batch = gather(&mut self.queue, &self.options);
            self.write(batch).await;
        }
    }

    /// Waits for a unit and takes all that are there; false when no more will come.
    async fn wait(&mut self) -> bool {
        if self.queue.is_empty() {
            let first = tokio::select! {
                biased;
                first = self.waiting.recv() => first,
                () = self.stop.cancelled(), if !self.waiting.is_closed() => {
                    self.waiting.close();
                    self.waiting.recv().await
                }
            };
            match first {
                Some(first) => self.queue.push_back(first),
                None => return false,
            }
        }
        // A reply wakes many callers at once: whoever is ready to append again goes into this flush, not into the next.
        tokio::task::yield_now().await;
        while self.queue.len() < self.options.queue_units
            && let Ok(next) = self.waiting.try_recv()
        {
            self.queue.push_back(next);
        }
        true
    }

    async fn write(&mut self, batch: Batch) {
        let outcomes = self.database.append(&batch.taken).await;
        for ((unit, reply), outcome) in batch.taken.iter().zip(batch.replies).zip(&outcomes) {
            // A caller that left has no use for the answer.
            let _ = reply.send(answer(unit, outcome));
        }
        for parked in batch.parked.into_iter().rev() {
            if let Some(waiting) = parked.settle(&batch.taken, &outcomes) {
                self.queue.push_front(waiting);
            }
        }
        self.tell_followers(batch.taken, outcomes);
    }

    fn tell_followers(&self, units: Vec<Unit>, outcomes: Vec<Result<Outcome, AppendError>>) {
        let recent = &self.recent;
        let accepted = units
            .into_iter()
            .zip(outcomes)
            .filter_map(|(unit, outcome)| match outcome {
                Ok(Outcome::Accepted { position, recorded_at }) => Some((unit, position, recorded_at)),
                _ => None,
            });
        let mut head = 0;
        for (unit, position, recorded_at) in accepted {
            head = position;
            // Nobody follows: nobody will miss the run, and the next follower reads the database first.
            if recent.head.receiver_count() > 0 {
                recent.ring.push(recorded(unit, position, recorded_at));
            }
        }
        recent.advance(head);
    }
}

fn answer(unit: &Unit, outcome: &Result<Outcome, AppendError>) -> Result<Appended, AppendError> {
    match outcome {
        Ok(Outcome::Accepted { position, .. }) => Ok(Appended::Committed { position: *position }),
        Ok(Outcome::Replayed { position, response }) => Ok(Appended::Replayed {
            position: *position,
            response: response.clone(),
        }),
        Ok(Outcome::Reused) => Err(AppendError::RequestIdReused),
        Ok(Outcome::Conflict { claim }) => Err(AppendError::Conflict {
            stream: unit.streams[*claim].stream.clone(),
        }),
        Err(error) => Err(error.clone()),
    }
}

/// The unit's events as the log holds them; the last has `position`.
fn recorded(unit: Unit, position: u64, recorded_at: Timestamp) -> impl Iterator<Item = RecordedEvent> {
    let metadata = Arc::new(unit.metadata);
    let first = position + 1 - unit.streams.iter().map(|claim| claim.events.len() as u64).sum::<u64>();
    unit.streams
        .into_iter()
        .flat_map(
            |StreamAppend {
                 stream,
                 expected_version,
                 events,
             }| {
                let sequences = expected_version + 1..;
                events
                    .into_iter()
                    .zip(sequences)
                    .map(move |(event, sequence)| (stream.clone(), event, sequence))
            },
        )
        .zip(first..)
        .map(move |((stream, event, sequence), position)| RecordedEvent {
            position,
            stream,
            sequence,
            event_type: event.event_type,
            event_version: event.event_version,
            payload: Arc::from(event.payload),
            metadata: Arc::clone(&metadata),
            recorded_at,
        })
}
