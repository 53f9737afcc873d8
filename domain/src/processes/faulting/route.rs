//! Which events are news of a light that may be faulty.

use crate::device::{DeviceEvent, FailureKind};
use crate::event::Event;
use crate::ids::DeviceId;
use crate::processes::Route;

pub(super) fn route(aggregate_id: &str, event: &Event) -> Route {
    let Event::Device(
        DeviceEvent::LightFailed {
            kind: FailureKind::Unreachable | FailureKind::Mismatch,
            ..
        }
        | DeviceEvent::DeviceWentOffline { incident_id: None, .. },
    ) = event
    else {
        return Route::Ignore;
    };
    aggregate_id
        .parse::<DeviceId>()
        .map_or(Route::Ignore, |device_id| Route::Start(device_id.0))
}
