//! The log as `cqrs-es` sees it: `CqrsFramework::new(Store::new(repository), vec![], services)`.
//!
//! Pass no queries to the framework: it runs them after the commit, and a crash in between loses them. Views
//! follow the log instead.

use std::{collections::HashMap, sync::Arc};

use cqrs_es::{Aggregate, AggregateContext, AggregateError, DomainEvent, EventEnvelope, EventStore};
use uuid::Uuid;

use crate::{
    AppendError, Appended, LoadError, Loaded, META_ACTOR, META_REQUEST_ID, Metadata, NewEvent, Repository, RequestKey,
    StreamAppend, StreamId, Unit,
};

/// An event store over a [`Repository`]. A commit is a unit of one stream.
///
/// A request id in the metadata makes the commit idempotent: a repeat writes nothing and returns no events.
/// What the command was is not known here, so the id alone identifies it (per actor and stream).
#[derive(Clone)]
pub struct Store {
    repository: Repository,
}

impl Store {
    /// The repository underneath.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// A store over the repository.
    pub fn new(repository: Repository) -> Self {
        Self { repository }
    }
}

/// An aggregate on its way through a command.
pub struct StoreContext<A> {
    id: String,
    /// As it was loaded. The framework's copy has the fresh events applied already, which is why the new state
    /// is made from this one.
    base: Loaded<A>,
    working: A,
}

impl<A: Aggregate> AggregateContext<A> for StoreContext<A> {
    fn aggregate(&mut self) -> &mut A {
        &mut self.working
    }
}

impl<A> EventStore<A> for Store
where
    A: Aggregate + Clone + 'static,
{
    type AC = StoreContext<A>;

    async fn load_events(&self, id: &str) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let events = self.repository.streams().serialized::<A>(id).await?;
        events
            .into_iter()
            .map(|event| Ok(EventEnvelope::try_from(event)?))
            .collect()
    }

    async fn load_aggregate(&self, id: &str) -> Result<StoreContext<A>, AggregateError<A::Error>> {
        let base = self.repository.load::<A>(id).await.map_err(|error| match error {
            LoadError::Unavailable(error) => AggregateError::DatabaseConnectionError(error),
            LoadError::Unreadable { .. } => AggregateError::DeserializationError(error.into()),
        })?;
        Ok(StoreContext {
            id: id.to_owned(),
            working: A::clone(&base.aggregate),
            base,
        })
    }

    async fn commit(
        &self,
        events: Vec<A::Event>,
        context: StoreContext<A>,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let StoreContext { id, base, .. } = context;
        let stream = StreamId::new(A::TYPE, id.as_str());
        let unit = Unit {
            request: request_key(&stream, &metadata)?,
            streams: vec![StreamAppend {
                stream: stream.clone(),
                expected_version: base.version,
                events: events.iter().map(new_event).collect::<Result<_, _>>()?,
            }],
            metadata: metadata.clone().into_iter().collect::<Metadata>(),
            response: Vec::new(),
        };
        match self.repository.log().append(unit).await {
            Ok(Appended::Committed { .. }) => {}
            Ok(Appended::Replayed { .. }) => {
                self.repository.forget(&stream);
                return Ok(Vec::new());
            }
            Err(error) => {
                self.repository.forget(&stream);
                return Err(aggregate_error(error));
            }
        }

        let mut aggregate = Arc::unwrap_or_clone(base.aggregate);
        for event in &events {
            aggregate.apply(event.clone());
        }
        let version = base.version + events.len() as u64;
        self.repository.remember(&id, Arc::new(aggregate), version);
        Ok(events
            .into_iter()
            .zip(base.version as usize + 1..)
            .map(|(payload, sequence)| EventEnvelope {
                aggregate_id: id.clone(),
                sequence,
                payload,
                metadata: metadata.clone(),
            })
            .collect())
    }
}

fn new_event<E: DomainEvent>(event: &E) -> Result<NewEvent, serde_json::Error> {
    Ok(NewEvent {
        event_type: event.event_type(),
        event_version: event.event_version(),
        payload: serde_json::to_string(event)?,
    })
}

fn request_key<E: std::error::Error>(
    stream: &StreamId,
    metadata: &HashMap<String, String>,
) -> Result<RequestKey, AggregateError<E>> {
    let request_id = match metadata.get(META_REQUEST_ID) {
        Some(id) => Uuid::parse_str(id).map_err(|error| AggregateError::UnexpectedError(error.into()))?,
        None => Uuid::new_v4(),
    };
    let actor = metadata.get(META_ACTOR).cloned().unwrap_or_default();
    Ok(RequestKey::new(actor, request_id, stream.to_string().as_bytes()))
}

fn aggregate_error<E: std::error::Error>(error: AppendError) -> AggregateError<E> {
    match error {
        AppendError::Conflict { .. } => AggregateError::AggregateConflict,
        AppendError::Unavailable(_) | AppendError::Overloaded | AppendError::Closed => {
            AggregateError::DatabaseConnectionError(error.into())
        }
        AppendError::RequestIdReused | AppendError::TooLarge { .. } | AppendError::Invalid(_) => {
            AggregateError::UnexpectedError(error.into())
        }
    }
}
