//! Snapshots of long streams: written after commit, in the background, never the truth.
//!
//! A snapshot that is missing, of another format or unreadable costs a longer load, nothing else. One in so
//! many that were used is checked against the whole stream.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use sha2::{Digest, Sha256};
use sqlx::{PgPool, Row};
use tokio::sync::mpsc;

use crate::{LoadError, Loaded, StreamId};

/// Snapshots waiting to be written; more are dropped.
const JOBS_MAX: usize = 64;

/// The shape of a state: its declared version, and a fingerprint of its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Format(String);

impl Format {
    pub(crate) fn of<A: Aggregate>(state_version: u32) -> Self {
        let empty = serde_json::to_vec(&A::default()).unwrap_or_default();
        let fields = Sha256::digest(&empty);
        let fingerprint = u32::from_be_bytes([fields[0], fields[1], fields[2], fields[3]]);
        Self(format!("{state_version}-{fingerprint:08x}"))
    }
}

type Job = BoxFuture<'static, ()>;

pub(crate) struct Snapshots {
    pool: PgPool,
    jobs: mpsc::Sender<Job>,
    check_one_in: u64,
    loaded: AtomicU64,
}

impl Snapshots {
    pub(crate) fn start(pool: PgPool, check_one_in: u64) -> Self {
        let (jobs, mut waiting) = mpsc::channel::<Job>(JOBS_MAX);
        tokio::spawn(async move {
            while let Some(job) = waiting.recv().await {
                job.await;
            }
        });
        Self {
            pool,
            jobs,
            check_one_in,
            loaded: AtomicU64::new(0),
        }
    }

    pub(crate) async fn load<A>(&self, stream: &StreamId, format: &Format) -> Result<Option<Loaded<A>>, LoadError>
    where
        A: Aggregate + Clone + 'static,
    {
        let row = sqlx::query(
            "SELECT last_sequence, payload FROM snapshots WHERE aggregate_type = $1 AND aggregate_id = $2 AND format = $3",
        )
        .bind(&*stream.aggregate_type)
        .bind(&stream.aggregate_id)
        .bind(&format.0)
        .fetch_optional(&self.pool)
        .await
        .map_err(|error| LoadError::Unavailable(error.into()))?;
        let Some(row) = row else { return Ok(None) };
        let (Ok(version), Ok(payload)) = (row.try_get::<i64, _>(0), row.try_get_unchecked::<&str, _>(1)) else {
            return Ok(None);
        };
        match serde_json::from_str::<A>(payload) {
            Ok(aggregate) => {
                let aggregate = Arc::new(aggregate);
                let version = version as u64;
                Ok(Some(Loaded { aggregate, version }))
            }
            Err(error) => {
                tracing::warn!(%stream, %error, "an unreadable snapshot is ignored");
                Ok(None)
            }
        }
    }

    /// Has the snapshot written soon; false if too many are waiting.
    pub(crate) fn write<A>(&self, stream: StreamId, format: Format, loaded: &Loaded<A>) -> bool
    where
        A: Aggregate + 'static,
    {
        let pool = self.pool.clone();
        let Loaded { aggregate, version } = loaded;
        let (aggregate, version) = (Arc::clone(aggregate), *version);
        self.jobs
            .try_send(Box::pin(async move {
                if let Err(error) = write(&pool, &stream, &format, &*aggregate, version).await {
                    tracing::warn!(%stream, %error, "a snapshot was not written");
                }
            }))
            .is_ok()
    }

    /// Whether this load is the one in so many that is checked.
    pub(crate) fn check_is_due(&self) -> bool {
        let number = self.loaded.fetch_add(1, Ordering::Relaxed);
        self.check_one_in > 0 && number.is_multiple_of(self.check_one_in)
    }
}

async fn write<A: Aggregate>(
    pool: &PgPool,
    stream: &StreamId,
    format: &Format,
    aggregate: &A,
    version: u64,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let payload = serde_json::to_string(aggregate)?;
    sqlx::query(
        "INSERT INTO snapshots (aggregate_type, aggregate_id, format, last_sequence, payload)
         VALUES ($1, $2, $3, $4, $5::text::json)
         ON CONFLICT (aggregate_type, aggregate_id, format)
         DO UPDATE SET last_sequence = excluded.last_sequence, payload = excluded.payload, taken_at = now()
         WHERE snapshots.last_sequence <= excluded.last_sequence",
    )
    .bind(&*stream.aggregate_type)
    .bind(&stream.aggregate_id)
    .bind(&format.0)
    .bind(version as i64)
    .bind(payload)
    .execute(pool)
    .await?;
    Ok(())
}
