//! What a device decides.

use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::SessionId;
use crate::refusal::InvalidField;

use super::{
    DesireReason, Desired, Device, DeviceCommand, DeviceError, DeviceEvent, DeviceProfile, FailureKind, Output,
    Standing,
};

/// Outputs of a device, at most.
const CHANNELS_MAX: u8 = 32;
/// Characters of a topic, at most.
const TOPIC_CHARS_MAX: usize = 64;

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(device: &Device, command: DeviceCommand) -> Result<Vec<DeviceEvent>, DeviceError> {
    match command {
        DeviceCommand::Register(profile) => register(device, profile),
        DeviceCommand::Retire { at } => retire(device, at),
        DeviceCommand::DesireOn {
            channel,
            session_id,
            not_after,
            reason,
            at,
        } => desire_on(device, channel, session_id, not_after, reason, at),
        DeviceCommand::SwitchOff {
            channel,
            session_id,
            at,
        } => switch_off(device, channel, session_id, at),
        DeviceCommand::Confirm {
            channel,
            rev,
            on,
            attempts,
            at,
        } => confirm(device, channel, rev, on, attempts, at),
        DeviceCommand::ReportExpired { channel, rev, at } => report_expired(device, channel, rev, at),
        DeviceCommand::ReportFailure { channel, rev, kind, at } => report_failure(device, channel, rev, kind, at),
        DeviceCommand::ReportOffline {
            last_heard_at,
            incident_id,
            at,
        } => report_offline(device, last_heard_at, incident_id, at),
        DeviceCommand::ReportBack { at } => report_back(device, at),
        DeviceCommand::ReportFlapping { drops, hold_until, at } => report_flapping(device, drops, hold_until, at),
        DeviceCommand::Test {
            channel,
            on,
            not_after,
            at,
        } => test(device, channel, on, not_after, at),
    }
}

/// Sets a device up; the same device again changes nothing.
///
/// # Errors
/// [`DeviceError::Exists`], [`DeviceError::Invalid`].
pub fn register(device: &Device, profile: DeviceProfile) -> Result<Vec<DeviceEvent>, DeviceError> {
    if let Some(existing) = &device.profile {
        return if **existing == profile {
            Ok(Vec::new())
        } else {
            Err(DeviceError::Exists(existing.device_id))
        };
    }
    // A wildcard or a separator in a topic would address other devices; a dot or a blank breaks brokers.
    let topic_is_plain = profile
        .topic
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    InvalidField::unless(
        topic_is_plain && (1..=TOPIC_CHARS_MAX).contains(&profile.topic.len()),
        "topic",
        "must be 1 to 64 letters, digits, '_' or '-'",
    )?;
    InvalidField::unless(
        (1..=CHANNELS_MAX).contains(&profile.channels),
        "channels",
        "must be 1 to 32",
    )?;
    Ok(vec![DeviceEvent::DeviceRegistered {
        device_id: profile.device_id,
        hall_id: profile.hall_id,
        driver: profile.driver,
        topic: profile.topic,
        channels: profile.channels,
    }])
}

/// Takes the device out of the hall for good.
///
/// # Errors
/// [`DeviceError::NotFound`]; [`DeviceError::Lit`] while a light is wanted on whose time is not over.
pub fn retire(device: &Device, at: Timestamp) -> Result<Vec<DeviceEvent>, DeviceError> {
    device.profile.as_ref().ok_or(DeviceError::NotFound)?;
    if device.retired {
        return Ok(Vec::new());
    }
    let is_lit = |output: &Output| {
        output
            .desired
            .is_some_and(|desired| desired.on && desired.not_after.is_none_or(|not_after| at < not_after))
    };
    if let Some(channel) = (1..)
        .zip(&device.outputs)
        .find_map(|(channel, output)| is_lit(output).then_some(channel))
    {
        return Err(DeviceError::Lit { channel });
    }
    Ok(vec![DeviceEvent::DeviceRetired { at }])
}

/// Wants an output on for a session until `not_after`; replaces whatever was desired of it.
///
/// # Errors
/// [`DeviceError::NotFound`], [`DeviceError::Retired`], [`DeviceError::NoSuchChannel`].
pub fn desire_on(
    device: &Device,
    channel: u8,
    session_id: SessionId,
    not_after: Timestamp,
    reason: DesireReason,
    at: Timestamp,
) -> Result<Vec<DeviceEvent>, DeviceError> {
    if let Some(profile) = device.profile.as_ref().filter(|_| device.retired) {
        return Err(DeviceError::Retired(profile.device_id));
    }
    let same = output(device, channel)?.desired.is_some_and(|desired| {
        desired.on && desired.session_id == Some(session_id) && desired.not_after == Some(not_after)
    });
    if same {
        return Ok(Vec::new());
    }
    Ok(vec![DeviceEvent::LightDesired {
        channel,
        rev: device.rev.saturating_add(1),
        on: true,
        session_id: Some(session_id),
        not_after: Some(not_after),
        reason,
        issued_at: at,
    }])
}

/// Wants an output off, if it is still desired on for `session_id`. The next session's light is left alone.
///
/// # Errors
/// [`DeviceError::NotFound`], [`DeviceError::NoSuchChannel`].
pub fn switch_off(
    device: &Device,
    channel: u8,
    session_id: SessionId,
    at: Timestamp,
) -> Result<Vec<DeviceEvent>, DeviceError> {
    let is_on = output(device, channel)?
        .desired
        .is_some_and(|desired| desired.on && desired.session_id == Some(session_id));
    if !is_on {
        return Ok(Vec::new());
    }
    Ok(vec![DeviceEvent::LightDesired {
        channel,
        rev: device.rev.saturating_add(1),
        on: false,
        session_id: Some(session_id),
        not_after: None,
        reason: DesireReason::SessionOver,
        issued_at: at,
    }])
}

/// Wants an output off whose time for `session_id` is over. The next session's light is left alone, and so is one that the session has come
/// back to.
///
/// # Errors
/// [`DeviceError::NotFound`], [`DeviceError::NoSuchChannel`].
pub fn switch_off_after_time(
    device: &Device,
    channel: u8,
    session_id: SessionId,
    at: Timestamp,
) -> Result<Vec<DeviceEvent>, DeviceError> {
    let over = output(device, channel)?
        .desired
        .and_then(|desired| desired.not_after)
        .is_some_and(|not_after| not_after <= at);
    if !over {
        return Ok(Vec::new());
    }
    switch_off(device, channel, session_id, at)
}

/// Takes a confirmation. One about an older state, or a repeated one, changes nothing.
///
/// # Errors
/// [`DeviceError::NotFound`], [`DeviceError::NoSuchChannel`], [`DeviceError::UnknownRev`], [`DeviceError::OtherState`].
pub fn confirm(
    device: &Device,
    channel: u8,
    rev: u64,
    on: bool,
    attempts: u32,
    at: Timestamp,
) -> Result<Vec<DeviceEvent>, DeviceError> {
    let Some((desired, standing)) = reported_on(device, channel, rev)? else {
        return Ok(Vec::new());
    };
    if on != desired.on {
        return Err(DeviceError::OtherState { channel, on });
    }
    if matches!(standing, Standing::Confirmed | Standing::Expired) {
        return Ok(Vec::new());
    }
    Ok(vec![DeviceEvent::LightConfirmed {
        channel,
        rev,
        session_id: desired.session_id,
        on,
        latency_ms: u64::try_from(at.as_millisecond() - desired.issued_at.as_millisecond()).unwrap_or(0),
        attempts,
        at,
    }])
}

/// Takes the report that a light went off because its time was over.
///
/// # Errors
/// [`DeviceError::NotFound`], [`DeviceError::NoSuchChannel`], [`DeviceError::UnknownRev`], [`DeviceError::NotExpired`].
pub fn report_expired(device: &Device, channel: u8, rev: u64, at: Timestamp) -> Result<Vec<DeviceEvent>, DeviceError> {
    let Some((desired, standing)) = reported_on(device, channel, rev)? else {
        return Ok(Vec::new());
    };
    if standing == Standing::Expired {
        return Ok(Vec::new());
    }
    if !desired.on || desired.not_after.is_none_or(|not_after| at < not_after) {
        return Err(DeviceError::NotExpired { channel });
    }
    Ok(vec![DeviceEvent::LightExpired {
        channel,
        rev,
        session_id: desired.session_id,
        at,
    }])
}

/// Takes the report that a desired state was missed. "Late" after an answer is itself late and changes nothing.
///
/// # Errors
/// [`DeviceError::NotFound`], [`DeviceError::NoSuchChannel`], [`DeviceError::UnknownRev`].
pub fn report_failure(
    device: &Device,
    channel: u8,
    rev: u64,
    kind: FailureKind,
    at: Timestamp,
) -> Result<Vec<DeviceEvent>, DeviceError> {
    let Some((desired, standing)) = reported_on(device, channel, rev)? else {
        return Ok(Vec::new());
    };
    let stale = standing == Standing::Failed(kind) || (kind == FailureKind::Late && standing != Standing::Pending);
    if stale {
        return Ok(Vec::new());
    }
    Ok(vec![DeviceEvent::LightFailed {
        channel,
        rev,
        session_id: desired.session_id,
        kind,
        at,
    }])
}

/// Takes the report that nothing is heard of the device any more; one that is gone stays so.
///
/// # Errors
/// [`DeviceError::NotFound`].
pub fn report_offline(
    device: &Device,
    last_heard_at: Timestamp,
    incident_id: Option<Uuid>,
    at: Timestamp,
) -> Result<Vec<DeviceEvent>, DeviceError> {
    let profile = device.profile.as_ref().ok_or(DeviceError::NotFound)?;
    if device.retired || device.offline.is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![DeviceEvent::DeviceWentOffline {
        channels: profile.channels,
        last_heard_at: last_heard_at.min(at),
        incident_id,
        at,
    }])
}

/// Takes the report that the device is heard again; one that was not gone changes nothing.
///
/// # Errors
/// [`DeviceError::NotFound`].
pub fn report_back(device: &Device, at: Timestamp) -> Result<Vec<DeviceEvent>, DeviceError> {
    device.profile.as_ref().ok_or(DeviceError::NotFound)?;
    Ok(match device.offline {
        Some(_) => vec![DeviceEvent::DeviceCameBack { at }],
        None => Vec::new(),
    })
}

/// Takes the report that the device comes and goes; told once as long as it is held.
///
/// # Errors
/// [`DeviceError::NotFound`].
pub fn report_flapping(
    device: &Device,
    drops: u32,
    hold_until: Timestamp,
    at: Timestamp,
) -> Result<Vec<DeviceEvent>, DeviceError> {
    device.profile.as_ref().ok_or(DeviceError::NotFound)?;
    if device.retired || device.held_until.is_some_and(|until| at < until) {
        return Ok(Vec::new());
    }
    Ok(vec![DeviceEvent::DeviceFlapped { drops, hold_until, at }])
}

/// Wants an output on or off for a test: a new state each time, which the device has to confirm anew.
///
/// # Errors
/// [`DeviceError::NotFound`], [`DeviceError::Retired`], [`DeviceError::NoSuchChannel`]; [`DeviceError::Lit`] while somebody plays under the light; one that only
/// lingers is nobody's.
pub fn test(
    device: &Device,
    channel: u8,
    on: bool,
    not_after: Timestamp,
    at: Timestamp,
) -> Result<Vec<DeviceEvent>, DeviceError> {
    if let Some(profile) = device.profile.as_ref().filter(|_| device.retired) {
        return Err(DeviceError::Retired(profile.device_id));
    }
    let desired = output(device, channel)?.desired;
    let played = desired.is_some_and(|desired| {
        desired.on
            && desired.session_id.is_some()
            && desired.reason != DesireReason::Lingering
            && desired.not_after.is_none_or(|not_after| at < not_after)
    });
    if played {
        return Err(DeviceError::Lit { channel });
    }
    Ok(vec![DeviceEvent::LightDesired {
        channel,
        rev: device.rev.saturating_add(1),
        on,
        session_id: None,
        not_after: on.then_some(not_after),
        reason: DesireReason::Testing,
        issued_at: at,
    }])
}

/// The desired state that a report is about; nothing if a newer one has replaced it.
fn reported_on(device: &Device, channel: u8, rev: u64) -> Result<Option<(Desired, Standing)>, DeviceError> {
    let output = output(device, channel)?;
    match output.desired {
        Some(desired) if desired.rev == rev => Ok(Some((desired, output.standing))),
        Some(desired) if desired.rev > rev => Ok(None),
        _ => Err(DeviceError::UnknownRev { channel, rev }),
    }
}

fn output(device: &Device, channel: u8) -> Result<&Output, DeviceError> {
    let profile = device.profile.as_ref().ok_or(DeviceError::NotFound)?;
    device.output(channel).ok_or(DeviceError::NoSuchChannel {
        channel,
        channels: profile.channels,
    })
}
