//! `baize audit state`: what an aggregate was, at any moment of its life.

use anyhow::Context as _;
use baize_eventlog::{EventLog, StreamId};
use baize_projections::audit::{Moment, StateAsOf, state_as_of};
use jiff::Timestamp;
use serde_json::json;

/// Which state.
#[derive(Debug, clap::Args)]
#[group(multiple = false, id = "moment")]
pub struct Args {
    /// The stream, as TYPE/ID
    #[arg(value_name = "TYPE/ID")]
    stream: StreamId,
    #[command(flatten)]
    moment: Told,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Told {
    /// After this event of the stream, counted from 1
    #[arg(long, value_name = "SEQUENCE")]
    sequence: Option<u64>,
    /// When the log had come to this position
    #[arg(long, value_name = "POSITION")]
    position: Option<u64>,
    /// At this instant, by the database's clock, such as 2026-03-01T00:00:00+08:00
    #[arg(long, value_name = "INSTANT")]
    at: Option<Timestamp>,
}

impl Args {
    pub(super) async fn run(&self, log: &EventLog) -> anyhow::Result<()> {
        let stream = &self.stream;
        let found = state_as_of(log, stream, self.moment.chosen()).await?;
        let nothing = || format!("{stream} had no event then: look for it with `baize audit replay`");
        let StateAsOf { last, state } = found.with_context(nothing)?;
        let told = json!({
            "stream": stream.to_string(),
            "sequence": last.sequence,
            "position": last.position,
            "recorded_at": last.recorded_at.to_string(),
            "state": state,
        });
        println!("{}", serde_json::to_string_pretty(&told)?);
        Ok(())
    }
}

impl Told {
    /// At most one of them is given.
    fn chosen(&self) -> Moment {
        match (self.sequence, self.position, self.at) {
            (Some(sequence), ..) => Moment::Sequence(sequence),
            (_, Some(position), _) => Moment::Position(position),
            (.., Some(at)) => Moment::At(at),
            _ => Moment::Now,
        }
    }
}
