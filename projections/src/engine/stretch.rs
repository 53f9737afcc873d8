//! A long stretch of the log, read from Postgres in batches of a good size for folding.
//!
//! The next batch is read and parsed while the one before is folded and written. Memory is bounded by the number of
//! batches on their way and by the bytes of each.

use std::time::Duration;

use baize_eventlog::{EventLog, RecordedEvent, Replay, Result};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// Shorter stretches are read with a query: a replay opens a connection of its own.
const QUERY_EVENTS_MAX: u64 = 2_000;
/// A database that neither sends nor fails is taken for lost.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Read, but not yet taken.
const BATCHES_WAITING_MAX: usize = 1;
/// Bytes of payload in a batch, beyond what came last.
const BATCH_BYTES_MAX: usize = 16 << 20;

/// Events from behind a position up to another, in order.
pub(crate) struct Stretch {
    source: Source,
    /// Events in a batch, about.
    size: usize,
    /// The last position that was returned.
    after: u64,
    until: u64,
}

enum Source {
    Query(EventLog),
    Replay(Reader),
}

/// A task that reads ahead.
struct Reader {
    batches: mpsc::Receiver<Result<Vec<RecordedEvent>>>,
    task: AbortHandle,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Stretch {
    pub(crate) async fn open(log: &EventLog, after: u64, until: u64, size: usize) -> Result<Self> {
        let source = if until.saturating_sub(after) <= QUERY_EVENTS_MAX {
            Source::Query(log.clone())
        } else {
            let replay = log.replay(after, until).await?;
            let (sender, batches) = mpsc::channel(BATCHES_WAITING_MAX);
            let task = tokio::spawn(read_ahead(replay, size, sender)).abort_handle();
            Source::Replay(Reader { batches, task })
        };
        Ok(Self {
            source,
            size,
            after,
            until,
        })
    }

    /// The next events, or `None` at the end. The end may come before the position that was asked for, if the log does
    /// not reach it.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<RecordedEvent>>> {
        if self.after >= self.until {
            return Ok(None);
        }
        let events = match &mut self.source {
            Source::Query(log) => {
                log.read(self.after, self.size.min((self.until - self.after) as usize))
                    .await?
            }
            Source::Replay(reader) => match reader.batches.recv().await {
                Some(events) => events?,
                None => return Ok(None),
            },
        };
        let Some(last) = events.last() else { return Ok(None) };
        self.after = last.position;
        Ok(Some(events))
    }
}

async fn read_ahead(mut replay: Replay, size: usize, sender: mpsc::Sender<Result<Vec<RecordedEvent>>>) {
    loop {
        let gathered = gather(&mut replay, size).await;
        // The end is told by closing.
        if matches!(&gathered, Ok(events) if events.is_empty()) {
            return;
        }
        let failed = gathered.is_err();
        if sender.send(gathered).await.is_err() || failed {
            return;
        }
    }
}

/// Events of several small batches; none at the end.
async fn gather(replay: &mut Replay, size: usize) -> Result<Vec<RecordedEvent>> {
    let mut events: Vec<RecordedEvent> = Vec::with_capacity(size);
    let mut bytes = 0;
    while events.len() < size && bytes < BATCH_BYTES_MAX {
        let next = tokio::time::timeout(SILENCE_MAX, replay.next_batch()).await;
        let silence = |_| Err(baize_eventlog::Error::Database(sqlx::Error::PoolTimedOut));
        let Some(more) = next.unwrap_or_else(silence)? else {
            break;
        };
        bytes += more.iter().map(|event| event.payload.len()).sum::<usize>();
        events.extend(more);
    }
    Ok(events)
}
