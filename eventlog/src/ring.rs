//! Recently committed events in memory, so that followers in this process need not read them back.
//!
//! The ring always holds one contiguous run of positions. When another process appended in between, the run
//! is broken and starts again behind the break; a follower that needs the missing events reads the database.

use std::{collections::VecDeque, sync::RwLock};

use crate::RecordedEvent;

pub(crate) struct Ring {
    run: RwLock<Run>,
    events_max: usize,
    bytes_max: usize,
}

#[derive(Default)]
struct Run {
    events: VecDeque<RecordedEvent>,
    bytes: usize,
}

impl Ring {
    pub(crate) fn new(events_max: usize, bytes_max: usize) -> Self {
        Self {
            run: RwLock::default(),
            events_max,
            bytes_max,
        }
    }

    /// Adds events that are contiguous among themselves.
    pub(crate) fn push(&self, events: impl IntoIterator<Item = RecordedEvent>) {
        let mut run = self.run.write().unwrap_or_else(|poison| poison.into_inner());
        for event in events {
            match run.events.back().map(|last| last.position) {
                Some(last) if event.position <= last => continue,
                Some(last) if event.position > last + 1 => *run = Run::default(),
                _ => {}
            }
            run.bytes += bytes(&event);
            run.events.push_back(event);
        }
        while run.events.len() > self.events_max || run.bytes > self.bytes_max {
            let Some(oldest) = run.events.pop_front() else {
                break;
            };
            run.bytes -= bytes(&oldest);
        }
    }

    /// The events behind `after`, if the ring holds the first of them; at most `max`.
    pub(crate) fn read(&self, after: u64, max: usize) -> Option<Vec<RecordedEvent>> {
        let run = self.run.read().unwrap_or_else(|poison| poison.into_inner());
        let first = run.events.front()?.position;
        let skip = usize::try_from((after + 1).checked_sub(first)?).ok()?;
        if skip >= run.events.len() {
            return None;
        }
        Some(run.events.iter().skip(skip).take(max).cloned().collect())
    }
}

fn bytes(event: &RecordedEvent) -> usize {
    size_of::<RecordedEvent>() + event.payload.len() + event.stream.aggregate_id.len()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::StreamId;

    fn event(position: u64) -> RecordedEvent {
        RecordedEvent {
            position,
            stream: StreamId::new("Account", "a"),
            sequence: position,
            event_type: "Deposited".into(),
            event_version: "1.0".into(),
            payload: Arc::from("{}"),
            metadata: Arc::default(),
            recorded_at: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    fn positions(ring: &Ring, after: u64, max: usize) -> Option<Vec<u64>> {
        Some(ring.read(after, max)?.iter().map(|e| e.position).collect())
    }

    #[test]
    fn a_run_is_read_from_any_place_within_it() {
        let ring = Ring::new(10, 1 << 20);
        ring.push((5..=8).map(event));
        assert_eq!(positions(&ring, 4, 10), Some(vec![5, 6, 7, 8]));
        assert_eq!(positions(&ring, 6, 1), Some(vec![7]));
        assert_eq!(positions(&ring, 3, 10), None);
        assert_eq!(positions(&ring, 8, 10), None);
        assert_eq!(positions(&ring, 9, 10), None);
    }

    #[test]
    fn a_gap_starts_a_new_run_and_repeats_are_ignored() {
        let ring = Ring::new(10, 1 << 20);
        ring.push((1..=3).map(event));
        ring.push((2..=3).map(event));
        assert_eq!(positions(&ring, 0, 10), Some(vec![1, 2, 3]));
        ring.push((6..=7).map(event));
        assert_eq!(positions(&ring, 0, 10), None);
        assert_eq!(positions(&ring, 5, 10), Some(vec![6, 7]));
    }

    #[test]
    fn the_oldest_events_leave_first() {
        let ring = Ring::new(3, 1 << 20);
        ring.push((1..=5).map(event));
        assert_eq!(positions(&ring, 1, 10), None);
        assert_eq!(positions(&ring, 2, 10), Some(vec![3, 4, 5]));
        let small = Ring::new(100, bytes(&event(1)) * 2);
        small.push((1..=5).map(event));
        assert_eq!(positions(&small, 3, 10), Some(vec![4, 5]));
    }
}
