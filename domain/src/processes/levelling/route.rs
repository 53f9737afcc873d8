//! Which events concern levels that end: when they begin to, and that they do no more.

use jiff::Timestamp;
use uuid::Uuid;

use crate::event::Event;
use crate::member::MemberEvent;
use crate::processes::Route;

pub(super) fn route(aggregate_id: &str, event: &Event) -> Route {
    let (Event::Member(event), Ok(member)) = (event, Uuid::parse_str(aggregate_id)) else {
        return Route::Ignore;
    };
    match (end(event), told_at(event)) {
        (Some(_), _) => Route::Start(member),
        (None, Some(_)) => Route::Continue(member),
        (None, None) => Route::Ignore,
    }
}

/// When an event happened that says whether the level ends.
pub(super) fn told_at(event: &MemberEvent) -> Option<Timestamp> {
    match event {
        MemberEvent::LevelReached { at, .. }
        | MemberEvent::LevelKept { at, .. }
        | MemberEvent::LevelLost { at, .. }
        | MemberEvent::LevelChanged { at, .. }
        | MemberEvent::GuestMerged { at, .. }
        | MemberEvent::PersonErased { at, .. } => Some(*at),
        _ => None,
    }
}

/// When the level ends that the event tells of.
pub(super) fn end(event: &MemberEvent) -> Option<Timestamp> {
    match event {
        MemberEvent::LevelReached { until, .. } | MemberEvent::LevelKept { until, .. } => Some(*until),
        MemberEvent::LevelLost { until, .. } => *until,
        _ => None,
    }
}
