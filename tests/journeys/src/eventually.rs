//! Waiting for facts. Nothing here waits for a time to pass.

use std::time::{Duration, Instant};

/// How often a fact is looked at.
const POLL: Duration = Duration::from_millis(10);

/// What `look` finds, as soon as it finds something.
///
/// # Errors
/// The limit has passed.
pub async fn eventually<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> anyhow::Result<T> {
    let since = Instant::now();
    loop {
        if let Some(found) = look().await {
            return Ok(found);
        }
        if since.elapsed() > limit {
            anyhow::bail!("waited {limit:?} in vain for {what}");
        }
        tokio::time::sleep(POLL).await;
    }
}
