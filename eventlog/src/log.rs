//! The log as the rest of the program sees it.

use std::{sync::Arc, time::Duration};

use sqlx::{PgPool, Row, postgres::PgPoolOptions};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    AppendError, Appended, Follower, LogOptions, RecordedEvent, Replay, Result, StreamId, Unit, appender::Appender,
    read, ring::Ring, validate,
};

/// How long closing waits for readers to finish.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// The event log of one database. Cheap to clone; clones share the appender, the pool and the ring.
#[derive(Clone)]
pub struct EventLog {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) options: LogOptions,
    pub(crate) pool: PgPool,
    pub(crate) recent: Arc<Recent>,
    appender: Appender,
    /// When the head was last asked for, so that many followers ask once.
    pub(crate) last_poll: tokio::sync::Mutex<Option<tokio::time::Instant>>,
}

/// What this process knows of the log's end.
pub(crate) struct Recent {
    pub(crate) ring: Ring,
    /// The highest position known to be committed.
    pub(crate) head: watch::Sender<u64>,
}

impl Recent {
    /// Tells the followers that the log reaches at least `position`.
    pub(crate) fn advance(&self, position: u64) {
        self.head.send_if_modified(|head| {
            let further = position > *head;
            if further {
                *head = position;
            }
            further
        });
    }
}

/// A command's stored result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResult {
    /// Hash of the content it was executed with.
    pub content_hash: [u8; 32],
    /// The response, opaque to the log.
    pub response: Vec<u8>,
    /// The position it was answered with.
    pub position: u64,
}

impl EventLog {
    /// Connects to a migrated database and starts the appender.
    pub async fn connect(options: LogOptions) -> Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(options.read_connections)
            // A ping at every use costs a round trip; a broken connection shows itself by its error.
            .test_before_acquire(false)
            .acquire_timeout(options.unavailable_after)
            .connect_with(options.session("baize reader"))
            .await?;
        let head = head(&pool).await?;
        let recent = Arc::new(Recent {
            ring: Ring::new(options.ring_events, options.ring_bytes),
            head: watch::Sender::new(head),
        });
        let appender = Appender::start(options.clone(), Arc::clone(&recent)).await?;
        Ok(Self {
            inner: Arc::new(Inner {
                options,
                pool,
                recent,
                appender,
                last_poll: tokio::sync::Mutex::default(),
            }),
        })
    }

    /// Writes the unit, all of it or nothing, and returns when it is durable.
    ///
    /// Dropping the future does not take the unit back once it was enqueued. After
    /// [`AppendError::Unavailable`] the outcome is unknown: repeat with the same request key.
    pub async fn append(&self, unit: Unit) -> Result<Appended, AppendError> {
        let bytes = validate::check(&unit, &self.inner.options)?;
        self.inner.appender.append(unit, bytes).await
    }

    /// Connections for reading, in the role of the log.
    pub fn pool(&self) -> &PgPool {
        &self.inner.pool
    }

    /// The options the log was connected with.
    pub fn options(&self) -> &LogOptions {
        &self.inner.options
    }

    /// The last position, as the database knows it now; 0 if the log is empty.
    pub async fn head(&self) -> Result<u64> {
        let head = head(&self.inner.pool).await?;
        self.inner.recent.advance(head);
        Ok(head)
    }

    /// Events behind `after` in order, at most `limit`.
    pub async fn read(&self, after: u64, limit: usize) -> Result<Vec<RecordedEvent>> {
        read::by_position(&self.inner.pool, after, limit).await
    }

    /// Events of one stream behind `after_sequence` in order, at most `limit`.
    pub async fn read_stream(
        &self,
        stream: &StreamId,
        after_sequence: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>> {
        read::by_stream(&self.inner.pool, stream, after_sequence, limit).await
    }

    /// Reads from `after` to `until` (inclusive) as fast as the database sends, in bounded memory.
    pub async fn replay(&self, after: u64, until: u64) -> Result<Replay> {
        Replay::start(self.inner.options.session("baize replay"), after, until).await
    }

    /// Follows the log from behind `after`, for ever.
    pub fn follow(&self, after: u64) -> Follower {
        Follower::new(self.clone(), after)
    }

    /// What the request was answered, if it was executed.
    pub async fn stored_result(&self, scope: &str, request_id: Uuid) -> Result<Option<StoredResult>> {
        let row = sqlx::query(
            "SELECT content_hash, response, position FROM command_results WHERE scope = $1 AND request_id = $2",
        )
        .bind(scope)
        .bind(request_id)
        .fetch_optional(&self.inner.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let content_hash: Vec<u8> = row.try_get(0)?;
        Ok(Some(StoredResult {
            content_hash: content_hash
                .try_into()
                .map_err(|_| crate::Error::Unreadable("a content hash has 32 bytes".into()))?,
            response: row.try_get(1)?,
            position: row.try_get::<i64, _>(2)? as u64,
        }))
    }

    /// Forgets at most `max` answers to requests that are older than `keep`, and says how many went. A request that is repeated after
    /// that is executed as a new one.
    ///
    /// # Errors
    /// `keep` is less than a day, or the database is away.
    pub async fn forget_results(&self, keep: Duration, max: u32) -> Result<u64> {
        let gone: i64 = sqlx::query_scalar("SELECT forget_results(make_interval(secs => $1), $2)")
            .bind(keep.as_secs_f64())
            .bind(i32::try_from(max).unwrap_or(i32::MAX))
            .fetch_one(&self.inner.pool)
            .await?;
        Ok(gone.unsigned_abs())
    }

    /// Refuses further appends, writes what is waiting, and closes the connections.
    pub async fn close(&self) {
        self.inner.appender.close().await;
        // sqlx 0.8 does not wait for a connection that is just being handed back: ask until all are closed.
        let closing = async {
            while self.inner.pool.size() > 0 {
                self.inner.pool.close().await;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        if tokio::time::timeout(CLOSE_TIMEOUT, closing).await.is_err() {
            tracing::warn!("connections of the log are still in use");
        }
    }
}

async fn head(pool: &PgPool) -> Result<u64> {
    // Not `max`: while the planner believes the table empty, it would read all of it.
    let head: Option<i64> = sqlx::query_scalar("SELECT position FROM events ORDER BY position DESC LIMIT 1")
        .fetch_optional(pool)
        .await?;
    Ok(head.unwrap_or(0) as u64)
}
