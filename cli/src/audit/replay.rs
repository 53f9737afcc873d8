//! `baize audit replay`: events in the order in which they happened.

use std::io::Write as _;

use baize_domain::ids::HallId;
use baize_eventlog::{EventLog, StreamId};
use baize_projections::audit::EventFilter;
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
        let filter = self.filter();
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        let mut replay = log.replay(self.after, until).await?;
        while let Some(batch) = replay.next_batch().await? {
            for event in batch.iter().filter(|event| filter.covers(event)) {
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

    fn filter(&self) -> EventFilter {
        EventFilter {
            stream: self.stream.clone(),
            types: self.types.iter().cloned().collect(),
            hall_id: self.hall.map(|hall| hall.to_string()),
            since: self.since,
            before: self.before,
        }
    }
}
