//! The fold of timelines, without a database.

use std::collections::BTreeMap;
use std::sync::Arc;

use baize_domain::Event;
use baize_domain::event::VERSION;
use baize_domain::ids::{ChainId, MemberId};
use baize_domain::staff::{StaffEvent, StaffRole};
use baize_eventlog::{META_CORRELATION_ID, META_REQUEST_ID, Metadata, RecordedEvent, StreamId};
use jiff::Timestamp;
use uuid::Uuid;

use super::fold::fold;
use super::{StretchRow, TimelinesState};
use crate::engine::Decoded;

const SESSION: Uuid = Uuid::from_u128(7);

/// An event at a place of a stream, of a request, correlated with something. What it says does not matter here.
fn happen(state: &mut TimelinesState, position: u64, stream: (&str, u64), request: Uuid, correlation: Uuid) {
    let metadata = [(META_REQUEST_ID, request), (META_CORRELATION_ID, correlation)];
    let recorded = RecordedEvent {
        position,
        stream: StreamId::new("Staff", stream.0.to_owned()),
        sequence: stream.1,
        event_type: "RoleGranted".to_owned(),
        event_version: VERSION.to_owned(),
        payload: "".into(),
        metadata: Arc::new(Metadata::from_iter(
            metadata.map(|(key, id)| (key.to_owned(), id.to_string())),
        )),
        recorded_at: Timestamp::UNIX_EPOCH,
    };
    let event = Event::Staff(StaffEvent::RoleGranted {
        member_id: MemberId::default(),
        chain_id: ChainId::default(),
        role: StaffRole::Owner,
        halls: Default::default(),
    });
    let decoded = Decoded {
        recorded: &recorded,
        event,
    };
    fold(state, &decoded).expect("nothing contradicts");
}

fn stretches(state: &TimelinesState) -> BTreeMap<String, (i64, i64, i64)> {
    let told = |row: &StretchRow| (row.stream.clone(), (row.first, row.last, row.position));
    state.stretches.changed().map(told).collect()
}

#[test]
fn a_session_s_events_lie_in_one_stretch_of_each_stream() {
    let mut state = TimelinesState::default();
    let request = Uuid::from_u128(1);
    happen(&mut state, 1, ("a", 1), request, SESSION);
    happen(&mut state, 2, ("b", 9), request, SESSION);
    happen(&mut state, 3, ("a", 2), request, Uuid::from_u128(8));
    happen(&mut state, 4, ("a", 3), request, SESSION);
    let rows = state.stretches.changed().filter(|row| row.session_id == SESSION);
    let mut streams: Vec<_> = rows
        .map(|row| (&*row.stream, row.first, row.last, row.position))
        .collect();
    streams.sort_unstable();
    assert_eq!(streams, [("Staff/a", 1, 3, 4), ("Staff/b", 9, 9, 2)]);
}

#[test]
fn what_is_correlated_with_its_own_request_is_of_no_timeline() {
    let mut state = TimelinesState::default();
    let request = Uuid::from_u128(1);
    happen(&mut state, 1, ("a", 1), request, request);
    assert_eq!(stretches(&state), BTreeMap::new());
}
