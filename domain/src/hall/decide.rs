//! What a hall decides.

use crate::refusal::InvalidField;

use super::{Hall, HallCommand, HallError, HallEvent, HallPolicy, HallProfile, time_zone};

/// Characters of a name, at most.
const NAME_CHARS_MAX: usize = 100;

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(hall: &Hall, command: HallCommand) -> Result<Vec<HallEvent>, HallError> {
    match command {
        HallCommand::Register {
            hall_id,
            chain_id,
            name,
            time_zone,
            business_day_cutoff_minutes,
            policy,
        } => register(
            hall,
            HallProfile {
                hall_id,
                chain_id,
                name,
                time_zone,
                business_day_cutoff_minutes,
                policy,
            },
        ),
        HallCommand::ChangePolicy { policy } => change_policy(hall, policy),
    }
}

/// Sets a hall up; the same hall again changes nothing.
///
/// # Errors
/// [`HallError::Exists`], [`HallError::Invalid`].
pub fn register(hall: &Hall, profile: HallProfile) -> Result<Vec<HallEvent>, HallError> {
    if let Some(existing) = &hall.profile {
        return if **existing == profile {
            Ok(Vec::new())
        } else {
            Err(HallError::Exists(existing.hall_id))
        };
    }
    InvalidField::unless_text(&profile.name, NAME_CHARS_MAX, "name")?;
    InvalidField::unless(
        time_zone(&profile.time_zone).is_some(),
        "time_zone",
        "must be an IANA time zone, such as Asia/Shanghai",
    )?;
    InvalidField::unless(
        profile.business_day_cutoff_minutes < 1440,
        "business_day_cutoff_minutes",
        "must be 0 to 1439",
    )?;
    validate_policy(&profile.policy)?;
    Ok(vec![HallEvent::HallRegistered {
        hall_id: profile.hall_id,
        chain_id: profile.chain_id,
        name: profile.name,
        time_zone: profile.time_zone,
        business_day_cutoff_minutes: profile.business_day_cutoff_minutes,
        policy: profile.policy,
    }])
}

/// Changes the policy for sessions opened from now on.
///
/// # Errors
/// [`HallError::NotFound`], [`HallError::Invalid`].
pub fn change_policy(hall: &Hall, policy: HallPolicy) -> Result<Vec<HallEvent>, HallError> {
    let profile = hall.profile.as_ref().ok_or(HallError::NotFound)?;
    validate_policy(&policy)?;
    if profile.policy == policy {
        return Ok(Vec::new());
    }
    Ok(vec![HallEvent::HallPolicyChanged { policy }])
}

/// A renewal must reach further than the point at which it is asked for, or it would be asked for at once again.
fn validate_policy(policy: &HallPolicy) -> Result<(), InvalidField> {
    let unless = InvalidField::unless;
    unless(
        (1..=3600).contains(&policy.light_timeout_seconds),
        "policy.light_timeout_seconds",
        "must be 1 to 3600",
    )?;
    unless(
        policy.billing_start_seconds_max <= 3600,
        "policy.billing_start_seconds_max",
        "must be 0 to 3600",
    )?;
    unless(
        policy.linger_seconds <= 3600,
        "policy.linger_seconds",
        "must be 0 to 3600",
    )?;
    unless(
        (1..=1440).contains(&policy.hold_minutes),
        "policy.hold_minutes",
        "must be 1 to 1440",
    )?;
    unless(
        policy.hold_renewal_minutes < policy.hold_minutes,
        "policy.hold_renewal_minutes",
        "must be less than policy.hold_minutes",
    )?;
    unless(
        policy.warning_minutes.len() <= 8
            && policy
                .warning_minutes
                .iter()
                .all(|minutes| (1..=1440).contains(minutes)),
        "policy.warning_minutes",
        "must be at most 8 values, each 1 to 1440",
    )?;
    unless(
        (1..=20).contains(&policy.open_sessions_max),
        "policy.open_sessions_max",
        "must be 1 to 20",
    )
}
