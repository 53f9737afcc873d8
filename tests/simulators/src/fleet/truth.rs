//! The ground truth: every change of every lamp, as it really happened.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::relay::Cause;

/// A lamp changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When, by the fleet's clock.
    pub at: Timestamp,
    /// The relay's topic.
    pub topic: String,
    /// Its output, from 1.
    pub channel: u8,
    /// On or off from then on.
    pub on: bool,
    /// Why.
    pub cause: Cause,
}

/// All changes so far, in memory and, one JSON object a line, in a file if one was asked for.
#[derive(Debug)]
pub struct GroundTruth {
    inner: Mutex<Inner>,
    count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Inner {
    changes: Vec<Change>,
    on: HashMap<(String, u8), bool>,
    file: Option<File>,
}

impl GroundTruth {
    pub(super) fn new(file: Option<&Path>) -> anyhow::Result<Self> {
        let create = |path: &Path| File::create(path).with_context(|| format!("make {}", path.display()));
        let file = file.map(create).transpose()?;
        Ok(Self {
            inner: Mutex::new(Inner {
                file,
                ..Inner::default()
            }),
            count: watch::Sender::new(0),
        })
    }

    pub(super) fn record(&self, change: Change) {
        let count = {
            let mut inner = self.lock();
            if let Some(file) = &mut inner.file {
                let line = serde_json::to_string(&change).unwrap_or_default() + "\n";
                // Unbuffered: what was seen before a crash is in the file.
                if let Err(error) = file.write_all(line.as_bytes()) {
                    tracing::error!(%error, "the ground truth could not be written");
                }
            }
            inner.on.insert((change.topic.clone(), change.channel), change.on);
            inner.changes.push(change);
            inner.changes.len()
        };
        self.count.send_replace(count);
    }

    /// Everything that changed, in order.
    pub fn changes(&self) -> Vec<Change> {
        self.lock().changes.clone()
    }

    /// What changed at one lamp, in order.
    pub fn changes_of(&self, topic: &str, channel: u8) -> Vec<Change> {
        let is_it = |change: &&Change| change.topic == topic && change.channel == channel;
        self.lock().changes.iter().filter(is_it).cloned().collect()
    }

    /// Whether a lamp is on.
    pub fn is_on(&self, topic: &str, channel: u8) -> bool {
        self.lock()
            .on
            .get(&(topic.to_owned(), channel))
            .copied()
            .unwrap_or(false)
    }

    /// How many lamps are on.
    pub fn on_count(&self) -> usize {
        self.lock().on.values().filter(|on| **on).count()
    }

    /// Waits until `fact` holds of the changes; it is asked again after each change. It must not ask the truth for
    /// anything else: that would wait for itself.
    pub async fn wait_until(&self, mut fact: impl FnMut(&[Change]) -> bool) {
        let mut count = self.count.subscribe();
        loop {
            count.mark_unchanged();
            if fact(&self.lock().changes) {
                return;
            }
            if count.changed().await.is_err() {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
