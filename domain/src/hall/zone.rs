//! Time zones by IANA name, from the database compiled into this program: a bill is the same on every machine.

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The time zone of that name, if this program knows it.
pub fn time_zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

/// The time zone of that name. Registration refuses unknown names, so UTC stands in only for a stream that no version of this program wrote.
pub fn time_zone_or_utc(name: &str) -> TimeZone {
    time_zone(name).unwrap_or(TimeZone::UTC)
}
