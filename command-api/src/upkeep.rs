//! What is done now and then so that a system that runs for years stays small: old answers to requests are forgotten.

use std::time::Duration;

use baize_eventlog::EventLog;

/// Answers that go in one transaction: short, so that nobody waits for it.
const BATCH: u32 = 5_000;
/// Batches of one round; what is left goes in the next.
const BATCHES_MAX: u32 = 2_000;
/// Between two batches.
const PAUSE: Duration = Duration::from_millis(50);

/// Forgets answers older than `keep`, every `interval`, for ever. Any number of processes may do so at the same time.
pub async fn forget_answers(log: EventLog, keep: Duration, interval: Duration) {
    loop {
        match round(&log, keep).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "old answers to requests were forgotten"),
            Err(error) => tracing::warn!(%error, "old answers to requests could not be forgotten; later again"),
        }
        tokio::time::sleep(interval).await;
    }
}

async fn round(log: &EventLog, keep: Duration) -> baize_eventlog::Result<u64> {
    let mut gone = 0;
    for _ in 0..BATCHES_MAX {
        let batch = log.forget_results(keep, BATCH).await?;
        gone += batch;
        if batch < u64::from(BATCH) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(gone)
}
