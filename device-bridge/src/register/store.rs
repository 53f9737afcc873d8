//! The register in JetStream: the stream `DESIRED`, of which each subject keeps its newest record.
//!
//! Written behind the lights' back: an event is first acted upon and then stored, in batches. After a batch is
//! acknowledged, a mark says up to which position of `EVENTS` it reaches; a restart reads `EVENTS` from there.
//! What was not stored yet is read again, which is harmless. If the stream is lost while the bridge runs, it is
//! written again in full; if it is lost while the bridge is away, the register is rebuilt from `EVENTS`.
//!
//! A stream that exists is taken as it is: whoever wants it replicated in a cluster makes it so beforehand.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::stream::{Config, LastRawMessageErrorKind, Stream};
use baize_domain::ids::HallId;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::future::try_join_all;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::record::{Key, resume_subject};
use super::{Record, Register, Resume};

/// The stream's name.
pub const STREAM: &str = "DESIRED";
const BATCH: usize = 1_000;
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Lets the message to the device go first, and gathers what comes close together.
const GATHER: Duration = Duration::from_millis(5);
const IN_FLIGHT_MAX: usize = 256;
const PAUSE: Duration = Duration::from_millis(250);
const LAST_WRITE_WITHIN: Duration = Duration::from_secs(2);

/// What a restart found.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The register.
    pub register: Register,
    /// Up to which position of `EVENTS` it reaches; 0 if it must be rebuilt.
    pub position: u64,
}

/// Reads what an earlier run stored for `shard`. `halls` limits what is taken; `None` is all.
///
/// # Errors
/// JetStream did not answer.
pub async fn load(context: &Context, shard: &str, halls: Option<&[HallId]>) -> anyhow::Result<Loaded> {
    let config = pull::Config {
        deliver_policy: DeliverPolicy::LastPerSubject,
        ack_policy: AckPolicy::None,
        filter_subject: format!("desired.{shard}.>"),
        memory_storage: true,
        inactive_threshold: ANSWER_WITHIN * 6,
        ..pull::Config::default()
    };
    let consumer = open(context)
        .await?
        .create_consumer(config)
        .await
        .context("read DESIRED")?;
    let mut left = consumer.cached_info().num_pending;
    let mut messages = consumer.stream().max_messages_per_batch(BATCH).messages().await?;
    let mut loaded = Loaded::default();
    let mut resume = Resume::default();
    let mut is_whole = true;
    while left > 0 {
        let message = tokio::time::timeout(ANSWER_WITHIN, messages.next())
            .await
            .context("read DESIRED")?;
        let message = message.context("DESIRED ended early")?.context("read DESIRED")?;
        left = message.info().map_err(anyhow::Error::from_boxed)?.pending;
        match serde_json::from_slice(&message.payload) {
            Ok(Record::Resume(found)) => resume = found,
            Ok(record) if record.is_within(halls) => loaded.register.restore(record),
            Ok(_) => {}
            Err(error) => {
                tracing::error!(subject = %message.subject, %error, "unreadable record in DESIRED; rebuilding from EVENTS");
                is_whole = false;
            }
        }
    }
    // What is desired in halls that were not followed before is not among the records.
    if is_whole && resume.halls.as_deref() == halls {
        loaded.position = resume.position;
    }
    Ok(loaded)
}

async fn open(context: &Context) -> anyhow::Result<Stream> {
    let config = Config {
        name: STREAM.to_owned(),
        subjects: vec!["desired.>".to_owned()],
        max_messages_per_subject: 1,
        allow_direct: true,
        ..Config::default()
    };
    let opening = context.get_or_create_stream(config);
    let stream = tokio::time::timeout(ANSWER_WITHIN, opening)
        .await
        .context("open DESIRED")?;
    stream.context("open DESIRED")
}

/// Where the engine leaves what changed. Never waits.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    shared: Arc<Shared>,
    /// The same for the disk.
    copy: Option<Arc<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    unwritten: Mutex<Unwritten>,
    changed: Notify,
}

/// At most one record an output and a device: bounded by what is registered.
#[derive(Debug, Default)]
struct Unwritten {
    records: HashMap<Key, Record>,
    position: u64,
}

impl Journal {
    /// Everything up to `position` was acted upon; `records` changed by it.
    pub fn note(&self, position: u64, records: impl IntoIterator<Item = Record>) {
        let records: Vec<_> = records
            .into_iter()
            .filter_map(|record| Some((record.key()?, record)))
            .collect();
        if let Some(copy) = &self.copy {
            copy.note(position, records.clone());
        }
        self.shared.note(position, records);
    }

    /// One that gathers all that is noted here from now on, too.
    pub(crate) fn copied(&mut self) -> Self {
        let shared = self.copy.get_or_insert_default();
        Self {
            shared: Arc::clone(shared),
            copy: None,
        }
    }

    /// Waits until there may be something to take.
    pub(super) async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    /// What was noted since the last time, and up to which position.
    pub(super) fn take(&self) -> (u64, HashMap<Key, Record>) {
        let mut unwritten = self.shared.lock();
        (unwritten.position, std::mem::take(&mut unwritten.records))
    }
}

impl Shared {
    fn note(&self, position: u64, records: Vec<(Key, Record)>) {
        let mut unwritten = self.lock();
        unwritten.position = unwritten.position.max(position);
        let before = unwritten.records.len();
        unwritten.records.extend(records);
        if unwritten.records.len() > before {
            self.changed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Unwritten> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stores what a [`Journal`] gathers.
pub struct Writer {
    context: Context,
    shard: String,
    halls: Option<Vec<HallId>>,
    journal: Journal,
    /// Everything that is, or should be, in the stream.
    stored: HashMap<Key, (String, Bytes)>,
    /// What of it is not acknowledged.
    unwritten: HashSet<Key>,
    /// What was gathered reaches up to here.
    position: u64,
    /// The position of the last mark that was acknowledged.
    marked: u64,
    /// Whether the stream may not be what was written.
    is_doubtful: bool,
}

impl Writer {
    /// A writer behind what was loaded.
    pub fn new(context: Context, shard: String, halls: Option<Vec<HallId>>, journal: Journal, loaded: &Loaded) -> Self {
        let mut writer = Self {
            context,
            shard,
            halls,
            journal,
            stored: HashMap::new(),
            unwritten: HashSet::new(),
            position: loaded.position,
            marked: loaded.position,
            is_doubtful: true,
        };
        for record in loaded.register.records() {
            writer.keep(&record);
        }
        writer.journal.note(loaded.position, None);
        writer
    }

    /// Writes until cancelled, and then once more what is left.
    pub async fn run(mut self, mut connection_changes: watch::Receiver<u64>, cancel: CancellationToken) {
        loop {
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.journal.changed() => {}
                // Perhaps it is another server now, or it lost its files.
                Ok(()) = connection_changes.changed() => self.is_doubtful = true,
            }
            tokio::time::sleep(GATHER).await;
            self.gather();
            while let Err(error) = self.write_unless_interrupted(&mut connection_changes).await {
                self.is_doubtful = true;
                tracing::warn!("DESIRED could not be written, trying again: {error:#}");
                tokio::select! {
                    () = cancel.cancelled() => return,
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        }
        self.gather();
        match tokio::time::timeout(LAST_WRITE_WITHIN, self.write()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("the last of DESIRED could not be written: {error:#}"),
            Err(_) => tracing::warn!("the last of DESIRED could not be written in time"),
        }
    }

    /// Takes over what the journal has.
    fn gather(&mut self) {
        let (position, records) = self.journal.take();
        self.position = position;
        for record in records.values() {
            self.keep(record);
        }
        self.unwritten.extend(records.into_keys());
    }

    /// An acknowledgement that was on its way when the connection broke never comes.
    async fn write_unless_interrupted(&mut self, connection_changes: &mut watch::Receiver<u64>) -> anyhow::Result<()> {
        tokio::select! {
            written = self.write() => written,
            _ = connection_changes.changed() => bail!("the connection was interrupted"),
        }
    }

    /// Stores everything that was gathered. May be cancelled and repeated.
    async fn write(&mut self) -> anyhow::Result<()> {
        let mut keys: Vec<_> = self.unwritten.iter().copied().collect();
        if self.is_doubtful && !self.is_intact().await? {
            tracing::warn!(
                records = self.stored.len(),
                "DESIRED is not what was written; writing all of it"
            );
            keys = self.stored.keys().copied().collect();
        }
        self.publish(&keys).await?;
        if !keys.is_empty() || self.position > self.marked {
            self.mark(self.position).await?;
        }
        self.marked = self.position;
        self.is_doubtful = false;
        self.unwritten.clear();
        Ok(())
    }

    fn keep(&mut self, record: &Record) {
        let (Some(key), Ok(json)) = (record.key(), serde_json::to_vec(record)) else {
            return;
        };
        self.stored.insert(key, (record.subject(&self.shard), json.into()));
    }

    /// Whether the stream holds at least what was acknowledged.
    async fn is_intact(&self) -> anyhow::Result<bool> {
        let stream = open(&self.context).await?;
        let subject = resume_subject(&self.shard);
        let reading = stream.get_last_raw_message_by_subject(&subject);
        let found = match tokio::time::timeout(ANSWER_WITHIN, reading)
            .await
            .context("read DESIRED")?
        {
            Ok(message) => message,
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => {
                return Ok(self.stored.is_empty());
            }
            Err(error) => bail!("read DESIRED: {error}"),
        };
        let resume: Option<Resume> = match serde_json::from_slice(&found.payload) {
            Ok(Record::Resume(resume)) => Some(resume),
            _ => None,
        };
        Ok(resume.is_some_and(|resume| resume.position >= self.marked))
    }

    async fn publish(&self, keys: &[Key]) -> anyhow::Result<()> {
        for keys in keys.chunks(IN_FLIGHT_MAX) {
            let mut sending = Vec::new();
            for key in keys {
                if let Some((subject, json)) = self.stored.get(key) {
                    sending.push(self.send(subject.clone(), json.clone()));
                }
            }
            try_join_all(sending).await?;
        }
        Ok(())
    }

    async fn mark(&self, position: u64) -> anyhow::Result<()> {
        let mark = Record::Resume(Resume {
            position,
            halls: self.halls.clone(),
        });
        self.send(mark.subject(&self.shard), serde_json::to_vec(&mark)?.into())
            .await
    }

    async fn send(&self, subject: String, json: Bytes) -> anyhow::Result<()> {
        let sending = async { self.context.publish(subject, json).await?.await };
        let ack = tokio::time::timeout(ANSWER_WITHIN, sending)
            .await
            .context("write DESIRED")?;
        let ack = ack.context("write DESIRED")?;
        ensure!(ack.stream == STREAM, "desired.> belongs to the stream {}", ack.stream);
        Ok(())
    }
}
