//! Is the stream a copy of the log?

use async_nats::jetstream::{
    Context, ErrorCode,
    context::GetStreamErrorKind,
    stream::{Config, DiscardPolicy, LastRawMessageErrorKind, StorageType, Stream},
};

use super::{Halt, RelayOptions, Stopped};
use crate::{EventLog, RecordedEvent};

/// How many places between the ends are compared, beside them.
const SAMPLES: u64 = 4;

/// Compares the stream with the log and returns the position it reaches. Creates it if there is none.
///
/// `round` moves the sampled places, so that in time all of a long stream is seen.
pub(super) async fn compare(
    log: &EventLog,
    context: &Context,
    options: &RelayOptions,
    round: u64,
) -> Result<u64, Stopped> {
    let stream = match context.get_stream(&options.stream).await {
        Ok(stream) => stream,
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                tracing::warn!(
                    stream = options.stream,
                    "creating the stream, all events will be published"
                );
                let created = context.create_stream(config(options)).await;
                created.map_err(|error| Stopped::retry("create stream", error))?
            }
            _ => return Err(Stopped::retry("read stream", error)),
        },
    };
    if stream.cached_info().config.subjects != [SUBJECTS] {
        return Err(halt(0, "the stream has other subjects: it is not ours"));
    }
    let state = &stream.cached_info().state;
    let last = state.last_sequence;
    let head = log
        .head()
        .await
        .map_err(|error| Stopped::retry("read the log", error))?;
    if last > head {
        return Err(halt(
            head,
            format!("the stream is at {last}, ahead of the log at {head}: the database lost its tail"),
        ));
    }
    if last > 0 && (state.first_sequence != 1 || state.messages != last) {
        return Err(halt(last, "messages were removed from the stream"));
    }
    for position in sample(last, round) {
        compare_at(log, &stream, position).await?;
    }
    Ok(last)
}

pub(super) const SUBJECTS: &str = "events.>";

fn config(options: &RelayOptions) -> Config {
    Config {
        name: options.stream.clone(),
        description: Some("every event of the log; sequence = position".to_owned()),
        subjects: vec![SUBJECTS.to_owned()],
        storage: StorageType::File,
        // A full stream refuses new messages; it must never lose old ones.
        discard: DiscardPolicy::New,
        max_bytes: options.max_bytes.unwrap_or(-1),
        num_replicas: options.replicas,
        first_sequence: Some(1),
        deny_delete: true,
        deny_purge: true,
        allow_direct: true,
        // Message ids are labels; the shorter they are remembered the better.
        duplicate_window: std::time::Duration::from_secs(1),
        ..Config::default()
    }
}

/// Both ends, and some places in between.
fn sample(last: u64, round: u64) -> Vec<u64> {
    if last == 0 {
        return Vec::new();
    }
    let stride = last / SAMPLES + 1;
    // Any large odd number spreads the rounds over the stride.
    let offset = round.wrapping_mul(0x9e37_79b9_7f4a_7c15) % stride;
    let mut positions: Vec<u64> = [1, last]
        .into_iter()
        .chain((0..SAMPLES).map(|n| n * stride + offset + 1).filter(|at| *at < last))
        .collect();
    positions.sort_unstable();
    positions.dedup();
    positions
}

async fn compare_at(log: &EventLog, stream: &Stream, position: u64) -> Result<(), Stopped> {
    let ours = log
        .read(position - 1, 1)
        .await
        .map_err(|error| Stopped::retry("read the log", error))?;
    let message = match stream.get_raw_message(position).await {
        Ok(message) => message,
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => {
            return Err(halt(position, "the message is missing in the stream"));
        }
        Err(error) => return Err(Stopped::retry("read message", error)),
    };
    let theirs = RecordedEvent::from_message(&message.headers, &message.payload)
        .map_err(|error| halt(position, error.to_string()))?;
    if ours.first() != Some(&theirs) {
        return Err(halt(position, "the stream holds another event than the log"));
    }
    Ok(())
}

fn halt(position: u64, reason: impl Into<String>) -> Stopped {
    Stopped::Halt(Halt {
        position,
        reason: reason.into(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::sample;

    #[test]
    fn both_ends_are_always_compared() {
        for last in 1..100 {
            for round in 0..20 {
                let positions = sample(last, round);
                assert_eq!(positions.first(), Some(&1));
                assert_eq!(positions.last(), Some(&last));
            }
        }
        assert!(sample(0, 3).is_empty());
    }

    #[test]
    fn in_time_every_position_is_compared() {
        let seen: BTreeSet<u64> = (0..1_000).flat_map(|round| sample(400, round)).collect();
        assert_eq!(seen, (1..=400).collect());
    }
}
