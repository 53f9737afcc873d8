//! The task that seals: follows the log, and signs its head after so many events or so much time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::{Frontier, SealKey, SealVerifier, TreeHead, leaf, origin, store};
use crate::{Error, EventLog, Lease, RecordedEvent, Result};

const LEASE: &str = "sealer";
/// After the database was away.
const PAUSE: Duration = Duration::from_secs(1);
/// Events read in one go.
const READ_MAX: usize = 1_000;

/// How the log is sealed.
pub struct SealOptions {
    /// Signs.
    pub key: SealKey,
    /// A head at least after so many events.
    pub events_max: u64,
    /// A head at the latest so long after an event that has none.
    pub interval: Duration,
    /// Copies go into this directory, one file each, `<size>.head`; none is ever overwritten. For storage that is not the operators'.
    pub copies: Option<PathBuf>,
}

impl SealOptions {
    /// Every minute or 10,000 events, without copies.
    pub const fn new(key: SealKey) -> Self {
        Self {
            key,
            events_max: 10_000,
            interval: Duration::from_secs(60),
            copies: None,
        }
    }
}

/// What the sealer is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealStatus {
    /// Another process seals, or the database is away.
    Standby,
    /// Every event up to here is sealed.
    Sealed(u64),
    /// It met something that it must not seal. Somebody must look.
    Failed(String),
}

/// The task. Of all on one database one works.
pub struct Sealer {
    status: watch::Receiver<SealStatus>,
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Sealer {
    /// Starts it.
    pub fn start(log: EventLog, options: SealOptions) -> Self {
        let (sender, status) = watch::channel(SealStatus::Standby);
        let stop = CancellationToken::new();
        let work = Work {
            verifier: options.key.verifier(),
            log,
            options,
            status: sender,
            stop: stop.clone(),
        };
        Self {
            status,
            stop,
            task: AbortOnDropHandle::new(tokio::spawn(work.run())),
        }
    }

    /// What it is at.
    pub fn status(&self) -> watch::Receiver<SealStatus> {
        self.status.clone()
    }

    /// Seals what is not sealed yet, and ends.
    pub async fn stop(self) {
        self.stop.cancel();
        // Ended by a panic or in good order: it is over.
        let _ = self.task.await;
    }
}

struct Work {
    log: EventLog,
    options: SealOptions,
    verifier: SealVerifier,
    status: watch::Sender<SealStatus>,
    stop: CancellationToken,
}

impl Work {
    async fn run(self) {
        loop {
            let lease = tokio::select! {
                lease = Lease::acquire(&self.log.options().connect, LEASE) => lease,
                () = self.stop.cancelled() => return,
            };
            let term = tokio::select! {
                term = self.term() => term,
                () = lease.lost() => Err(Term::Again("the lease is lost".to_owned())),
            };
            match term {
                Ok(()) => return,
                Err(Term::Again(why)) => tracing::warn!(why, "sealing is interrupted"),
                Err(Term::Failed(why)) => {
                    tracing::error!(
                        why,
                        "sealing has stopped: what follows is not sealed, somebody must look"
                    );
                    self.status.send_replace(SealStatus::Failed(why));
                    return;
                }
            }
            self.status.send_replace(SealStatus::Standby);
            tokio::select! {
                () = sleep(PAUSE) => {}
                () = self.stop.cancelled() => return,
            }
        }
    }

    /// Seals until stopped, and then once more what is there.
    async fn term(&self) -> Result<(), Term> {
        let mut tree = match store::last(self.log.pool(), &self.verifier).await? {
            Some((head, frontier)) => Tree {
                sealed: frontier.size(),
                origin: Some(head.origin),
                frontier,
            },
            None => Tree::default(),
        };
        self.status.send_replace(SealStatus::Sealed(tree.sealed));
        let mut follower = self.log.follow(tree.sealed);
        while !self.stop.is_cancelled() {
            // The first event that has no head waits for others, but not for long.
            let mut until = None;
            while tree.unsealed() < self.options.events_max {
                let batch = tokio::select! {
                    batch = deadline(until, follower.next_batch(READ_MAX)) => batch,
                    () = self.stop.cancelled() => break,
                };
                let Some(batch) = batch.transpose()? else { break };
                tree.take(&batch);
                until.get_or_insert_with(|| Instant::now() + self.options.interval);
            }
            self.seal(&mut tree).await?;
        }
        let end = self.log.head().await?;
        while tree.frontier.size() < end {
            tree.take(&follower.next_batch(READ_MAX).await?);
        }
        self.seal(&mut tree).await
    }

    async fn seal(&self, tree: &mut Tree) -> Result<(), Term> {
        let Some(origin) = tree.origin.clone().filter(|_| tree.unsealed() > 0) else {
            return Ok(());
        };
        let head = TreeHead {
            origin,
            size: tree.frontier.size(),
            root: tree.frontier.root(),
            signed_at: Timestamp::now(),
        };
        let note = self.options.key.sign(&head);
        if !store::insert(self.log.pool(), &head, &note, &tree.frontier).await? {
            return Err(Term::Again("somebody else has sealed meanwhile".to_owned()));
        }
        if let Some(copies) = &self.options.copies {
            copy(copies, head.size, &note)
                .await
                .map_err(|error| Term::Failed(format!("no copy can be kept in {}: {error}", copies.display())))?;
        }
        tree.sealed = head.size;
        self.status.send_replace(SealStatus::Sealed(head.size));
        Ok(())
    }
}

/// The tree as far as it was read.
#[derive(Default)]
struct Tree {
    /// Of what log; known with its first event.
    origin: Option<String>,
    frontier: Frontier,
    /// Events before the last head.
    sealed: u64,
}

impl Tree {
    fn take(&mut self, events: &[RecordedEvent]) {
        for event in events {
            self.origin.get_or_insert_with(|| origin(event));
            self.frontier.push(leaf(event));
        }
    }

    const fn unsealed(&self) -> u64 {
        self.frontier.size() - self.sealed
    }
}

/// A new file, never over an old one.
async fn copy(directory: &Path, size: u64, note: &str) -> std::io::Result<()> {
    use tokio::io::AsyncWriteExt as _;
    let mut file = tokio::fs::File::create_new(directory.join(format!("{size:020}.head"))).await?;
    file.write_all(note.as_bytes()).await?;
    file.sync_all().await
}

/// Why a term ended before it was stopped.
enum Term {
    Again(String),
    Failed(String),
}

impl From<Error> for Term {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(error) => Self::Again(error.to_string()),
            Error::Gap { .. } | Error::Unreadable(_) => Self::Failed(error.to_string()),
        }
    }
}

/// What `work` brings, or nothing if it is too late.
async fn deadline<T>(until: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    match until {
        Some(until) => timeout_at(until, work).await.ok(),
        None => Some(work.await),
    }
}
