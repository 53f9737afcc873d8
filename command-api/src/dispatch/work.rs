//! The unit of work under construction: every stream that was read is claimed at the version it was read at, and
//! some of the claims get events.
//!
//! Claims are made by reading, so that none can be forgotten. A refusal or a command that changes nothing is a unit of
//! bare claims: if it was decided on something old, the append is refused, and it is decided again.

use std::fmt::Display;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use baize_domain::ids::{HallId, SessionId};
use baize_eventlog::{NewEvent, Repository, StreamAppend, StreamId};
use baize_proto::access::Belonging;
use cqrs_es::{Aggregate, DomainEvent as _};
use jiff::Timestamp;

use super::CommandError;
use super::belonging::Belongs;

/// One attempt at a command.
pub struct Work<'r> {
    repository: &'r Repository,
    /// Streams that turned out to be newer than they were taken for.
    changed: &'r [StreamId],
    /// The instant at which the command is decided.
    pub now: Timestamp,
    draft: Mutex<Draft>,
    /// To whom everything belongs that was read.
    things: Mutex<Vec<Belonging>>,
}

/// What is to be appended, and what is to be remembered once it is.
#[derive(Default)]
pub struct Draft {
    /// Claims; once finished, in the order of writing.
    pub streams: Vec<StreamAppend>,
    /// Indices of the claims that got events, in the order of writing.
    written: Vec<usize>,
    /// The new states.
    pub remember: Vec<Remember>,
    /// The hall it is about.
    pub hall: Option<HallId>,
    /// The session it is about.
    pub session: Option<SessionId>,
}

/// Puts a new state into the memory.
pub type Remember = Box<dyn FnOnce(&Repository) + Send>;

impl Draft {
    /// The streams that get events.
    pub fn written(&self) -> impl Iterator<Item = &StreamId> {
        let written = self.streams.iter().filter(|claim| !claim.events.is_empty());
        written.map(|claim| &claim.stream)
    }

    /// Leaves bare claims.
    pub fn withdraw_events(&mut self) {
        self.streams.iter_mut().for_each(|claim| claim.events.clear());
        self.remember.clear();
    }
}

/// An aggregate that a decision is based on.
pub struct Held<A> {
    state: Arc<A>,
    claim: usize,
}

impl<A> Deref for Held<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.state
    }
}

impl<'r> Work<'r> {
    /// An attempt that has read nothing yet.
    pub fn new(repository: &'r Repository, changed: &'r [StreamId], now: Timestamp) -> Self {
        Self {
            repository,
            changed,
            now,
            draft: Mutex::default(),
            things: Mutex::default(),
        }
    }

    /// The aggregate, from memory if possible.
    pub async fn read<A>(&self, id: impl Display) -> Result<Held<A>, CommandError>
    where
        A: Aggregate + Belongs + Clone + 'static,
    {
        let id = id.to_string();
        let loaded = self.repository.load::<A>(&id).await?;
        Ok(self.hold(id, loaded.aggregate, loaded.version))
    }

    /// The aggregate of an id that was just made: no need to look. If it exists after all, the append says so, and
    /// the next attempt looks.
    pub async fn expect_new<A>(&self, id: impl Display) -> Result<Held<A>, CommandError>
    where
        A: Aggregate + Belongs + Clone + 'static,
    {
        let id = id.to_string();
        let exists = self
            .changed
            .iter()
            .any(|stream| stream.aggregate_type == A::TYPE && stream.aggregate_id == id);
        if exists {
            return self.read(id).await;
        }
        Ok(self.hold(id, Arc::default(), 0))
    }

    /// Adds events to what was read; returns the state that they lead to.
    pub fn write<A>(&self, held: &Held<A>, events: Vec<A::Event>) -> Result<Arc<A>, CommandError>
    where
        A: Aggregate + Clone + 'static,
    {
        if events.is_empty() {
            return Ok(Arc::clone(&held.state));
        }
        let mut draft = self.draft();
        let Draft {
            streams,
            written,
            remember,
            ..
        } = &mut *draft;
        written.push(held.claim);
        let claim = &mut streams[held.claim];
        claim.events = serialize::<A>(&events)?;
        let mut state = A::clone(&held.state);
        for event in events {
            state.apply(event);
        }
        let state = Arc::new(state);
        let new = Arc::clone(&state);
        let id = claim.stream.aggregate_id.clone();
        let version = claim.expected_version + claim.events.len() as u64;
        remember.push(Box::new(move |repository| {
            repository.remember(&id, new, version);
        }));
        Ok(state)
    }

    /// Writes a stream that must be new, and that nobody will ask for again.
    pub fn write_new<A: Aggregate>(&self, id: impl Display, events: &[A::Event]) -> Result<(), CommandError> {
        let events = serialize::<A>(events)?;
        let mut draft = self.draft();
        draft.streams.push(StreamAppend {
            stream: StreamId::new(A::TYPE, id.to_string()),
            expected_version: 0,
            events,
        });
        let claim = draft.streams.len() - 1;
        draft.written.push(claim);
        Ok(())
    }

    /// To whom everything belongs that was read so far.
    pub fn things(&self) -> Vec<Belonging> {
        self.things.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes the hall that the events belong to.
    pub fn in_hall(&self, hall_id: HallId) {
        self.draft().hall = Some(hall_id);
    }

    /// Notes the session that the command is about: everything that one session sets in motion is told by it.
    pub fn of_session(&self, session_id: SessionId) {
        self.draft().session = Some(session_id);
    }

    /// What has come together, in the order of writing, and what was only read behind it.
    ///
    /// A follower may stop between two events of one unit. A session is written last: whoever sees at some position that
    /// it is paid can see at that position what paid it.
    pub fn finish(self) -> Draft {
        let mut draft = self.draft.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut ranks = vec![usize::MAX; draft.streams.len()];
        for (rank, claim) in std::mem::take(&mut draft.written).into_iter().enumerate() {
            ranks[claim] = rank;
        }
        let mut ranked: Vec<_> = ranks.into_iter().zip(draft.streams).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        draft.streams = ranked.into_iter().map(|(_, claim)| claim).collect();
        draft
    }

    fn hold<A: Aggregate + Belongs>(&self, id: String, state: Arc<A>, version: u64) -> Held<A> {
        let thing = state.belonging(&id);
        if thing != Belonging::default() {
            self.things.lock().unwrap_or_else(PoisonError::into_inner).push(thing);
        }
        let mut draft = self.draft();
        draft.streams.push(StreamAppend {
            stream: StreamId::new(A::TYPE, id),
            expected_version: version,
            events: Vec::new(),
        });
        Held {
            state,
            claim: draft.streams.len() - 1,
        }
    }

    fn draft(&self) -> std::sync::MutexGuard<'_, Draft> {
        // Held only for a moment, by one attempt.
        self.draft.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serialize<A: Aggregate>(events: &[A::Event]) -> Result<Vec<NewEvent>, CommandError> {
    let serialize = |event: &A::Event| {
        let payload = serde_json::to_string(event);
        Ok(NewEvent {
            event_type: event.event_type(),
            event_version: event.event_version(),
            payload: payload.map_err(|error| CommandError::Internal(error.into()))?,
        })
    };
    events.iter().map(serialize).collect()
}
