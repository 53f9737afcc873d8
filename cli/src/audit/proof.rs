//! `baize audit prove` and `verify`: one event, shown to somebody who trusts nobody here.

use std::path::PathBuf;

use anyhow::Context as _;
use baize_eventlog::seal::{self, Inclusion, leaf};
use baize_eventlog::{EventLog, Metadata, RecordedEvent};
use serde::{Deserialize, Serialize};

use super::hex;
use crate::settings::Settings;

/// Which event, and where the proof goes.
#[derive(Debug, clap::Args)]
pub struct Prove {
    /// Position of the event
    position: u64,
    /// Where the proof is written [default: the screen]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Which proof.
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// The proof
    file: PathBuf,
}

/// A proof as it is written. Hashes are in hexadecimal.
#[derive(Debug, Serialize, Deserialize)]
struct Proof {
    event: Event,
    /// From the leaf's sibling upwards.
    path: Vec<String>,
    /// The signed tree head.
    head: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Event {
    position: u64,
    stream: String,
    sequence: u64,
    event_type: String,
    event_version: String,
    recorded_at: String,
    metadata: Metadata,
    payload: String,
}

impl Prove {
    pub(super) async fn run(&self, settings: &Settings, log: &EventLog) -> anyhow::Result<()> {
        let verifier = crate::seal::verifier(&crate::seal::path(settings))?;
        let note = seal::heads(log.pool())
            .await?
            .into_iter()
            .find(|head| head.size >= self.position)
            .with_context(|| {
                format!(
                    "position {} is not sealed: wait for the next head, or see that a sealer runs",
                    self.position
                )
            })?
            .note;
        let head = verifier.open(&note).context("the head that covers it")?;
        let events = log.read(self.position.saturating_sub(1), 1).await?;
        let event = events.first().context("there is no such position")?;
        let inclusion = Inclusion::prove(log, self.position, head.size).await?;
        anyhow::ensure!(
            inclusion.root(leaf(event)) == Some(head.root),
            "the log is not the one that was sealed: run `baize verify`"
        );
        let proof = Proof {
            event: event.into(),
            path: inclusion.path.iter().map(|hash| hex(hash)).collect(),
            head: note,
        };
        let text = serde_json::to_string_pretty(&proof)?;
        match &self.out {
            Some(file) => std::fs::write(file, text).with_context(|| file.display().to_string()),
            None => {
                println!("{text}");
                Ok(())
            }
        }
    }
}

impl Verify {
    pub(super) fn run(&self, settings: &Settings) -> anyhow::Result<bool> {
        let verifier = crate::seal::verifier(&crate::seal::path(settings))?;
        let text = std::fs::read_to_string(&self.file).with_context(|| self.file.display().to_string())?;
        let proof: Proof = serde_json::from_str(&text).context("this is not a proof")?;
        let head = verifier.open(&proof.head).context("the tree head of the proof")?;
        let event = proof.event.recorded()?;
        let path = proof.path.iter().map(|hash| unhex(hash)).collect::<Option<Vec<_>>>();
        let inclusion = Inclusion {
            position: event.position,
            size: head.size,
            path: path.context("a hash of the path is none")?,
        };
        let holds = inclusion.root(leaf(&event)) == Some(head.root);
        if holds {
            println!(
                "{} of {} is at position {} of the log {}, sealed {}",
                event.event_type, event.stream, event.position, head.origin, head.signed_at
            );
        } else {
            println!("the event is not in the log that was sealed");
        }
        Ok(holds)
    }
}

impl From<&RecordedEvent> for Event {
    fn from(event: &RecordedEvent) -> Self {
        Self {
            position: event.position,
            stream: event.stream.to_string(),
            sequence: event.sequence,
            event_type: event.event_type.clone(),
            event_version: event.event_version.clone(),
            recorded_at: event.recorded_at.to_string(),
            metadata: (*event.metadata).clone(),
            payload: event.payload.to_string(),
        }
    }
}

impl Event {
    fn recorded(self) -> anyhow::Result<RecordedEvent> {
        Ok(RecordedEvent {
            position: self.position,
            stream: self.stream.parse()?,
            sequence: self.sequence,
            event_type: self.event_type,
            event_version: self.event_version,
            payload: self.payload.into(),
            metadata: self.metadata.into(),
            recorded_at: self.recorded_at.parse().context("when it was recorded")?,
        })
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let bytes = text.as_bytes();
    let mut hash = [0; 32];
    if bytes.len() != 64 {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(bytes.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}
