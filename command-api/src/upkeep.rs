//! What is done now and then so that a system that runs for years stays small: old answers to requests, logins that are over and old messages are forgotten.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use baize_eventlog::{Clock, EventLog};

use crate::messages;
use crate::people::People;

/// Rows that go in one transaction: short, so that nobody waits for it.
const BATCH: u32 = 5_000;
/// Batches of one round; what is left goes in the next.
const BATCHES_MAX: u32 = 2_000;
/// Between two batches.
const PAUSE: Duration = Duration::from_millis(50);

/// Forgets answers older than `keep`, every `interval`, for ever. Any number of processes may do so at the same time.
pub async fn forget_answers(log: EventLog, keep: Duration, interval: Duration) {
    now_and_then("old answers to requests", interval, || log.forget_results(keep, BATCH)).await;
}

/// Forgets logins that have been over for `keep`, every `interval`, for ever. Any number of processes may do so at the same time.
pub async fn forget_logins(people: Arc<People>, keep: Duration, interval: Duration) {
    now_and_then("logins that are over", interval, || people.forget_logins(keep, BATCH)).await;
}

/// Forgets what became of messages older than `keep`, every `interval`, for ever. Any number of processes may do so at the same time.
pub async fn forget_messages(log: EventLog, clock: Clock, keep: Duration, interval: Duration) {
    let forget = || messages::forget(log.pool(), clock.now() - keep, BATCH);
    now_and_then("old messages", interval, forget).await;
}

async fn now_and_then<E, F>(what: &str, interval: Duration, batch: impl Fn() -> F)
where
    E: Display,
    F: Future<Output = Result<u64, E>>,
{
    loop {
        match round(&batch).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "{what} were forgotten"),
            Err(error) => tracing::warn!(%error, "{what} could not be forgotten; later again"),
        }
        tokio::time::sleep(interval).await;
    }
}

async fn round<E, F: Future<Output = Result<u64, E>>>(batch: impl Fn() -> F) -> Result<u64, E> {
    let mut gone = 0;
    for _ in 0..BATCHES_MAX {
        let batch = batch().await?;
        gone += batch;
        if batch < u64::from(BATCH) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(gone)
}
