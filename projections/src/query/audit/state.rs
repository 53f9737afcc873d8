//! What an aggregate was.

use baize_domain::fold;
use baize_eventlog::{EventLog, RecordedEvent, StreamId};
use baize_proto::hall::audit::v1::get_state_as_of_request::Moment as Asked;
use baize_proto::hall::audit::v1::{GetStateAsOfRequest, GetStateAsOfResponse};
use jiff::Timestamp;

use super::{instant, unread};
use crate::query::encode::timestamp;
use crate::query::error::Error;
use crate::query::fields::Fields;

/// Events read in one go.
const READ_MAX: usize = 1_000;

/// Which state.
pub(super) struct AsOf {
    stream: StreamId,
    moment: Moment,
}

enum Moment {
    Now,
    Sequence(u64),
    Position(u64),
    At(Timestamp),
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
        let unknown = || Error::Internal(format!("{} has no fold", self.stream.aggregate_type));
        let mut state = fold::begin(&self.stream.aggregate_type).ok_or_else(unknown)?;
        let mut last: Option<RecordedEvent> = None;
        loop {
            let after = last.as_ref().map_or(0, |event| event.sequence);
            let read = log.read_stream(&self.stream, after, READ_MAX).await;
            let read = read.map_err(|error| unread(&error))?;
            let more = read.len() == READ_MAX && read.iter().all(|event| self.covers(event));
            for event in read.into_iter().take_while(|event| self.covers(event)) {
                let unreadable = |error| Error::Internal(format!("the event at position {}: {error}", event.position));
                state.apply(&event.payload).map_err(unreadable)?;
                last = Some(event);
            }
            if !more {
                break;
            }
        }
        let missing = || Error::NotFound {
            kind: "event",
            id: format!("of {} at that moment", self.stream),
        };
        let last = last.ok_or_else(missing)?;
        let state = state.state().map_err(|error| Error::Internal(error.to_string()))?;
        Ok(GetStateAsOfResponse {
            sequence: last.sequence,
            position: last.position,
            recorded_at: Some(timestamp(last.recorded_at)),
            state: state.to_string(),
        })
    }

    fn covers(&self, event: &RecordedEvent) -> bool {
        match self.moment {
            Moment::Now => true,
            Moment::Sequence(sequence) => event.sequence <= sequence,
            Moment::Position(position) => event.position <= position,
            Moment::At(at) => event.recorded_at <= at,
        }
    }
}
