//! What a hall consists of: the hall's own list of tables and devices changes in the same unit as the table or the device, so that no
//! two tables of a hall ever have one label, no two devices one topic, and no light is taken away from under a table.

use jiff::Timestamp;

use crate::device::{self, Device, DeviceError, DeviceEvent, DeviceProfile};
use crate::hall::{self, Hall, HallChange, HallError, HallEvent};
use crate::refusal::Refusal;
use crate::table::{self, Table, TableChange, TableError, TableEvent, TableProfile};

/// What changes of a hall and one table or device of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VenueChanges {
    /// For the hall.
    pub hall: Vec<HallEvent>,
    /// For the table.
    pub table: Vec<TableEvent>,
    /// For the device.
    pub device: Vec<DeviceEvent>,
}

/// Changes a hall. `tables` are all the tables that the hall lists: its clocks stay while somebody plays, since what the players were
/// shown (the price by the hour of the day) would no longer be what the wall says.
///
/// # Errors
/// `HALL_NOT_FOUND`, `HALL_RETIRED`, `INVALID_ARGUMENT`, `HALL_HAS_OPEN_SESSIONS`.
pub fn change_hall(hall: &Hall, tables: &[&Table], change: HallChange) -> Result<Vec<HallEvent>, Refusal> {
    let events = hall::decide::change(hall, change)?;
    let other_zone = events
        .iter()
        .any(|event| matches!(event, HallEvent::HallTimeZoneChanged { .. }));
    let sessions = tables.iter().filter(|table| table.session_id.is_some()).count();
    if other_zone && sessions > 0 {
        return Err(HallError::SessionsOpen { sessions }.into());
    }
    Ok(events)
}

/// Sets a table up. `light` is the device that its light is of.
///
/// # Errors
/// `HALL_NOT_FOUND`, `HALL_RETIRED`, `DEVICE_NOT_FOUND`, `DEVICE_RETIRED`, `DEVICE_CHANNEL_NOT_FOUND`, `TABLE_EXISTS`,
/// `INVALID_ARGUMENT`, `TABLE_LABEL_TAKEN`, `HALL_FULL`.
pub fn register_table(
    hall: &Hall,
    light: &Device,
    table: &Table,
    profile: TableProfile,
) -> Result<VenueChanges, Refusal> {
    hall::decide::open(hall)?;
    has_light(light, &profile)?;
    let listed = hall::decide::list_table(hall, profile.table_id, &profile.label, profile.light.device_id);
    let table_events = table::decide::register(table, profile)?;
    if table_events.is_empty() {
        return Ok(VenueChanges::default());
    }
    Ok(VenueChanges {
        hall: listed?,
        table: table_events,
        ..VenueChanges::default()
    })
}

/// Changes a table. `light` is the device of the light that it shall have.
///
/// # Errors
/// `TABLE_NOT_FOUND`, `TABLE_RETIRED`, `INVALID_ARGUMENT`, `TABLE_IN_USE`, `DEVICE_NOT_FOUND`, `DEVICE_RETIRED`,
/// `DEVICE_CHANNEL_NOT_FOUND`, `TABLE_LABEL_TAKEN`.
pub fn change_table(hall: &Hall, light: &Device, table: &Table, change: TableChange) -> Result<VenueChanges, Refusal> {
    let events = table::decide::change(table, change)?;
    let mut after = table.clone();
    events.iter().for_each(|event| after.evolve(event));
    let profile = after.profile.as_deref().ok_or(TableError::NotFound)?;
    if events
        .iter()
        .any(|event| matches!(event, TableEvent::TableLightChanged { .. }))
    {
        has_light(light, profile)?;
    }
    Ok(VenueChanges {
        hall: hall::decide::list_table(hall, profile.table_id, &profile.label, profile.light.device_id)?,
        table: events,
        ..VenueChanges::default()
    })
}

/// Takes a table out of its hall for good.
///
/// # Errors
/// `TABLE_NOT_FOUND`, `TABLE_IN_USE`.
pub fn retire_table(hall: &Hall, table: &Table, now: Timestamp) -> Result<VenueChanges, Refusal> {
    let profile = table.profile.as_deref().ok_or(TableError::NotFound)?;
    Ok(VenueChanges {
        table: table::decide::retire(table, now)?,
        hall: hall::decide::delist_table(hall, profile.table_id),
        ..VenueChanges::default()
    })
}

/// Sets a device up.
///
/// # Errors
/// `HALL_NOT_FOUND`, `HALL_RETIRED`, `DEVICE_EXISTS`, `INVALID_ARGUMENT`, `DEVICE_TOPIC_TAKEN`, `HALL_FULL`.
pub fn register_device(hall: &Hall, device: &Device, profile: DeviceProfile) -> Result<VenueChanges, Refusal> {
    hall::decide::open(hall)?;
    let listed = hall::decide::list_device(hall, profile.device_id, &profile.topic);
    let device_events = device::decide::register(device, profile)?;
    if device_events.is_empty() {
        return Ok(VenueChanges::default());
    }
    Ok(VenueChanges {
        hall: listed?,
        device: device_events,
        ..VenueChanges::default()
    })
}

/// Takes a device out of its hall for good, once it lights no table and none of its lights is wanted on.
///
/// # Errors
/// `DEVICE_NOT_FOUND`, `DEVICE_IN_USE`, `DEVICE_LIT`.
pub fn retire_device(hall: &Hall, device: &Device, now: Timestamp) -> Result<VenueChanges, Refusal> {
    let profile = device.profile.as_deref().ok_or(DeviceError::NotFound)?;
    Ok(VenueChanges {
        hall: hall::decide::delist_device(hall, profile.device_id)?,
        device: device::decide::retire(device, now)?,
        ..VenueChanges::default()
    })
}

/// Whether the output is there, on a device of the table's own hall.
fn has_light(device: &Device, table: &TableProfile) -> Result<(), DeviceError> {
    let profile = device
        .profile
        .as_deref()
        .filter(|profile| profile.hall_id == table.hall_id)
        .ok_or(DeviceError::NotFound)?;
    if device.retired {
        return Err(DeviceError::Retired(profile.device_id));
    }
    match device.output(table.light.channel) {
        Some(_) => Ok(()),
        None => Err(DeviceError::NoSuchChannel {
            channel: table.light.channel,
            channels: profile.channels,
        }),
    }
}
