//! Events in the order of the log, filtered.

use std::collections::HashMap;

use baize_domain::event::CATALOGUE;
use baize_eventlog::{EventLog, RecordedEvent, Replay, StreamId};
use baize_proto::hall::audit::v1::{self as audit, ReplayEventsRequest, ReplayEventsResponse};
use futures::{Stream, stream};
use tokio::sync::OwnedSemaphorePermit;

use super::{instant, unread};
use crate::audit::EventFilter;
use crate::query::encode::timestamp;
use crate::query::error::Error;
use crate::query::fields::Fields;

const TYPES_MAX: usize = 100;
/// Events of one stream that are read, and sent, in one go.
const BATCH_EVENTS: usize = 512;

/// Which events.
pub(super) struct Wanted {
    after: u64,
    until: u64,
    filter: EventFilter,
}

impl TryFrom<ReplayEventsRequest> for Wanted {
    type Error = Error;

    fn try_from(request: ReplayEventsRequest) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let stream = match request.stream.as_str() {
            "" => None,
            text => super::stream(&mut fields, text),
        };
        if request.types.len() > TYPES_MAX {
            fields.refuse("types", format!("are {}, more than {TYPES_MAX}", request.types.len()));
        }
        let known = |name: &str| CATALOGUE.iter().any(|(_, types)| types.contains(&name));
        if let Some(unknown) = request.types.iter().find(|name| !known(name)) {
            fields.refuse("types", format!("has {unknown}, which no event is"));
        }
        let hall_id = fields.optional_id("hall_id", &request.hall_id);
        let since = instant(&mut fields, "since", request.since.as_ref());
        let before = instant(&mut fields, "before", request.before.as_ref());
        fields.finish()?;
        Ok(Self {
            after: request.after,
            until: request.until,
            filter: EventFilter {
                stream,
                types: request.types.into_iter().collect(),
                hall_id: hall_id.map(|id| id.to_string()),
                since,
                before,
            },
        })
    }
}

impl Wanted {
    fn covers(&self, event: &RecordedEvent) -> bool {
        event.position > self.after && event.position <= self.until && self.filter.covers(event)
    }
}

/// A replay under way. It reads on only when the caller has taken what was read.
pub(super) struct Replaying {
    wanted: Wanted,
    source: Source,
    /// Everything up to here was told.
    position: u64,
    ended: bool,
    _permit: OwnedSemaphorePermit,
}

enum Source {
    /// A stretch of the whole log.
    Log(Replay),
    /// One stream, behind this sequence.
    Stream(EventLog, StreamId, u64),
}

impl Replaying {
    pub(super) async fn begin(log: &EventLog, mut wanted: Wanted, permit: OwnedSemaphorePermit) -> Result<Self, Error> {
        let head = log.head().await.map_err(|error| unread(&error))?;
        wanted.until = match wanted.until {
            0 => head,
            until => until.min(head),
        };
        let source = match &wanted.filter.stream {
            Some(stream) => Source::Stream(log.clone(), stream.clone(), 0),
            None => {
                let replay = log.replay(wanted.after, wanted.until).await;
                Source::Log(replay.map_err(|error| unread(&error))?)
            }
        };
        Ok(Self {
            position: wanted.after,
            wanted,
            source,
            ended: false,
            _permit: permit,
        })
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = Result<ReplayEventsResponse, Error>> + Send {
        stream::unfold(self, |mut replaying| async move {
            if replaying.ended {
                return None;
            }
            let told = replaying.next().await;
            replaying.ended |= told.is_err();
            Some((told, replaying))
        })
    }

    async fn next(&mut self) -> Result<ReplayEventsResponse, Error> {
        let batch = self.source.read().await.map_err(|error| unread(&error))?;
        let until = self.wanted.until;
        self.position = match batch.last() {
            Some(last) if last.position < until => last.position.max(self.position),
            _ => until.max(self.position),
        };
        self.ended = self.position >= until;
        let covered = batch.iter().filter(|event| self.wanted.covers(event));
        Ok(ReplayEventsResponse {
            events: covered.map(recorded_event).collect(),
            position: self.position,
            until,
        })
    }
}

impl Source {
    /// The next events; none at the end.
    async fn read(&mut self) -> baize_eventlog::Result<Vec<RecordedEvent>> {
        match self {
            Self::Log(replay) => Ok(replay.next_batch().await?.unwrap_or_default()),
            Self::Stream(log, stream, after) => {
                let batch = log.read_stream(stream, *after, BATCH_EVENTS).await?;
                *after = batch.last().map_or(*after, |event| event.sequence);
                Ok(batch)
            }
        }
    }
}

/// An event as it is told.
pub(in crate::query) fn recorded_event(event: &RecordedEvent) -> audit::RecordedEvent {
    let metadata: HashMap<_, _> = event
        .metadata
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    audit::RecordedEvent {
        position: event.position,
        stream: event.stream.to_string(),
        sequence: event.sequence,
        r#type: event.event_type.clone(),
        version: event.event_version.clone(),
        payload: event.payload.to_string(),
        metadata,
        recorded_at: Some(timestamp(event.recorded_at)),
        hash: event.hash().to_vec(),
    }
}
