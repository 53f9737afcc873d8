//! Rows of the log as events.

use std::sync::Arc;

use sqlx::{PgPool, Row, postgres::PgRow};

use crate::{Error, Metadata, RecordedEvent, Result, SqlTimestamp, StreamId};

/// The columns in the order that [`Reader`] expects.
macro_rules! columns {
    () => {
        "position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, recorded_at"
    };
}
pub(crate) use columns;

/// Events behind `after`, contiguous, at most `limit`.
pub(crate) async fn by_position(pool: &PgPool, after: u64, limit: usize) -> Result<Vec<RecordedEvent>> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM events WHERE position > $1 ORDER BY position LIMIT $2"
    ))
    .bind(after as i64)
    .bind(limit as i64)
    .fetch_all(pool)
    .await?;
    let events = events(&rows)?;
    for (event, expected) in events.iter().zip(after + 1..) {
        if event.position != expected {
            return Err(Error::Gap {
                expected,
                found: event.position,
            });
        }
    }
    Ok(events)
}

/// Events of one stream behind `after_sequence`, at most `limit`.
pub(crate) async fn by_stream(
    pool: &PgPool,
    stream: &StreamId,
    after_sequence: u64,
    limit: usize,
) -> Result<Vec<RecordedEvent>> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence > $3 ORDER BY sequence LIMIT $4"
    ))
    .bind(&*stream.aggregate_type)
    .bind(&stream.aggregate_id)
    .bind(after_sequence as i64)
    .bind(limit as i64)
    .fetch_all(pool)
    .await?;
    events(&rows)
}

fn events(rows: &[PgRow]) -> Result<Vec<RecordedEvent>> {
    let mut shared = SharedMetadata::default();
    rows.iter()
        .map(|row| {
            Ok(RecordedEvent {
                position: row.try_get::<i64, _>(0)? as u64,
                stream: StreamId::new(row.try_get::<String, _>(1)?, row.try_get::<String, _>(2)?),
                sequence: row.try_get::<i64, _>(3)? as u64,
                event_type: row.try_get(4)?,
                event_version: row.try_get(5)?,
                // The wire form of `json` is its text; sqlx would parse it to be sure.
                payload: Arc::from(row.try_get_unchecked::<&str, _>(6)?),
                metadata: shared.read(row.try_get_unchecked::<&str, _>(7)?)?,
                recorded_at: row.try_get::<SqlTimestamp, _>(8)?.0,
            })
        })
        .collect()
}

/// Neighbouring events mostly come from one unit: its metadata is parsed and kept once.
#[derive(Default)]
pub(crate) struct SharedMetadata {
    text: String,
    parsed: Arc<Metadata>,
}

impl SharedMetadata {
    pub(crate) fn read(&mut self, text: &str) -> Result<Arc<Metadata>> {
        if self.text != text {
            self.parsed = Arc::new(
                serde_json::from_str(text).map_err(|error| Error::Unreadable(format!("metadata {text}: {error}")))?,
            );
            text.clone_into(&mut self.text);
        }
        Ok(Arc::clone(&self.parsed))
    }
}
