//! `baize audit state`: what an aggregate was, at any moment of its life.

use anyhow::Context as _;
use baize_domain::fold;
use baize_eventlog::{EventLog, RecordedEvent, StreamId};
use jiff::Timestamp;
use serde_json::json;

/// Events read in one go.
const READ_MAX: usize = 1_000;

/// Which state.
#[derive(Debug, clap::Args)]
#[group(multiple = false, id = "moment")]
pub struct Args {
    /// The stream, as TYPE/ID
    #[arg(value_name = "TYPE/ID")]
    stream: StreamId,
    #[command(flatten)]
    moment: Moment,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Moment {
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
        let kind = &stream.aggregate_type;
        let mut state = fold::begin(kind).with_context(|| format!("there are no aggregates of the type {kind}"))?;
        let mut last: Option<RecordedEvent> = None;
        loop {
            let after = last.as_ref().map_or(0, |event| event.sequence);
            let read = log.read_stream(stream, after, READ_MAX).await?;
            let more = read.len() == READ_MAX && read.iter().all(|event| self.moment.covers(event));
            for event in read.into_iter().take_while(|event| self.moment.covers(event)) {
                let unreadable = || format!("the event at position {} cannot be read", event.position);
                state.apply(&event.payload).with_context(unreadable)?;
                last = Some(event);
            }
            if !more {
                break;
            }
        }
        let last =
            last.with_context(|| format!("{stream} had no event then: look for it with `baize audit replay`"))?;
        let told = json!({
            "stream": stream.to_string(),
            "sequence": last.sequence,
            "position": last.position,
            "recorded_at": last.recorded_at.to_string(),
            "state": state.state()?,
        });
        println!("{}", serde_json::to_string_pretty(&told)?);
        Ok(())
    }
}

impl Moment {
    fn covers(&self, event: &RecordedEvent) -> bool {
        self.sequence.is_none_or(|sequence| event.sequence <= sequence)
            && self.position.is_none_or(|position| event.position <= position)
            && self.at.is_none_or(|at| event.recorded_at <= at)
    }
}
