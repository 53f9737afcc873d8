//! `AuditService`: the log as it was recorded, and what aggregates were.

mod replay;
mod state;

use std::sync::Arc;

use baize_domain::event::CATALOGUE;
use baize_eventlog::{EventLog, StreamId};
use baize_proto::hall::audit::v1::{
    GetStateAsOfRequest, GetStateAsOfResponse, ReplayEventsRequest, ReplayEventsResponse, audit_service_server,
};
use futures::stream::{BoxStream, StreamExt as _};
use prost_types::Timestamp;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::deadline::Deadline;
use super::error::Error;
use super::fields::Fields;
pub(super) use replay::recorded_event;
use replay::{Replaying, Wanted};
use state::AsOf;

/// Replays at once; each has a connection of its own.
const REPLAYS_MAX: usize = 4;

/// The service.
pub(crate) struct AuditService {
    log: EventLog,
    replays: Arc<Semaphore>,
    stopping: CancellationToken,
}

impl AuditService {
    pub(crate) fn new(log: EventLog, stopping: CancellationToken) -> Self {
        Self {
            log,
            replays: Arc::new(Semaphore::new(REPLAYS_MAX)),
            stopping,
        }
    }
}

#[tonic::async_trait]
impl audit_service_server::AuditService for AuditService {
    type ReplayEventsStream = BoxStream<'static, Result<ReplayEventsResponse, Status>>;

    async fn replay_events(
        &self,
        request: Request<ReplayEventsRequest>,
    ) -> Result<Response<Self::ReplayEventsStream>, Status> {
        let wanted = Wanted::try_from(request.into_inner())?;
        let permit = Arc::clone(&self.replays).try_acquire_owned();
        let permit = permit.map_err(|_| Error::TooMany("replays"))?;
        let replaying = Replaying::begin(&self.log, wanted, permit).await?;
        let stopping = self.stopping.clone();
        let updates = replaying.into_stream().take_until(stopping.cancelled_owned());
        Ok(Response::new(updates.map(|told| told.map_err(Status::from)).boxed()))
    }

    async fn get_state_as_of(
        &self,
        request: Request<GetStateAsOfRequest>,
    ) -> Result<Response<GetStateAsOfResponse>, Status> {
        let deadline = Deadline::of(request.metadata());
        let wanted = AsOf::try_from(request.into_inner())?;
        let folding = tokio::time::timeout_at(deadline.instant(), wanted.fold(&self.log));
        let late = |_| Error::Unavailable("the database did not answer in time".to_owned());
        Ok(Response::new(folding.await.map_err(late)??))
    }
}

/// A stream of an aggregate that there is.
fn stream(fields: &mut Fields, text: &str) -> Option<StreamId> {
    let named = text.parse::<StreamId>();
    match named {
        Ok(stream) if CATALOGUE.iter().any(|(kind, _)| *kind == stream.aggregate_type) => Some(stream),
        Ok(stream) => {
            let kinds: Vec<_> = CATALOGUE.iter().map(|(kind, _)| *kind).collect();
            let kind = stream.aggregate_type;
            fields.refuse("stream", format!("has the type {kind}: one of {}", kinds.join(", ")));
            None
        }
        Err(problem) => {
            fields.refuse("stream", problem.to_string());
            None
        }
    }
}

fn instant(fields: &mut Fields, field: &str, given: Option<&Timestamp>) -> Option<jiff::Timestamp> {
    let given = given?;
    let read = jiff::Timestamp::new(given.seconds, given.nanos).ok();
    if read.is_none() {
        fields.refuse(field, "is no instant");
    }
    read
}

pub(super) fn unread(error: &baize_eventlog::Error) -> Error {
    match error {
        baize_eventlog::Error::Database(_) => Error::Unavailable(error.to_string()),
        _ => Error::Internal(error.to_string()),
    }
}
