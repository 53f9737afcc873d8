//! Reading everything back: the library's replay with a fold, against COPY of the same rows.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::ensure;
use baize_domain::Event;
use baize_domain::journal::{Account, JournalEvent};
use baize_domain::money::Fen;
use baize_eventlog::EventLog;
use futures::TryStreamExt as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolCopyExt as _};
use sqlx::{Connection as _, PgPool};

/// COPY of all columns in order, binary, thrown away: rows per second.
///
/// # Errors
/// The database refuses.
pub async fn copy_out(pool: &PgPool, rows: u64) -> anyhow::Result<f64> {
    let start = Instant::now();
    let mut copy = pool
        .copy_out_raw("COPY (SELECT * FROM events ORDER BY position) TO STDOUT (FORMAT binary)")
        .await?;
    let mut bytes = 0;
    while let Some(chunk) = copy.try_next().await? {
        bytes += chunk.len();
    }
    ensure!(bytes > 0, "nothing was copied");
    Ok(rows as f64 / start.elapsed().as_secs_f64())
}

/// Replay of the whole log with every event decoded and the journal folded into its balances: events per second.
///
/// # Errors
/// The log cannot be read, or its journal does not balance.
pub async fn fold(log: &EventLog, rows: u64) -> anyhow::Result<f64> {
    let start = Instant::now();
    let mut balances = BTreeMap::<Account, Fen>::new();
    let (mut replay, mut seen) = (log.replay(0, rows).await?, 0);
    while let Some(batch) = replay.next_batch().await? {
        for recorded in batch {
            seen += 1;
            if let Event::Journal(JournalEvent::TransactionPosted { entries, .. }) =
                Event::decode(&recorded.stream.aggregate_type, &recorded.payload)?
            {
                for entry in entries {
                    *balances.entry(entry.account).or_default() += entry.amount;
                }
            }
        }
    }
    let rate = rows as f64 / start.elapsed().as_secs_f64();
    ensure!(seen == rows, "{seen} of {rows} events were replayed");
    ensure!(
        balances.values().copied().sum::<Fen>() == Fen::ZERO,
        "the journal does not balance"
    );
    Ok(rate)
}

/// Brings the planner's statistics up to date, as a running hall's autovacuum does.
///
/// # Errors
/// The database refuses.
pub async fn settle(options: &PgConnectOptions) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect_with(options).await?;
    sqlx::query("VACUUM (ANALYZE) events, command_results")
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(())
}
