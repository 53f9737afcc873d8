//! `baize audit state`: what an aggregate was, at any moment of its life.

use anyhow::{Context as _, bail};
use baize_domain::calendar::Calendar;
use baize_domain::chain::Chain;
use baize_domain::device::Device;
use baize_domain::gift::Gift;
use baize_domain::hall::Hall;
use baize_domain::identity::Identity;
use baize_domain::journal::Journal;
use baize_domain::member::Member;
use baize_domain::payment::Payment;
use baize_domain::points_account::PointsAccount;
use baize_domain::redemption::Redemption;
use baize_domain::refund::Refund;
use baize_domain::session::TableSession;
use baize_domain::staff::Staff;
use baize_domain::table::Table;
use baize_domain::tariff::TariffPlan;
use baize_domain::wallet::Wallet;
use baize_eventlog::{EventLog, RecordedEvent};
use cqrs_es::Aggregate;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::StreamName;

/// Events read in one go.
const READ_MAX: usize = 1_000;

/// Which state.
#[derive(Debug, clap::Args)]
#[group(multiple = false, id = "moment")]
pub struct Args {
    /// The stream, as TYPE/ID
    #[arg(value_name = "TYPE/ID")]
    stream: StreamName,
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
        let stream = &self.stream.0;
        let mut events: Vec<RecordedEvent> = Vec::new();
        loop {
            let after = events.last().map_or(0, |event| event.sequence);
            let read = log.read_stream(stream, after, READ_MAX).await?;
            let (whole, reached) = (
                read.len() < READ_MAX,
                read.iter().position(|event| !self.moment.covers(event)),
            );
            events.extend(read.into_iter().take(reached.unwrap_or(READ_MAX)));
            if whole || reached.is_some() {
                break;
            }
        }
        let last = events
            .last()
            .with_context(|| format!("{stream} had no event then: look for it with `baize audit replay`"))?;
        let told = json!({
            "stream": stream.to_string(),
            "sequence": last.sequence,
            "position": last.position,
            "recorded_at": last.recorded_at.to_string(),
            "state": state(&stream.aggregate_type, &events)?,
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

/// The fold of a stream's events.
fn state(aggregate_type: &str, events: &[RecordedEvent]) -> anyhow::Result<Value> {
    match aggregate_type {
        "Calendar" => fold::<Calendar>(events),
        "Chain" => fold::<Chain>(events),
        "Device" => fold::<Device>(events),
        "Gift" => fold::<Gift>(events),
        "Hall" => fold::<Hall>(events),
        "Identity" => fold::<Identity>(events),
        "Journal" => fold::<Journal>(events),
        "Member" => fold::<Member>(events),
        "Payment" => fold::<Payment>(events),
        "PointsAccount" => fold::<PointsAccount>(events),
        "Redemption" => fold::<Redemption>(events),
        "Refund" => fold::<Refund>(events),
        "Staff" => fold::<Staff>(events),
        "Table" => fold::<Table>(events),
        "TableSession" => fold::<TableSession>(events),
        "TariffPlan" => fold::<TariffPlan>(events),
        "Wallet" => fold::<Wallet>(events),
        other => bail!("there are no aggregates of the type {other}"),
    }
}

fn fold<A: Aggregate>(events: &[RecordedEvent]) -> anyhow::Result<Value> {
    let mut state = A::default();
    for event in events {
        let payload = serde_json::from_str(&event.payload);
        state.apply(payload.with_context(|| format!("the event at position {} cannot be read", event.position))?);
    }
    Ok(serde_json::to_value(state)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_aggregate_has_a_state() {
        for (aggregate_type, _) in baize_domain::event::CATALOGUE {
            state(aggregate_type, &[]).unwrap();
        }
        state("Cue", &[]).unwrap_err();
    }
}
