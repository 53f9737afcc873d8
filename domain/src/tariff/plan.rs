//! The content of a tariff: prices by time band, step, minimum, cap and grace.

use serde::{Deserialize, Serialize};

use crate::ids::TariffPlanId;
use crate::money::Fen;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A price for some hours of some weekdays, in the hall's local time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Band {
    /// What the bill calls it, such as `夜场`.
    pub name: String,
    /// The days on which it begins.
    pub weekdays: Vec<Weekday>,
    /// First minute after local midnight, 0–1439.
    pub from_minute: u16,
    /// Minute after local midnight at which it ends, 1–1440; at or below `from_minute` it runs across midnight.
    pub to_minute: u16,
    /// Price per hour.
    pub price_per_hour: Fen,
}

/// Prices of one class of tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// The version of a tariff that a session was opened with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedTariff {
    /// The plan.
    pub plan_id: TariffPlanId,
    /// Its version.
    pub version: u32,
    /// The content, so that a bill can be proved from the session's own stream.
    pub tariff: Tariff,
}
