//! Commands that met a conflict stand in a queue for the stream they met it on, instead of running into each other
//! again; while there is a queue, newcomers that want to write the stream join it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use baize_eventlog::StreamId;
use tokio::sync::OwnedMutexGuard;

type Line = Arc<tokio::sync::Mutex<()>>;

/// One line of waiting commands for each stream that is fought over.
#[derive(Default)]
pub struct Queues {
    lines: Mutex<HashMap<StreamId, Line>>,
    /// How many lines there are: nearly always none, and then nobody has to look.
    number: AtomicUsize,
}

/// The turn of one command.
pub struct Turn<'q> {
    queues: &'q Queues,
    stream: StreamId,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Queues {
    /// Waits for a turn at the stream. A command holds one turn at a time, so none waits for another in a circle.
    pub async fn turn(&self, stream: StreamId) -> Turn<'_> {
        let line = {
            let mut lines = self.lines();
            let line = Arc::clone(lines.entry(stream.clone()).or_default());
            self.number.store(lines.len(), Ordering::Relaxed);
            line
        };
        // Made first: whoever gives up waiting cleans up as well.
        let mut turn = Turn {
            queues: self,
            stream,
            guard: None,
        };
        turn.guard = Some(line.lock_owned().await);
        turn
    }

    /// The first of the streams for which there is a queue.
    pub fn crowded<'s>(&self, mut streams: impl Iterator<Item = &'s StreamId>) -> Option<&'s StreamId> {
        if self.number.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let lines = self.lines();
        streams.find(|stream| lines.contains_key(*stream))
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, HashMap<StreamId, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// The stream that the turn is for.
    pub fn stream(&self) -> &StreamId {
        &self.stream
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.guard = None;
        let mut lines = self.queues.lines();
        // Only the table has it: nobody waits. New ones come through the table, which is locked.
        if lines.get(&self.stream).is_some_and(|line| Arc::strong_count(line) == 1) {
            lines.remove(&self.stream);
            self.queues.number.store(lines.len(), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn one_at_a_time_and_nothing_is_left_behind() {
        let queues = Queues::default();
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let command = async |stream: u8| {
            let turn = queues.turn(StreamId::new("Table", stream.to_string())).await;
            most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            inside.fetch_sub(1, Ordering::SeqCst);
            drop(turn);
        };
        futures::future::join_all((0..100).map(|_| command(1))).await;
        assert_eq!(most.load(Ordering::SeqCst), 1);
        futures::future::join_all((0..100).map(|n| command(n % 4))).await;
        assert!(most.load(Ordering::SeqCst) > 1, "other streams do not wait");
        assert!(queues.lines().is_empty());
    }

    #[tokio::test]
    async fn giving_up_waiting_leaves_nothing_behind() {
        let queues = Queues::default();
        let stream = || StreamId::new("Table", "1");
        let first = queues.turn(stream()).await;
        let second = tokio::time::timeout(std::time::Duration::from_millis(1), queues.turn(stream())).await;
        assert!(second.is_err());
        let other = StreamId::new("Table", "2");
        assert_eq!(queues.crowded([&other, &stream()].into_iter()), Some(&stream()));
        drop(first);
        assert!(queues.lines().is_empty());
        assert_eq!(queues.crowded([&stream()].into_iter()), None);
    }
}
