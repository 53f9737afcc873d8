//! What a hall decides.

use jiff::Timestamp;

use crate::ids::{DeviceId, TableId};
use crate::money::Fen;
use crate::refusal::InvalidField;

use super::goods::{self, Goods};
use super::{
    Hall, HallChange, HallCommand, HallError, HallEvent, HallPolicy, HallProfile, ListedTable, displays, time_zone,
};

/// Characters of a name, at most.
const NAME_CHARS_MAX: usize = 100;
/// Tables of a hall, at most: far beyond the largest.
const TABLES_MAX: usize = 1_000;
/// Devices of a hall, at most.
const DEVICES_MAX: usize = 1_000;

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
        HallCommand::Change(change) => self::change(hall, change),
        HallCommand::ListTable {
            table_id,
            label,
            light_device_id,
        } => list_table(hall, table_id, &label, light_device_id),
        HallCommand::ListDevice { device_id, topic } => list_device(hall, device_id, &topic),
        HallCommand::DelistTable { table_id } => Ok(delist_table(hall, table_id)),
        HallCommand::DelistDevice { device_id } => delist_device(hall, device_id),
        HallCommand::ListGoods { goods } => list_goods(hall, goods),
        HallCommand::IssueDisplayLink {
            display_id,
            label,
            days,
            at,
        } => displays::issue(hall, display_id, label, days, at),
        HallCommand::RevokeDisplayLink { display_id, at } => displays::revoke(hall, display_id, at),
        HallCommand::Retire { at } => retire(hall, at),
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
    validate_time_zone(&profile.time_zone)?;
    validate_cutoff(profile.business_day_cutoff_minutes)?;
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
    let profile = open(hall)?;
    validate_policy(&policy)?;
    if profile.policy == policy {
        return Ok(Vec::new());
    }
    Ok(vec![HallEvent::HallPolicyChanged { policy }])
}

/// Changes name, time zone and business day; what is so already changes nothing. Whether anybody plays, which forbids another time
/// zone, is for the caller to find out: see [`crate::units::change_hall`].
///
/// # Errors
/// [`HallError::NotFound`], [`HallError::Retired`], [`HallError::Invalid`].
pub fn change(hall: &Hall, change: HallChange) -> Result<Vec<HallEvent>, HallError> {
    let profile = open(hall)?;
    let mut events = Vec::new();
    if let Some(name) = change.name {
        InvalidField::unless_text(&name, NAME_CHARS_MAX, "name")?;
        if name != profile.name {
            events.push(HallEvent::HallRenamed { name });
        }
    }
    if let Some(time_zone) = change.time_zone {
        validate_time_zone(&time_zone)?;
        if time_zone != profile.time_zone {
            events.push(HallEvent::HallTimeZoneChanged { time_zone });
        }
    }
    if let Some(business_day_cutoff_minutes) = change.business_day_cutoff_minutes {
        validate_cutoff(business_day_cutoff_minutes)?;
        if business_day_cutoff_minutes != profile.business_day_cutoff_minutes {
            events.push(HallEvent::BusinessDayCutoffChanged {
                business_day_cutoff_minutes,
            });
        }
    }
    Ok(events)
}

/// Notes a table that stands in the hall.
///
/// # Errors
/// [`HallError::NotFound`], [`HallError::Retired`], [`HallError::LabelTaken`], [`HallError::Full`].
pub fn list_table(
    hall: &Hall,
    table_id: TableId,
    label: &str,
    light_device_id: DeviceId,
) -> Result<Vec<HallEvent>, HallError> {
    open(hall)?;
    let listed = ListedTable {
        label: label.to_owned(),
        light_device_id,
    };
    if hall.tables.get(&table_id) == Some(&listed) {
        return Ok(Vec::new());
    }
    let mut others = hall.tables.iter().filter(|(other, _)| **other != table_id);
    if let Some((other, _)) = others.find(|(_, other)| other.label == label) {
        return Err(HallError::LabelTaken {
            label: label.to_owned(),
            table_id: *other,
        });
    }
    if hall.tables.len() >= TABLES_MAX && !hall.tables.contains_key(&table_id) {
        let (what, max) = ("tables", TABLES_MAX);
        return Err(HallError::Full { what, max });
    }
    Ok(vec![HallEvent::TableListed {
        table_id,
        label: listed.label,
        light_device_id,
    }])
}

/// Notes a device that is in the hall.
///
/// # Errors
/// [`HallError::NotFound`], [`HallError::Retired`], [`HallError::TopicTaken`], [`HallError::Full`].
pub fn list_device(hall: &Hall, device_id: DeviceId, topic: &str) -> Result<Vec<HallEvent>, HallError> {
    open(hall)?;
    if hall.devices.get(&device_id).is_some_and(|listed| listed == topic) {
        return Ok(Vec::new());
    }
    if let Some((other, _)) = hall.devices.iter().find(|(_, listed)| *listed == topic) {
        return Err(HallError::TopicTaken {
            topic: topic.to_owned(),
            device_id: *other,
        });
    }
    if hall.devices.len() >= DEVICES_MAX {
        let (what, max) = ("devices", DEVICES_MAX);
        return Err(HallError::Full { what, max });
    }
    Ok(vec![HallEvent::DeviceListed {
        device_id,
        topic: topic.to_owned(),
    }])
}

/// Forgets a table, if it is listed.
pub fn delist_table(hall: &Hall, table_id: TableId) -> Vec<HallEvent> {
    if hall.tables.contains_key(&table_id) {
        vec![HallEvent::TableDelisted { table_id }]
    } else {
        Vec::new()
    }
}

/// Forgets a device, if it is listed and lights no table.
///
/// # Errors
/// [`HallError::DeviceInUse`].
pub fn delist_device(hall: &Hall, device_id: DeviceId) -> Result<Vec<HallEvent>, HallError> {
    let lit = hall.tables.values().filter(|table| table.light_device_id == device_id);
    let labels: Vec<_> = lit.map(|table| table.label.as_str()).collect();
    if !labels.is_empty() {
        return Err(HallError::DeviceInUse {
            labels: labels.join(", "),
        });
    }
    if hall.devices.contains_key(&device_id) {
        Ok(vec![HallEvent::DeviceDelisted { device_id }])
    } else {
        Ok(Vec::new())
    }
}

/// Says what the hall sells beside play; the same list again changes nothing.
///
/// # Errors
/// [`HallError::NotFound`], [`HallError::Retired`], [`HallError::Invalid`].
pub fn list_goods(hall: &Hall, goods: Vec<Goods>) -> Result<Vec<HallEvent>, HallError> {
    open(hall)?;
    goods::validate(&goods, &hall.goods)?;
    if *hall.goods == goods {
        return Ok(Vec::new());
    }
    let version = hall.goods_version + 1;
    Ok(vec![HallEvent::GoodsListed { version, goods }])
}

/// Closes the hall for good, once all its tables are retired.
///
/// # Errors
/// [`HallError::NotFound`], [`HallError::NotEmpty`].
pub fn retire(hall: &Hall, at: Timestamp) -> Result<Vec<HallEvent>, HallError> {
    hall.profile.as_ref().ok_or(HallError::NotFound)?;
    if hall.retired {
        return Ok(Vec::new());
    }
    if !hall.tables.is_empty() {
        let tables = hall.tables.len();
        return Err(HallError::NotEmpty { tables });
    }
    Ok(vec![HallEvent::HallRetired { at }])
}

/// What is known of a hall that is registered and not retired.
///
/// # Errors
/// [`HallError::NotFound`], [`HallError::Retired`].
pub fn open(hall: &Hall) -> Result<&HallProfile, HallError> {
    let profile = hall.profile.as_deref().ok_or(HallError::NotFound)?;
    if hall.retired {
        return Err(HallError::Retired);
    }
    Ok(profile)
}

fn validate_time_zone(name: &str) -> Result<(), InvalidField> {
    InvalidField::unless(
        time_zone(name).is_some(),
        "time_zone",
        "must be an IANA time zone, such as Asia/Shanghai",
    )
}

fn validate_cutoff(minutes: u16) -> Result<(), InvalidField> {
    InvalidField::unless(minutes < 1440, "business_day_cutoff_minutes", "must be 0 to 1439")
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
    )?;
    unless(
        (1..=1440).contains(&policy.pause_minutes_max),
        "policy.pause_minutes_max",
        "must be 1 to 1440",
    )?;
    unless(
        (Fen(1)..=Fen::MAX_INPUT).contains(&policy.deposit),
        "policy.deposit",
        "must be 1 to 1000000000 fen",
    )?;
    unless(
        (1..=3600).contains(&policy.payment_wait_seconds),
        "policy.payment_wait_seconds",
        "must be 1 to 3600",
    )?;
    unless(
        policy.auto_close_minutes <= 60,
        "policy.auto_close_minutes",
        "must be 0 to 60",
    )?;
    unless(
        (1..=60).contains(&policy.split_minutes),
        "policy.split_minutes",
        "must be 1 to 60",
    )?;
    unless(
        (1..=3600).contains(&policy.fault_seconds),
        "policy.fault_seconds",
        "must be 1 to 3600",
    )?;
    unless(
        (1..=3600).contains(&policy.offline_fault_seconds),
        "policy.offline_fault_seconds",
        "must be 1 to 3600",
    )?;
    unless(
        (1..=60).contains(&policy.test_answer_seconds),
        "policy.test_answer_seconds",
        "must be 1 to 60",
    )?;
    unless(
        (Fen::ZERO..=Fen::MAX_INPUT).contains(&policy.goodwill),
        "policy.goodwill",
        "must be 0 to 1000000000 fen",
    )
}
