//! A copy of the whole event log, read with plain SQL.

use std::collections::BTreeMap;

use anyhow::Context as _;
use baize_domain::Event;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row as _};
use uuid::Uuid;

/// A row of the log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Place in the log.
    pub position: u64,
    /// Such as `TableSession`.
    pub aggregate_type: String,
    /// Which aggregate of that type.
    pub aggregate_id: String,
    /// Place in its stream.
    pub sequence: u64,
    /// Such as `SessionOpened`.
    pub event_type: String,
    /// The stored text.
    pub payload: String,
    /// What is known about the command.
    pub metadata: BTreeMap<String, String>,
    /// The payload, read.
    pub event: Event,
}

impl Entry {
    /// The request that caused the event.
    pub fn request_id(&self) -> Option<Uuid> {
        self.metadata.get("request_id")?.parse().ok()
    }
}

/// A command's stored answer.
#[derive(Clone, Debug)]
pub struct StoredResult {
    /// The command.
    pub request_id: Uuid,
    /// What it was answered with.
    pub position: u64,
}

/// The log as it is at one moment.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// All events by position.
    pub entries: Vec<Entry>,
    /// All stored answers.
    pub results: Vec<StoredResult>,
}

impl Log {
    /// Reads everything in one snapshot.
    ///
    /// # Errors
    /// The database cannot be read, or holds an event that the domain cannot read.
    pub async fn read(pool: &PgPool) -> anyhow::Result<Self> {
        let mut tx = pool.begin().await?;
        sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .execute(&mut *tx)
            .await?;
        let rows = sqlx::query(
            "SELECT position, aggregate_type, aggregate_id, sequence, event_type, payload::text, metadata::text
             FROM events ORDER BY position",
        );
        let rows = rows.fetch_all(&mut *tx).await?;
        let results = sqlx::query("SELECT request_id, position FROM command_results")
            .fetch_all(&mut *tx)
            .await?;
        let results = results.iter().map(|row| {
            Ok(StoredResult {
                request_id: row.try_get(0)?,
                position: row.try_get::<i64, _>(1)?.try_into()?,
            })
        });
        Ok(Self {
            entries: rows.iter().map(entry).collect::<anyhow::Result<_>>()?,
            results: results.collect::<anyhow::Result<_>>()?,
        })
    }

    /// The events of one type of aggregate.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn of_type(pool: &PgPool, aggregate_type: &str) -> anyhow::Result<Self> {
        let rows = sqlx::query(
            "SELECT position, aggregate_type, aggregate_id, sequence, event_type, payload::text, metadata::text
             FROM events WHERE aggregate_type = $1 ORDER BY position",
        );
        let rows = rows.bind(aggregate_type).fetch_all(pool).await?;
        Ok(Self {
            entries: rows.iter().map(entry).collect::<anyhow::Result<_>>()?,
            results: Vec::new(),
        })
    }

    /// The last position; 0 if the log is empty.
    pub fn head(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.position)
    }

    /// The events that a request caused, in order.
    pub fn of_request(&self, request_id: Uuid) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.request_id() == Some(request_id))
    }
}

fn entry(row: &PgRow) -> anyhow::Result<Entry> {
    let aggregate_type: String = row.try_get(1)?;
    let payload: String = row.try_get(5)?;
    let event = Event::decode(&aggregate_type, &payload).with_context(|| format!("{aggregate_type}: {payload}"))?;
    Ok(Entry {
        position: row.try_get::<i64, _>(0)?.try_into()?,
        aggregate_type,
        aggregate_id: row.try_get(2)?,
        sequence: row.try_get::<i64, _>(3)?.try_into()?,
        event_type: row.try_get(4)?,
        payload,
        metadata: serde_json::from_str(row.try_get(6)?)?,
        event,
    })
}
