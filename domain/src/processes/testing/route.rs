//! Which events concern a test: that it begins, and what the light says that is in no session.

use uuid::Uuid;

use crate::device::{DeviceEvent, LightChannel};
use crate::event::Event;
use crate::ids::derived;
use crate::processes::Route;
use crate::repair::RepairEvent;

pub(super) fn route(aggregate_id: &str, event: &Event) -> Route {
    match event {
        Event::Repair(RepairEvent::RepairTestStarted { light, .. }) => Route::Start(instance(*light)),
        Event::Device(DeviceEvent::LightConfirmed {
            channel,
            session_id: None,
            ..
        }) => aggregate_id.parse().map_or(Route::Ignore, |device_id| {
            Route::Continue(instance(LightChannel {
                device_id,
                channel: *channel,
            }))
        }),
        _ => Route::Ignore,
    }
}

fn instance(light: LightChannel) -> Uuid {
    derived(&["test", &light.device_id.to_string(), &light.channel.to_string()])
}
