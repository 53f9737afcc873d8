//! The published copy: every message of the stream against the event at its position.

use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use baize_eventlog::{EventLog, RecordedEvent};
use futures::StreamExt as _;

use super::Check;

/// The stream that the relay publishes to.
const STREAM: &str = "EVENTS";
const NEXT_WITHIN: Duration = Duration::from_secs(10);
const CATCH_UP_WITHIN: Duration = Duration::from_secs(30);

/// Compares the whole stream with the log, event by event.
///
/// # Errors
/// The message server or the database is away.
pub async fn equals_log(log: &EventLog, nats_url: &str) -> anyhow::Result<Check> {
    let client = async_nats::connect(nats_url)
        .await
        .context("connecting to nats-server")?;
    let mut stream = async_nats::jetstream::new(client)
        .get_stream(STREAM)
        .await
        .context("looking for the stream EVENTS")?;
    let head = log.head().await?;
    let deadline = tokio::time::Instant::now() + CATCH_UP_WITHIN;
    while stream.info().await?.state.last_sequence < head && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let last = stream.info().await?.state.last_sequence;
    let mut faults = Vec::new();
    if last < head {
        faults.push(format!("the stream ends at {last}, the log at {head}"));
    }
    let config = OrderedConfig {
        deliver_policy: DeliverPolicy::All,
        ..OrderedConfig::default()
    };
    let mut messages = stream.create_consumer(config).await?.messages().await?;
    let mut replay = log.replay(0, head.min(last)).await?;
    let mut equal = 0_u64;
    while let Some(batch) = replay.next_batch().await? {
        for event in batch {
            let message = tokio::time::timeout(NEXT_WITHIN, messages.next()).await;
            let message = message
                .context("the stream does not answer")?
                .context("the stream ended")??;
            match difference(&event, &message) {
                None => equal += 1,
                Some(fault) => faults.push(format!("position {}: {fault}", event.position)),
            }
        }
    }
    let figures = Check::equal("JetStream: sequence = position, same bytes", head, equal);
    Ok(Check { faults, ..figures })
}

fn difference(event: &RecordedEvent, message: &async_nats::jetstream::Message) -> Option<String> {
    let sequence = message.info().map(|info| info.stream_sequence);
    if sequence.as_ref().ok() != Some(&event.position) {
        return Some(format!("it has stream sequence {sequence:?}"));
    }
    let Some(headers) = &message.headers else {
        return Some("it has no headers".to_owned());
    };
    match RecordedEvent::from_message(headers, &message.payload) {
        Ok(published) if published == *event => None,
        Ok(published) => Some(format!("published is {} of {}", published.event_type, published.stream)),
        Err(error) => Some(error.to_string()),
    }
}
