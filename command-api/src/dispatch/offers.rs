//! Where else to play, for whoever finds a table taken: an index of free tables in memory, fed by the log.
//!
//! It follows the log of all processes and may be a moment behind. That is harmless: it only makes offers, and a table is
//! opened by the table's own stream.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use baize_domain::Refusal;
use baize_domain::table::{FreeTables, Table, TableEvent};
use baize_eventlog::EventLog;
use cqrs_es::Aggregate as _;
use futures::TryStreamExt as _;

/// Tables that one refusal offers, at most.
const OFFERED_MAX: usize = 20;
/// Events taken in at a time.
const EVENTS_MAX: usize = 1_024;
/// How long it rests when the database could not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// The free tables of all halls. Its clones share one index.
#[derive(Clone, Default)]
pub struct Offers {
    tables: Arc<RwLock<FreeTables>>,
}

impl Offers {
    /// Names free tables if the one asked for cannot be had.
    pub fn add_to(&self, refusal: &mut Refusal) {
        if !matches!(refusal.reason.as_str(), "TABLE_OCCUPIED" | "TABLE_IN_MAINTENANCE") {
            return;
        }
        let asked_for = refusal.facts.get("table_id").and_then(|id| id.parse().ok());
        if let Some(table_id) = asked_for {
            let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
            refusal.free_tables = tables.beside(table_id, OFFERED_MAX).into();
        }
    }

    /// Keeps the index up to date for as long as it is polled; begins anew when the database was away.
    pub async fn follow(self, log: EventLog) {
        loop {
            if let Err(error) = self.follow_once(&log).await {
                tracing::warn!(%error, "free tables are not known for the moment");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn follow_once(&self, log: &EventLog) -> baize_eventlog::Result<()> {
        let head = log.head().await?;
        let known = tables_until(log, head).await?;
        *self.tables.write().unwrap_or_else(PoisonError::into_inner) = known;
        let mut follower = log.follow(head);
        loop {
            let events = follower.next_batch(EVENTS_MAX).await?;
            let events = events.iter().filter(|event| event.stream.aggregate_type == Table::TYPE);
            let mut of_tables = events.peekable();
            if of_tables.peek().is_some() {
                let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
                of_tables.for_each(|event| take(&mut tables, &event.stream.aggregate_id, &event.payload));
            }
        }
    }
}

/// The tables as they were at position `head`: one pass over the log, of which only tables' events are sent.
async fn tables_until(log: &EventLog, head: u64) -> baize_eventlog::Result<FreeTables> {
    let mut tables = FreeTables::default();
    let mut rows = sqlx::query_as::<_, (String, String)>(
        "SELECT aggregate_id, payload::text FROM events WHERE aggregate_type = $1 AND position <= $2 ORDER BY position",
    )
    .bind(Table::TYPE)
    .bind(head as i64)
    .fetch(log.pool());
    while let Some((aggregate_id, payload)) = rows.try_next().await? {
        take(&mut tables, &aggregate_id, &payload);
    }
    Ok(tables)
}

/// An event that cannot be read here cannot be read anywhere, and others raise the alarm; offers go on without it.
fn take(tables: &mut FreeTables, aggregate_id: &str, payload: &str) {
    if let (Ok(table_id), Ok(event)) = (aggregate_id.parse(), serde_json::from_str::<TableEvent>(payload)) {
        tables.evolve(table_id, &event);
    }
}
