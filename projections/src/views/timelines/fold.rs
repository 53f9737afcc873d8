//! How events make timelines longer.

use baize_domain::ids::derived;
use baize_eventlog::{META_CORRELATION_ID, META_REQUEST_ID, RecordedEvent};
use uuid::Uuid;

use crate::engine::{Contradiction, Decoded};

use super::rows::StretchRow;
use super::state::TimelinesState;

pub(super) fn fold(state: &mut TimelinesState, decoded: &Decoded<'_>) -> Result<(), Contradiction> {
    let recorded = decoded.recorded;
    let Some((session_id, stretch_id)) = place(recorded) else {
        return Ok(());
    };
    let (sequence, position) = (recorded.sequence as i64, decoded.position());
    if let Some(row) = state.stretches.change(stretch_id) {
        row.last = sequence;
        row.position = position;
        return Ok(());
    }
    state.stretches.put(StretchRow {
        stretch_id,
        session_id,
        stream: recorded.stream.to_string(),
        first: sequence,
        last: sequence,
        position,
    });
    Ok(())
}

/// The session that an event was recorded for, and the stretch that it lies in.
pub(super) fn place(recorded: &RecordedEvent) -> Option<(Uuid, Uuid)> {
    let session_id = session(recorded)?;
    let stretch_id = derived(&["stretch", &session_id.to_string(), &recorded.stream.to_string()]);
    Some((session_id, stretch_id))
}

/// The session that an event was recorded for.
pub(crate) fn session(recorded: &RecordedEvent) -> Option<Uuid> {
    let correlation = recorded.metadata.get(META_CORRELATION_ID)?;
    if recorded.metadata.get(META_REQUEST_ID) == Some(correlation) {
        return None;
    }
    Uuid::try_parse(correlation).ok()
}
