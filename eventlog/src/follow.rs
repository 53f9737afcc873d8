//! Following the log.

use tokio::{sync::watch, time::Instant};

use crate::{EventLog, RecordedEvent, Result};

/// Reads the log in order, for ever. What this process appends arrives from memory; what others append is
/// found by polling.
pub struct Follower {
    log: EventLog,
    head: watch::Receiver<u64>,
    after: u64,
}

impl Follower {
    pub(crate) fn new(log: EventLog, after: u64) -> Self {
        let head = log.inner.recent.head.subscribe();
        Self { log, head, after }
    }

    /// The position up to which events were returned.
    pub fn position(&self) -> u64 {
        self.after
    }

    /// The next events, at least one, at most `max`, contiguous; waits for them. Cancel it freely: nothing is
    /// skipped. After an error, call it again.
    pub async fn next_batch(&mut self, max: usize) -> Result<Vec<RecordedEvent>> {
        let max = max.max(1);
        loop {
            let known = *self.head.borrow_and_update();
            if known > self.after {
                let events = match self.log.inner.recent.ring.read(self.after, max) {
                    Some(events) => events,
                    None => self.log.read(self.after, max).await?,
                };
                if let Some(last) = events.last() {
                    self.after = last.position;
                    return Ok(events);
                }
            }
            self.wait().await?;
        }
    }

    /// Waits until the known head changes, looking for other processes' events now and then.
    async fn wait(&mut self) -> Result<()> {
        let interval = self.log.inner.options.poll_interval;
        // The sender lives as long as the log, which we hold.
        if let Ok(changed) = tokio::time::timeout(interval, self.head.changed()).await {
            let _ = changed;
            return Ok(());
        }
        let mut last_poll = self.log.inner.last_poll.lock().await;
        if last_poll.is_none_or(|at| at.elapsed() >= interval) {
            self.log.head().await?;
            *last_poll = Some(Instant::now());
        }
        Ok(())
    }
}
