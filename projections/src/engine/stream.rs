//! The JetStream copy of the log, read from a position on.
//!
//! The consumer is ephemeral and acknowledges nothing: where a view is stands in the view's own checkpoint. Whatever goes
//! wrong, the consumer is thrown away and another one made behind the last position that was passed on.

use std::time::Duration;

use anyhow::{Context as _, bail};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::{self, Message};
use async_nats::{Client, ConnectOptions};
use baize_eventlog::{RecordedEvent, check_server};
use futures::{FutureExt as _, StreamExt as _};

/// Events in a batch.
const BATCH_EVENTS_MAX: usize = 1_000;
/// Bytes of payload in a batch, beyond its last event.
const BATCH_BYTES_MAX: usize = 4 << 20;
/// Sent but not yet taken.
const WAITING_BYTES_MAX: usize = 8 << 20;
/// Messages asked for at a time; half of them are asked for again when half have come.
const WAITING_MESSAGES_MAX: usize = 1_000;
/// The server says that it lives this often when there is nothing else to say.
const HEARTBEAT: Duration = Duration::from_secs(2);
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// Where the stream is.
#[derive(Debug, Clone)]
pub(crate) struct StreamAddress {
    pub(crate) nats_url: String,
    pub(crate) stream: String,
}

/// Connects. The client reconnects by itself.
pub(crate) async fn connect(address: &StreamAddress) -> anyhow::Result<Client> {
    let options = ConnectOptions::new()
        .name("baize projections")
        .connection_timeout(ANSWER_MAX)
        .request_timeout(Some(ANSWER_MAX))
        .reconnect_delay_callback(|attempt| Duration::from_millis(100 * attempt.min(20) as u64));
    options.connect(&address.nats_url).await.context("connecting to NATS")
}

/// Messages from a position on.
pub(crate) struct Messages {
    stream: pull::Stream,
}

impl Messages {
    /// Opens a consumer. The first message may have a later position than asked for, if the stream no longer or not
    /// yet holds that one.
    pub(crate) async fn open(client: &Client, address: &StreamAddress, from: u64) -> anyhow::Result<Self> {
        check_server(client)?;
        let mut context = jetstream::new(client.clone());
        context.set_timeout(ANSWER_MAX);
        let stream = context
            .get_stream_no_info(&address.stream)
            .await
            .context("the stream")?;
        let config = pull::Config {
            description: Some("baize projections".to_owned()),
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: from.max(1),
            },
            ack_policy: AckPolicy::None,
            inactive_threshold: Duration::from_secs(30),
            memory_storage: true,
            num_replicas: 1,
            ..pull::Config::default()
        };
        let consumer = stream.create_consumer(config).await.context("making a consumer")?;
        let messages = consumer
            .stream()
            .max_messages_per_batch(WAITING_MESSAGES_MAX)
            .max_bytes_per_batch(WAITING_BYTES_MAX)
            .heartbeat(HEARTBEAT)
            .messages()
            .await
            .context("asking for messages")?;
        Ok(Self { stream: messages })
    }

    /// Waits for a message and takes all that have come with it. Cancel it only while it waits.
    pub(crate) async fn next_batch(&mut self) -> anyhow::Result<Vec<RecordedEvent>> {
        let mut next = self.stream.next().await;
        let mut events = Vec::new();
        let mut bytes = 0;
        loop {
            match next {
                Some(Ok(message)) => {
                    let event = event(&message)?;
                    bytes += event.payload.len();
                    events.push(event);
                }
                // What came before the failure is good; the failure will show itself again.
                Some(Err(_)) | None if !events.is_empty() => return Ok(events),
                Some(Err(error)) => return Err(error.into()),
                None => bail!("the consumer ended"),
            }
            if events.len() >= BATCH_EVENTS_MAX || bytes >= BATCH_BYTES_MAX {
                return Ok(events);
            }
            match self.stream.next().now_or_never() {
                Some(ready) => next = ready,
                None => return Ok(events),
            }
        }
    }
}

fn event(message: &Message) -> anyhow::Result<RecordedEvent> {
    let headers = message.headers.as_ref().context("a message without headers")?;
    let event = RecordedEvent::from_message(headers, &message.payload)?;
    let sequence = message.info().map_err(|error| anyhow::anyhow!(error))?.stream_sequence;
    if sequence != event.position {
        bail!(
            "position {} stands at sequence {sequence} of the stream",
            event.position
        );
    }
    Ok(event)
}
