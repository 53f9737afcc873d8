//! The library's append: one-event units through `EventLog`, the same payload as the raw rows.

use std::time::{Duration, Instant};

use baize_eventlog::{EventLog, Metadata, NewEvent, RequestKey, StreamAppend, StreamId, Unit};
use uuid::Uuid;

use crate::load::{Measured, closed_loop};
use crate::raw::PAYLOAD;

/// Appends by `callers` writers, one event each.
///
/// # Errors
/// An append fails.
pub async fn single_events(log: &EventLog, callers: usize, time: Duration) -> anyhow::Result<Measured> {
    closed_loop(callers, time, |_| {
        let log = log.clone();
        move || {
            let log = log.clone();
            async move {
                log.append(unit(1)).await?;
                Ok(())
            }
        }
    })
    .await
}

/// Fills the log up to `events` events, as fast as it takes them, and says so on the way.
///
/// # Errors
/// An append fails.
pub async fn fill(log: &EventLog, events: u64) -> anyhow::Result<()> {
    const UNIT: usize = 100;
    let (start, mut shown) = (Instant::now(), 0);
    loop {
        let head = log.head().await?;
        if head >= events {
            eprintln!(
                "  log filled to {head} events in {:.1} s",
                start.elapsed().as_secs_f64()
            );
            return Ok(());
        }
        if head / 250_000 > shown {
            shown = head / 250_000;
            eprintln!("  … {head} of {events} events");
        }
        let units = usize::try_from((events - head).div_ceil(UNIT as u64).min(64))?;
        futures::future::try_join_all((0..units).map(|_| log.append(unit(UNIT)))).await?;
    }
}

fn unit(events: usize) -> Unit {
    let request_id = Uuid::now_v7();
    let event = NewEvent {
        event_type: "TransactionPosted".to_owned(),
        event_version: "1.0.0".to_owned(),
        payload: PAYLOAD.to_owned(),
    };
    let stream = |_| StreamAppend {
        stream: StreamId::new("Journal", Uuid::now_v7().to_string()),
        expected_version: 0,
        events: vec![event.clone()],
    };
    let mut metadata = Metadata::new();
    metadata.insert("hall".to_owned(), "0193a5c0-5b7e-7c5c-9d57-0c4c8d5f0a12".to_owned());
    metadata.insert("request_id".to_owned(), request_id.to_string());
    Unit {
        request: RequestKey::new("bench", request_id, PAYLOAD.as_bytes()),
        streams: (0..events).map(stream).collect(),
        metadata,
        response: Vec::new(),
    }
}
