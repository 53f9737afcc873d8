//! `baize audit replay`: events in the order in which they happened.

use std::io::Write as _;

use baize_domain::ids::HallId;
use baize_eventlog::{EventLog, META_HALL, RecordedEvent, StreamId};
use jiff::Timestamp;

use super::told;

/// Which events.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Behind this position
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    after: u64,
    /// Up to this position [default: the end]
    #[arg(long, value_name = "POSITION")]
    until: Option<u64>,
    /// Of one stream, as TYPE/ID
    #[arg(long, value_name = "TYPE/ID")]
    stream: Option<StreamId>,
    /// Of this type, such as SessionOpened; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Of this hall
    #[arg(long, value_name = "UUID")]
    hall: Option<HallId>,
    /// Recorded at or after this instant, such as 2026-03-01T00:00:00+08:00
    #[arg(long, value_name = "INSTANT")]
    since: Option<Timestamp>,
    /// Recorded before this instant
    #[arg(long, value_name = "INSTANT")]
    before: Option<Timestamp>,
}

impl Args {
    pub(super) async fn run(&self, log: &EventLog) -> anyhow::Result<()> {
        let until = match self.until {
            Some(until) => until.min(log.head().await?),
            None => log.head().await?,
        };
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        let mut replay = log.replay(self.after, until).await?;
        while let Some(batch) = replay.next_batch().await? {
            for event in batch.iter().filter(|event| self.wants(event)) {
                // Whoever reads has had enough: `baize audit replay | head` is no mistake.
                if let Err(error) = writeln!(out, "{}", told(event)) {
                    return match error.kind() {
                        std::io::ErrorKind::BrokenPipe => Ok(()),
                        _ => Err(error.into()),
                    };
                }
            }
        }
        Ok(out.flush()?)
    }

    fn wants(&self, event: &RecordedEvent) -> bool {
        self.stream.as_ref().is_none_or(|stream| *stream == event.stream)
            && (self.types.is_empty() || self.types.contains(&event.event_type))
            && self
                .hall
                .is_none_or(|hall| event.metadata.get(META_HALL) == Some(&hall.to_string()))
            && self.since.is_none_or(|since| event.recorded_at >= since)
            && self.before.is_none_or(|before| event.recorded_at < before)
    }
}
