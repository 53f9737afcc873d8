//! `baize audit`: the log for those who check it: every event, any state at any time, and proofs for somebody else.

mod heads;
mod proof;
mod replay;
mod state;

use baize_eventlog::{EventLog, LogOptions, RecordedEvent};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::Configured;
use crate::infrastructure::Infrastructure;
use crate::settings::Settings;

/// Only what is wrong is logged: the output is for programs too.
const QUIET: &str = "warn";

/// What the subcommand is told.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, Subcommand)]
enum Step {
    /// Print events in order, one JSON object a line: all, or those that are asked for
    Replay(Configured<replay::Args>),
    /// Print the state of an aggregate, now or as it was, folded from its events
    State(Configured<state::Args>),
    /// List the signed tree heads, or copy them to where they are kept
    Heads(Configured<heads::Args>),
    /// Write a proof that an event is in the sealed log: for somebody who has neither the log nor this database
    Prove(Configured<proof::Prove>),
    /// Check a proof, with nothing but the proof and the public half of the sealing key
    Verify(Configured<proof::Verify>),
}

impl Args {
    /// Does it; false if what was checked does not hold.
    ///
    /// # Errors
    /// The database is away, or what was asked for is not there.
    pub async fn run(self) -> anyhow::Result<bool> {
        match self.step {
            Step::Replay(configured) => {
                let (args, settings) = configured.load(QUIET)?;
                on_the_log(&settings, async |log| args.run(log).await).await?;
            }
            Step::State(configured) => {
                let (args, settings) = configured.load(QUIET)?;
                on_the_log(&settings, async |log| args.run(log).await).await?;
            }
            Step::Heads(configured) => {
                let (args, settings) = configured.load(QUIET)?;
                on_the_log(&settings, async |log| args.run(&settings, log).await).await?;
            }
            Step::Prove(configured) => {
                let (args, settings) = configured.load(QUIET)?;
                on_the_log(&settings, async |log| args.run(&settings, log).await).await?;
            }
            Step::Verify(configured) => {
                let (args, settings) = configured.load(QUIET)?;
                return args.run(&settings);
            }
        }
        Ok(true)
    }
}

/// Works on the log of the database that is named, or of the data directory.
async fn on_the_log(
    settings: &Settings,
    work: impl AsyncFnOnce(&EventLog) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let infrastructure = Infrastructure::database_only(settings, false).await?;
    let done = async {
        let options = LogOptions::new(infrastructure.database_url.parse()?).role(baize_schema::APP_ROLE);
        let log = EventLog::connect(options).await?;
        let done = work(&log).await;
        log.close().await;
        done
    };
    let done = done.await;
    infrastructure.stop().await;
    done
}

/// An event as auditors read it. The payload stays the text that was recorded: it is what the hash is over.
fn told(event: &RecordedEvent) -> Value {
    json!({
        "position": event.position,
        "stream": event.stream.to_string(),
        "sequence": event.sequence,
        "type": event.event_type,
        "version": event.event_version,
        "recorded_at": event.recorded_at.to_string(),
        "metadata": &*event.metadata,
        "payload": &*event.payload,
        "hash": hex(&event.hash()),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
