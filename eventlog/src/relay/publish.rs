//! Publishing behind the stream's tail.

use std::time::Duration;

use async_nats::jetstream::{
    context::{PublishAckFuture, PublishError, PublishErrorKind},
    message::PublishMessage,
    publish::PublishAck,
};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesOrdered};
use tokio::time::{Instant, sleep_until};

use super::{Halt, RelayStatus, Session, Stopped};
use crate::RecordedEvent;

type Ack = BoxFuture<'static, (u64, Result<PublishAck, PublishError>)>;

impl Session<'_> {
    /// Publishes everything behind `tail` until something happens: the next comparison is due, the connection
    /// changed, or a publication failed. Whatever it was, the stream's tail must be read again.
    pub(super) async fn publish_from(&mut self, tail: u64) -> Result<(), Stopped> {
        let mut follower = self.log.follow(tail);
        let mut unacknowledged: FuturesOrdered<Ack> = FuturesOrdered::new();
        let compare_at = Instant::now() + self.options.compare_interval;
        loop {
            let due = Instant::now() >= compare_at;
            if due && unacknowledged.is_empty() {
                return Ok(());
            }
            let room = self.options.in_flight_max.saturating_sub(unacknowledged.len());
            tokio::select! {
                biased;
                // Also after a quick reconnect: messages may have been lost, or it is another server.
                _ = self.connection_changes.changed() => {
                    return Err(Stopped::retry("connection", "it was interrupted"));
                }
                Some((position, ack)) = unacknowledged.next() => self.acknowledged(position, ack)?,
                events = follower.next_batch(room), if room > 0 && !due => {
                    let events = events.map_err(|error| Stopped::retry("read the log", error))?;
                    for event in events {
                        let ack = self.publish(&event).await?;
                        unacknowledged.push_back(async move { (event.position, ack.await) }.boxed());
                    }
                }
                () = sleep_until(compare_at), if !due => {}
            }
        }
    }

    /// Sends the event without waiting for its acknowledgement. The server takes one connection's messages in
    /// order, and each expects the one before it: if one fails, all behind it fail.
    async fn publish(&self, event: &RecordedEvent) -> Result<PublishAckFuture, Stopped> {
        let (headers, payload) = event
            .to_message(&self.options.source)
            .map_err(|error| Stopped::retry("make a message", error))?;
        let message = PublishMessage::build().payload(payload).headers(headers);
        self.context
            .send_publish(event.subject(), message)
            .await
            .map_err(|error| Stopped::retry("publish", error))
    }

    fn acknowledged(&self, position: u64, ack: Result<PublishAck, PublishError>) -> Result<(), Stopped> {
        match ack {
            Ok(ack) if ack.sequence == position && ack.stream == self.options.stream => {
                self.set_status(RelayStatus::Running { position });
                Ok(())
            }
            Ok(ack) => Err(Stopped::Halt(Halt {
                position,
                reason: format!("the server stored it as {} of {}", ack.sequence, ack.stream),
            })),
            // Another relay was faster, or an acknowledgement got lost: the tail will tell.
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Err(Stopped::Again),
            Err(error) => Err(Stopped::retry("publish", error)),
        }
    }
}

/// Pause before the tail is read again after a failure, so that a server in trouble is not hammered.
pub(super) const PAUSE: Duration = Duration::from_millis(200);
