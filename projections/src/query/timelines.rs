//! `TimelineService`: what happened around a session, step by step.

use std::sync::Arc;

use baize_eventlog::{EventLog, RecordedEvent, StreamId};
use baize_proto::hall::view::v1::{GetTimelineRequest, GetTimelineResponse, timeline_service_server};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::audit::{recorded_event, unread};
use super::deadline::Deadline;
use super::error::Error;
use super::fields::Fields;
use super::reader::{Found, Reader, Selection, Value};
use super::rights::Asker;
use crate::views::timelines::{self, StretchRow};

/// Events of one answer, at most.
const EVENTS_MAX: usize = 1_000;
/// Streams that a session has events in, at most: a handful in truth.
const STRETCHES_MAX: usize = 500;
/// Events of one stretch that are looked at, at most; between those of the session there may be others'.
const STRETCH_MAX: usize = 2_000;
/// Streams that are read at once.
const READS: usize = 4;

/// The service.
pub(crate) struct TimelineService {
    reader: Arc<Reader>,
    log: EventLog,
}

impl TimelineService {
    pub(crate) fn new(reader: Arc<Reader>, log: EventLog) -> Self {
        Self { reader, log }
    }

    /// The events that were recorded for a session, in order.
    async fn events(&self, session_id: Uuid, stretches: Vec<StretchRow>) -> Result<Vec<RecordedEvent>, Error> {
        let reads = stretches.into_iter().map(|stretch| self.stretch(session_id, stretch));
        let read: Vec<Vec<_>> = stream::iter(reads).buffer_unordered(READS).try_collect().await?;
        let mut events: Vec<_> = read.into_iter().flatten().collect();
        events.sort_by_key(|event| event.position);
        Ok(events)
    }

    async fn stretch(&self, session_id: Uuid, stretch: StretchRow) -> Result<Vec<RecordedEvent>, Error> {
        let stream: Result<StreamId, _> = stretch.stream.parse();
        let stream = stream.map_err(|_| Error::Internal(format!("{} is no stream", stretch.stream)))?;
        let (before, last) = ((stretch.first - 1).unsigned_abs(), stretch.last.unsigned_abs());
        let length = usize::try_from(last - before).unwrap_or(STRETCH_MAX).min(STRETCH_MAX);
        let mut events = self
            .log
            .read_stream(&stream, before, length)
            .await
            .map_err(|error| unread(&error))?;
        events.retain(|event| timelines::session(event) == Some(session_id));
        Ok(events)
    }
}

#[tonic::async_trait]
impl timeline_service_server::TimelineService for TimelineService {
    async fn get_timeline(
        &self,
        request: Request<GetTimelineRequest>,
    ) -> Result<Response<GetTimelineResponse>, Status> {
        let asker = Asker::of(&request, "TimelineService/GetTimeline")?;
        let deadline = Deadline::of(request.metadata());
        let GetTimelineRequest {
            session_id,
            min_position,
        } = request.into_inner();
        let mut fields = Fields::default();
        let session_id = fields.id("session_id", &session_id);
        fields.finish()?;
        let reader = &self.reader;
        reader.wait(&reader.bills, min_position, deadline).await?;
        let bill = reader.bill(session_id, deadline).await;
        asker.theirs(reader, bill, deadline).await?;
        reader.wait(&reader.timelines, min_position, deadline).await?;
        let Found { rows, position } = reader.stretches(session_id, deadline).await?;
        let mut events = self.events(session_id, rows).await?;
        let cut_off = events.len() > EVENTS_MAX;
        events.truncate(EVENTS_MAX);
        Ok(Response::new(GetTimelineResponse {
            events: events.iter().map(recorded_event).collect(),
            cut_off,
            position,
        }))
    }
}

impl Reader {
    async fn stretches(&self, session_id: Uuid, deadline: Deadline) -> Result<Found<StretchRow>, Error> {
        let selection = Selection {
            tail: &format!("session_id = $3 LIMIT {STRETCHES_MAX}"),
            values: &[Value::Id(session_id)],
        };
        self.read(&self.timelines, selection, deadline).await
    }
}
