//! Aggregates: loaded from their streams, kept while there is room.
//!
//! A cached aggregate may be old: somebody else appended. That is harmless, because whatever is decided on it
//! names the version it was decided on, and the log refuses the unit. Then [`Repository::forget`] it and load
//! again.

use std::{any::Any, collections::HashMap, sync::Arc};

use cqrs_es::{
    Aggregate,
    persist::{PersistedEventRepository, PersistenceError, SerializedEvent},
};
use moka::{ops::compute::Op, sync::Cache};
use postgres_es::PostgresEventRepository;

use crate::{
    EventLog, StreamId, Upcasters,
    snapshot::{Format, Snapshots},
};

/// How many aggregates are kept, and which have snapshots.
#[derive(Debug, Clone)]
pub struct CacheOptions {
    /// Aggregates in memory.
    pub aggregates_max: u64,
    /// A snapshot is written after this many events of a stream.
    pub snapshot_every: u64,
    /// One in so many aggregates loaded from a snapshot is loaded again in full and compared; 0 for none.
    pub check_one_in: u64,
    formats: HashMap<&'static str, u32>,
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self {
            aggregates_max: 100_000,
            snapshot_every: 500,
            check_one_in: 100,
            formats: HashMap::new(),
        }
    }
}

impl CacheOptions {
    /// Writes snapshots of `A`. Raise `state_version` whenever the same events make another state: snapshots of
    /// other versions are ignored. (Added and removed fields are noticed without that.)
    pub fn snapshots_of<A: Aggregate>(mut self, state_version: u32) -> Self {
        self.formats.insert(A::TYPE, state_version);
        self
    }
}

/// An aggregate and the version it was read at.
#[derive(Debug, Clone)]
pub struct Loaded<A> {
    /// The state.
    pub aggregate: Arc<A>,
    /// Number of events it was made of; 0 if the stream does not exist.
    pub version: u64,
}

impl<A: Default> Loaded<A> {
    /// An aggregate that was never heard of. Use it without reading for ids that were just made: should the
    /// stream exist nevertheless, the append is refused.
    pub fn fresh() -> Self {
        Self {
            aggregate: Arc::default(),
            version: 0,
        }
    }
}

/// An aggregate could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database could not answer.
    #[error("the database is unavailable: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An event or its stream cannot be read; trying again will not help.
    #[error("{stream} cannot be read: {why}")]
    Unreadable {
        /// The stream.
        stream: StreamId,
        /// What is wrong with it.
        why: String,
    },
}

/// Aggregates by id. Cheap to clone; clones share the cache.
#[derive(Clone)]
pub struct Repository {
    inner: Arc<Inner>,
}

struct Inner {
    log: EventLog,
    cache: Cache<StreamId, Cached>,
    streams: Streams,
    snapshots: Snapshots,
    options: CacheOptions,
}

#[derive(Clone)]
struct Cached {
    aggregate: Arc<dyn Any + Send + Sync>,
    version: u64,
    /// Version of the newest snapshot that is known to exist.
    snapshot: u64,
}

impl Repository {
    /// A repository over the log.
    pub fn new(log: EventLog, options: CacheOptions, upcasters: Upcasters) -> Self {
        let streams = Streams {
            repository: PostgresEventRepository::new(log.pool().clone()),
            upcasters,
        };
        Self {
            inner: Arc::new(Inner {
                cache: Cache::new(options.aggregates_max),
                snapshots: Snapshots::start(log.pool().clone(), options.check_one_in),
                streams,
                log,
                options,
            }),
        }
    }

    /// The log underneath.
    pub fn log(&self) -> &EventLog {
        &self.inner.log
    }

    /// The aggregate from memory, else from its snapshot and events. It may be older than the log.
    pub async fn load<A>(&self, id: &str) -> Result<Loaded<A>, LoadError>
    where
        A: Aggregate + Clone + 'static,
    {
        let stream = StreamId::new(A::TYPE, id);
        if let Some(loaded) = self.cached(&stream) {
            return Ok(loaded);
        }
        let base = match self.format::<A>() {
            Some(format) => self.inner.snapshots.load::<A>(&stream, &format).await?,
            None => None,
        };
        let base = base.unwrap_or_else(Loaded::fresh);
        let snapshot = base.version;
        let mut loaded = self.inner.streams.continue_from(&stream, base).await?;
        if snapshot > 0 && self.inner.snapshots.check_is_due() {
            loaded = self.checked(&stream, loaded).await?;
        }
        if loaded.version > 0 {
            self.keep(stream, &loaded, snapshot);
        }
        Ok(loaded)
    }

    /// Reads the whole stream and tells if that makes another state than the snapshot did.
    async fn checked<A>(&self, stream: &StreamId, quick: Loaded<A>) -> Result<Loaded<A>, LoadError>
    where
        A: Aggregate + Clone + 'static,
    {
        let full = self.replay::<A>(&stream.aggregate_id).await?;
        let state = |loaded: &Loaded<A>| serde_json::to_value(&*loaded.aggregate).ok();
        if full.version == quick.version && state(&full) != state(&quick) {
            tracing::error!(%stream, version = full.version, "a snapshot differs from its stream: raise its state version");
            if let Some(format) = self.format::<A>() {
                self.inner.snapshots.write(stream.clone(), format, &full);
            }
        }
        Ok(full)
    }

    /// The aggregate read anew, past the memory and past any snapshot.
    pub async fn replay<A>(&self, id: &str) -> Result<Loaded<A>, LoadError>
    where
        A: Aggregate + Clone + 'static,
    {
        let stream = StreamId::new(A::TYPE, id);
        self.inner.streams.continue_from(&stream, Loaded::fresh()).await
    }

    /// Keeps the aggregate as it is after a commit, unless a newer one is known.
    pub fn remember<A>(&self, id: &str, aggregate: Arc<A>, version: u64)
    where
        A: Aggregate + Clone + 'static,
    {
        let stream = StreamId::new(A::TYPE, id);
        let loaded = Loaded { aggregate, version };
        let snapshot = self.keep(stream.clone(), &loaded, 0);
        if version < snapshot + self.inner.options.snapshot_every {
            return;
        }
        if let Some(format) = self.format::<A>()
            && self.inner.snapshots.write(stream.clone(), format, &loaded)
        {
            self.keep(stream, &loaded, version);
        }
    }

    /// Drops the aggregate, so that the next load reads its stream.
    pub fn forget(&self, stream: &StreamId) {
        self.inner.cache.invalidate(stream);
    }

    pub(crate) fn streams(&self) -> &Streams {
        &self.inner.streams
    }

    fn cached<A: Aggregate + 'static>(&self, stream: &StreamId) -> Option<Loaded<A>> {
        let cached = self.inner.cache.get(stream)?;
        Some(Loaded {
            aggregate: cached.aggregate.downcast().ok()?,
            version: cached.version,
        })
    }

    /// Keeps the newer of two states and the newer of two snapshot versions; returns the latter.
    fn keep<A: Aggregate + 'static>(&self, stream: StreamId, loaded: &Loaded<A>, snapshot: u64) -> u64 {
        let mut newest_snapshot = snapshot;
        self.inner.cache.entry(stream).and_compute_with(|entry| {
            let new = Cached {
                aggregate: Arc::clone(&loaded.aggregate) as Arc<dyn Any + Send + Sync>,
                version: loaded.version,
                snapshot,
            };
            let Some(entry) = entry else {
                return Op::Put(new);
            };
            let old = entry.into_value();
            newest_snapshot = snapshot.max(old.snapshot);
            if old.version > loaded.version {
                return Op::Nop;
            }
            Op::Put(Cached {
                snapshot: newest_snapshot,
                ..new
            })
        });
        newest_snapshot
    }

    fn format<A: Aggregate>(&self) -> Option<Format> {
        let state_version = self.inner.options.formats.get(A::TYPE)?;
        Some(Format::of::<A>(*state_version))
    }
}

/// Streams as postgres-es reads them. Only its plain event reads are used: its snapshot store applies fresh
/// events twice, and its replay takes a lost connection for the end.
pub(crate) struct Streams {
    repository: PostgresEventRepository,
    upcasters: Upcasters,
}

impl Streams {
    /// The whole stream, in its newest shape.
    pub(crate) async fn serialized<A: Aggregate>(&self, id: &str) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let events = self.repository.get_events::<A>(id).await?;
        Ok(events.into_iter().map(|event| self.upcasters.upcast(event)).collect())
    }

    /// Applies the events behind `base` to it.
    pub(crate) async fn continue_from<A>(&self, stream: &StreamId, base: Loaded<A>) -> Result<Loaded<A>, LoadError>
    where
        A: Aggregate + Clone,
    {
        let id = &stream.aggregate_id;
        let events = match base.version {
            0 => self.repository.get_events::<A>(id).await,
            version => self.repository.get_last_events::<A>(id, version as usize).await,
        };
        let events = events.map_err(|error| load_error(stream, error))?;
        if events.is_empty() {
            return Ok(base);
        }
        let Loaded { aggregate, mut version } = base;
        let mut aggregate = Arc::unwrap_or_clone(aggregate);
        for event in events {
            let unreadable = |why| LoadError::Unreadable {
                stream: stream.clone(),
                why,
            };
            version += 1;
            if event.sequence as u64 != version {
                return Err(unreadable(format!("event {version} is missing")));
            }
            let event = self.upcasters.upcast(event);
            let payload = serde_json::from_value(event.payload)
                .map_err(|error| unreadable(format!("event {version}, {}: {error}", event.event_type)))?;
            aggregate.apply(payload);
        }
        Ok(Loaded {
            aggregate: Arc::new(aggregate),
            version,
        })
    }
}

fn load_error(stream: &StreamId, error: PersistenceError) -> LoadError {
    match error {
        PersistenceError::DeserializationError(error) => LoadError::Unreadable {
            stream: stream.clone(),
            why: error.to_string(),
        },
        PersistenceError::ConnectionError(error) | PersistenceError::UnknownError(error) => {
            LoadError::Unavailable(error)
        }
        PersistenceError::OptimisticLockError => LoadError::Unavailable("optimistic lock".into()),
    }
}
