//! The content of a tariff: prices by time band, step, minimum, cap, grace, overnight prices and packages.

use serde::{Deserialize, Serialize};

use crate::ids::{CalendarId, TariffPlanId};
use crate::money::Fen;

use super::{Days, Hours, Package};

/// A price for some hours of some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Band {
    /// What the bill calls it, such as `夜场`.
    pub name: String,
    /// When it is in force.
    #[serde(flatten)]
    pub hours: Hours,
    /// Price per hour.
    pub price_per_hour: Fen,
}

/// The most that play costs within the hours of one night (包夜), counted for each night by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Overnight {
    /// What the bill calls it, such as `包夜`.
    pub name: String,
    /// The night: usually across midnight.
    #[serde(flatten)]
    pub hours: Hours,
    /// What the whole night costs.
    pub price: Fen,
}

/// Prices of one class of tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Tariff {
    /// What customers read.
    pub name: String,
    /// Price per hour outside every band.
    pub price_per_hour: Fen,
    /// The first band that covers an instant gives its price.
    pub bands: Vec<Band>,
    /// Play is billed in whole steps of this many minutes, 1–60; a part counts whole.
    pub step_minutes: u32,
    /// The least a session costs once it is billed at all.
    pub minimum: Fen,
    /// The most a session costs.
    pub cap: Option<Fen>,
    /// A session closed within this many seconds of billing costs nothing.
    pub grace_seconds: u32,
    /// The calendar that tells the special days; without one all days are plain weekdays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar_id: Option<CalendarId>,
    /// The first that covers an instant counts it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overnights: Vec<Overnight>,
    /// What can be bought beforehand at a fixed price.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
}

/// The version of a tariff that a session was opened with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PinnedTariff {
    /// The plan.
    pub plan_id: TariffPlanId,
    /// Its version.
    pub version: u32,
    /// The content, so that a bill can be proved from the session's own stream.
    pub tariff: Tariff,
    /// The special days that the session can reach, as the calendar had them when it was opened.
    #[serde(default, skip_serializing_if = "Days::is_empty")]
    pub days: Days,
}
