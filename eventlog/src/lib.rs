//! The event log on Postgres: append, read, follow, and publication to JetStream.
//!
//! The log is one table. Every event has a *position* in it (1, 2, 3 … in commit order, without gaps) and a *sequence*
//! in its stream (1, 2, 3 …). This crate knows no aggregate: it stores what commands decided, and hands it on.
//!
//! ```text
//!  Repository ── load ──► decide ──► Unit ──► EventLog::append ──► append_units() ──► Postgres
//!      ▲ remember, forget                          │ queue, one statement a flush
//!      └───────────────────────────────────────────┤
//!                                                  ▼
//!                              ring of recent events ──► Follower ──► process managers, Relay ──► JetStream
//! ```
//!
//! | To | use |
//! |---|---|
//! | append | [`EventLog::append`] with a [`Unit`]: events of any number of streams, all or none, and the command's response |
//! | load an aggregate | [`Repository::load`]; or [`Store`] under `cqrs-es`'s own framework |
//! | read | [`EventLog::read`], [`EventLog::read_stream`]; a long stretch with [`EventLog::replay`] |
//! | follow | [`EventLog::follow`]; the reader's place goes into its own transaction with [`checkpoint::advance`] |
//! | publish | [`Relay`]; read back with [`RecordedEvent::from_message`] |
//! | elect a leader | [`Lease`] |
//! | prove that nothing was altered | [`seal`] |
//! | tell the time | [`Clock`] |
//!
//! # Appending
//!
//! One task per process takes all units that wait and writes them with one call of the SQL function `append_units`: one
//! statement, one round trip, one commit, and no transaction left open in between. The function takes a lock that is held
//! until its commit is visible, reads the head, refuses the units whose streams have moved, and numbers the rest. Any
//! number of processes may append to one log.
//!
//! **Invariant:** positions are dense and in commit order. Whoever sees position *p* sees all before it; readers need no
//! safety margin and no gap detection.
//!
//! **Invariant:** a refused unit leaves nothing behind and costs its neighbours nothing. Within a flush no two units write
//! the same stream, so each is checked against the state before the flush and any subset of them is right.
//!
//! **Invariant:** a request is executed at most once. Its result is stored by the statement that stores its events; a
//! repeat, by the caller or by the appender after a lost reply, is answered from there.
//!
//! **Invariant:** what was recorded is never changed: grants stop the services, triggers stop the owner.
//!
//! # Aggregates
//!
//! A cached aggregate may be stale, and that is harmless: the decision names the version it was made on. Also a rejection
//! is a unit (without events), so that even "no" was true of the state it was stored at. Snapshots are never the truth.
//!
//! From `postgres-es` only the plain reads of streams are used. Its snapshots apply fresh events twice, its replay takes a
//! lost connection for the end of the log, and a `Query` runs after the commit, where a crash loses it.
//!
//! # Publication
//!
//! JetStream's sequence is the position. The stream is a checked copy: see [`Relay`] for what happens if it is behind,
//! gone, ahead or different.

mod appender;
mod batch;
pub mod checkpoint;
mod clock;
mod database;
mod error;
mod event;
mod follow;
mod lease;
mod log;
mod options;
mod read;
mod relay;
mod replay;
mod repository;
mod ring;
pub mod seal;
mod snapshot;
mod sql_time;
mod statement;
mod store;
mod stream;
mod unit;
mod upcast;
mod validate;

pub use clock::{Clock, InvalidSpec};
pub use error::{Error, Result};
pub use event::{
    META_ACTOR, META_CAUSATION_ID, META_CORRELATION_ID, META_HALL, META_REQUEST_ID, META_TRACEPARENT, Metadata,
    NewEvent, RecordedEvent,
};
pub use follow::Follower;
pub use lease::Lease;
pub use log::{EventLog, StoredResult};
pub use options::LogOptions;
pub use relay::{HEADERS, Relay, RelayOptions, RelayStatus, ServerTooOld, check_server};
pub use replay::Replay;
pub use repository::{CacheOptions, LoadError, Loaded, Repository};
pub use sql_time::SqlTimestamp;
pub use store::{Store, StoreContext};
pub use stream::{NotAStream, StreamId};
pub use unit::{AppendError, Appended, RequestKey, StreamAppend, Unit};
pub use upcast::Upcasters;
