//! Closed-loop load: a number of callers, each with one call under way, for a bounded time.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

/// What a load measured.
pub struct Measured {
    /// Calls that ended within the time.
    pub calls: u64,
    /// The time.
    pub elapsed: Duration,
}

impl Measured {
    /// Calls per second.
    pub fn rate(&self) -> f64 {
        self.calls as f64 / self.elapsed.as_secs_f64()
    }
}

/// Runs each caller's loop for `time` after a warm-up of a fifth of it that is not counted.
///
/// `caller(i)` makes the i-th caller; each call of what it returns is one measured operation.
///
/// # Errors
/// The first error of any call.
pub async fn closed_loop<M, C, F>(callers: usize, time: Duration, mut caller: M) -> anyhow::Result<Measured>
where
    M: FnMut(usize) -> C,
    C: FnMut() -> F + Send + 'static,
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let begin = Instant::now() + time / 5;
    let end = begin + time;
    let mut tasks = JoinSet::new();
    for index in 0..callers {
        let mut call = caller(index);
        tasks.spawn(async move {
            let mut calls = 0;
            loop {
                if Instant::now() >= end {
                    return anyhow::Ok(calls);
                }
                call().await?;
                calls += u64::from((begin..=end).contains(&Instant::now()));
            }
        });
    }
    let mut calls = 0;
    while let Some(one) = tasks.join_next().await {
        calls += one??;
    }
    Ok(Measured { calls, elapsed: time })
}
