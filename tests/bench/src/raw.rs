//! The raw limits: what Postgres itself does with the same rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};
use uuid::Uuid;

use crate::load::{Measured, closed_loop};

/// The payload of a typical event, as stored.
pub const PAYLOAD: &str = r#"{"TransactionPosted":{"transaction_id":"0193a5c0-5b7e-7c5c-9d57-0c4c8d5f0a11","hall_id":"0193a5c0-5b7e-7c5c-9d57-0c4c8d5f0a12","member_id":"0193a5c0-5b7e-7c5c-9d57-0c4c8d5f0a13","source":{"Settlement":"0193a5c0-5b7e-7c5c-9d57-0c4c8d5f0a14"},"entries":[{"account":"MemberPrincipal","amount":3800},{"account":"Revenue","amount":-3800}],"at":"2026-11-20T12:34:56.789Z"}}"#;
/// The metadata of a typical event.
pub const METADATA: &str =
    r#"{"hall":"0193a5c0-5b7e-7c5c-9d57-0c4c8d5f0a12","request_id":"7f0c0ac1-0f5e-4a4a-8d3c-0d8d6f1f2a15"}"#;

const INSERT: &str = "INSERT INTO raw_events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, position) \
     VALUES ($1, $2, $3, $4, $5, $6::json, $7::json, $8)";

/// Makes `raw_events`: the columns, types and indexes of the real `events`.
///
/// # Errors
/// The database refuses.
pub async fn prepare(pool: &PgPool) -> anyhow::Result<()> {
    for statement in [
        "CREATE TABLE raw_events (LIKE events INCLUDING INDEXES INCLUDING CONSTRAINTS)",
        "ALTER TABLE raw_events ALTER recorded_at SET DEFAULT clock_timestamp()",
    ] {
        pool.execute(statement).await?;
    }
    Ok(())
}

/// Single-row INSERTs, prepared, autocommit, on as many connections as callers.
///
/// # Errors
/// The database refuses.
pub async fn single_rows(options: &PgConnectOptions, callers: usize, time: Duration) -> anyhow::Result<Measured> {
    let pool = PgPoolOptions::new()
        .min_connections(u32::try_from(callers)?)
        .max_connections(u32::try_from(callers)?)
        .test_before_acquire(false)
        .connect_with(options.clone())
        .await?;
    pool.execute("TRUNCATE raw_events").await?;
    let position = Arc::new(AtomicI64::new(1));
    let mut connections = Vec::new();
    for _ in 0..callers {
        connections.push(pool.acquire().await?.detach());
    }
    let measured = closed_loop(callers, time, |_| {
        let connection = Arc::new(tokio::sync::Mutex::new(connections.pop()));
        let position = Arc::clone(&position);
        move || {
            let connection = Arc::clone(&connection);
            let position = position.fetch_add(1, Ordering::Relaxed);
            async move {
                if let Some(connection) = connection.lock().await.as_mut() {
                    insert(connection, position).await?;
                }
                Ok(())
            }
        }
    })
    .await?;
    pool.close().await;
    Ok(measured)
}

async fn insert(connection: &mut PgConnection, position: i64) -> anyhow::Result<()> {
    sqlx::query(INSERT)
        .bind("Journal")
        .bind(Uuid::now_v7().to_string())
        .bind(1_i64)
        .bind("TransactionPosted")
        .bind("1.0.0")
        .bind(PAYLOAD)
        .bind(METADATA)
        .bind(position)
        .execute(connection)
        .await?;
    Ok(())
}

/// Batches of `rows` rows in one statement with unnest, one connection: rows per second.
///
/// # Errors
/// The database refuses.
pub async fn batches(options: &PgConnectOptions, rows: usize, time: Duration) -> anyhow::Result<f64> {
    let mut connection = PgConnection::connect_with(options).await?;
    connection.execute("TRUNCATE raw_events").await?;
    let (payloads, metadata) = (vec![PAYLOAD; rows], vec![METADATA; rows]);
    let (mut position, start) = (0_i64, Instant::now());
    while start.elapsed() < time {
        let ids = (0..rows).map(|_| Uuid::now_v7().to_string()).collect::<Vec<_>>();
        sqlx::query(
            "INSERT INTO raw_events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, position) \
             SELECT 'Journal', id, 1, 'TransactionPosted', '1.0.0', payload::json, metadata::json, $4 + n \
             FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS rows (id, payload, metadata, n)",
        )
        .bind(&ids)
        .bind(&payloads)
        .bind(&metadata)
        .bind(position)
        .execute(&mut connection)
        .await?;
        position += i64::try_from(rows)?;
    }
    let rate = position as f64 / start.elapsed().as_secs_f64();
    connection.close().await?;
    Ok(rate)
}
