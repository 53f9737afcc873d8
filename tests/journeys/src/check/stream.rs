//! The stream: JetStream's sequence is the position, its bytes are the stored bytes.

use anyhow::Context as _;
use async_nats::jetstream;
use async_nats::jetstream::consumer::pull;
use futures::StreamExt as _;

use super::Broken;
use crate::log::Log;

/// The stream that the relay fills.
pub const STREAM: &str = "EVENTS";

/// The last sequence in the stream.
///
/// # Errors
/// The server cannot be reached, or has no such stream.
pub async fn last_sequence(nats: &async_nats::Client) -> anyhow::Result<u64> {
    let stream = jetstream::new(nats.clone()).get_stream(STREAM).await?;
    Ok(stream.cached_info().state.last_sequence)
}

/// Compares the whole stream with the log, message by message.
///
/// # Errors
/// The stream cannot be read.
pub async fn is_the_log(nats: &async_nats::Client, log: &Log) -> anyhow::Result<Broken> {
    let stream = jetstream::new(nats.clone()).get_stream(STREAM).await?;
    let state = &stream.cached_info().state;
    let mut broken = Broken::new();
    if (state.first_sequence, state.last_sequence, state.messages) != (1, log.head(), log.head()) {
        let (first, last, messages) = (state.first_sequence, state.last_sequence, state.messages);
        broken.push(format!(
            "the stream holds {messages} messages, {first} to {last}; the log ends at {}",
            log.head()
        ));
    }
    let count = usize::try_from(state.messages)?;
    let consumer = stream.create_consumer(pull::OrderedConfig::default()).await?;
    let mut messages = consumer.messages().await?.take(count);
    let mut entries = log.entries.iter();
    while let Some(message) = messages.next().await {
        let message = message.context("reading the stream")?;
        let sequence = message
            .info()
            .map_err(|error| anyhow::anyhow!("{error}"))?
            .stream_sequence;
        let Some(entry) = entries.next() else {
            broken.push(format!("sequence {sequence} is beyond the log"));
            break;
        };
        if entry.position != sequence {
            broken.push(format!(
                "sequence {sequence} stands where position {} should",
                entry.position
            ));
        }
        if message.payload != entry.payload.as_bytes() {
            broken.push(format!(
                "sequence {sequence} has other bytes than position {}",
                entry.position
            ));
        }
        let subject = (entry.aggregate_type.as_str(), entry.event_type.as_str());
        let mut tokens = message.subject.split('.');
        let said = (tokens.nth(1).unwrap_or_default(), tokens.nth(1).unwrap_or_default());
        if said != subject {
            broken.push(format!("sequence {sequence} is published as {}", message.subject));
        }
    }
    Ok(broken)
}
