//! What a device is told and what it reports.

use baize_domain::device::{Device, DeviceError, DeviceEvent};
use baize_domain::ids::{DeviceId, SessionId};
use jiff::Timestamp;

use super::work::Work;
use super::{CommandError, Reply};

/// Puts one question to a device's state.
pub async fn tell(
    work: &Work<'_>,
    device_id: DeviceId,
    decide: impl FnOnce(&Device, Timestamp) -> Result<Vec<DeviceEvent>, DeviceError>,
) -> Result<Reply, CommandError> {
    let device = work.read::<Device>(device_id).await?;
    if let Some(profile) = &device.profile {
        work.in_hall(profile.hall_id);
    }
    let events = decide(&device, work.now).map_err(CommandError::refuse)?;
    if let Some(session_id) = events.iter().find_map(session) {
        work.of_session(session_id);
    }
    work.write(&device, events)?;
    Ok(Reply::Done)
}

fn session(event: &DeviceEvent) -> Option<SessionId> {
    match event {
        DeviceEvent::DeviceRegistered { .. }
        | DeviceEvent::DeviceRetired { .. }
        | DeviceEvent::DeviceWentOffline { .. }
        | DeviceEvent::DeviceCameBack { .. }
        | DeviceEvent::DeviceFlapped { .. } => None,
        DeviceEvent::LightDesired { session_id, .. }
        | DeviceEvent::LightConfirmed { session_id, .. }
        | DeviceEvent::LightExpired { session_id, .. }
        | DeviceEvent::LightFailed { session_id, .. } => *session_id,
    }
}
