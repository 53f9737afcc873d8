//! What an aggregate was.

use baize_eventlog::{EventLog, StreamId};
use baize_proto::hall::audit::v1::get_state_as_of_request::Moment as Asked;
use baize_proto::hall::audit::v1::{GetStateAsOfRequest, GetStateAsOfResponse};

use super::{instant, unread};
use crate::audit::{Moment, StateError, state_as_of};
use crate::query::encode::timestamp;
use crate::query::error::Error;
use crate::query::fields::Fields;

/// Which state.
pub(super) struct AsOf {
    stream: StreamId,
    moment: Moment,
}

impl TryFrom<GetStateAsOfRequest> for AsOf {
    type Error = Error;

    fn try_from(request: GetStateAsOfRequest) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let stream = super::stream(&mut fields, &request.stream);
        let moment = match request.moment {
            None => Some(Moment::Now),
            Some(Asked::Sequence(sequence)) => Some(Moment::Sequence(sequence)),
            Some(Asked::Position(position)) => Some(Moment::Position(position)),
            Some(Asked::At(at)) => instant(&mut fields, "at", Some(&at)).map(Moment::At),
        };
        fields.finish()?;
        match (stream, moment) {
            (Some(stream), Some(moment)) => Ok(Self { stream, moment }),
            _ => Err(Error::Internal("a field was refused and passed".to_owned())),
        }
    }
}

impl AsOf {
    /// Folds the stream's events up to the moment.
    pub(super) async fn fold(&self, log: &EventLog) -> Result<GetStateAsOfResponse, Error> {
        let found = state_as_of(log, &self.stream, self.moment).await;
        let found = found.map_err(|error| match error {
            StateError::Log(error) => unread(&error),
            other => Error::Internal(other.to_string()),
        })?;
        let missing = || Error::NotFound {
            kind: "event",
            id: format!("of {} at that moment", self.stream),
        };
        let found = found.ok_or_else(missing)?;
        Ok(GetStateAsOfResponse {
            sequence: found.last.sequence,
            position: found.last.position,
            recorded_at: Some(timestamp(found.last.recorded_at)),
            state: found.state.to_string(),
        })
    }
}
