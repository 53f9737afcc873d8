//! How a chain gives points (rules marked ⚙ in the business rules, 8).

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::money::Fen;
use crate::refusal::InvalidField;

/// A chain's rules for points. A session keeps the price of a point at which it began to earn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PointsPolicy {
    /// How much principal earns one point, 1–1,000,000 fen; what is left over earns nothing.
    pub fen_per_point: Fen,
    /// Points are good for at least so many months, 1–120: to the end of the month in which that time is over.
    pub expiry_months: u16,
}

impl Default for PointsPolicy {
    /// A point for a yuan, good for a year.
    fn default() -> Self {
        Self {
            fen_per_point: Fen(100),
            expiry_months: 12,
        }
    }
}

impl PointsPolicy {
    /// Whether every field is in its range.
    ///
    /// # Errors
    /// The first field that is not.
    pub fn validate(&self) -> Result<(), InvalidField> {
        InvalidField::unless(
            (1..=1_000_000).contains(&self.fen_per_point.0),
            "policy.fen_per_point",
            "must be 1 to 1000000 fen",
        )?;
        InvalidField::unless(
            (1..=120).contains(&self.expiry_months),
            "policy.expiry_months",
            "must be 1 to 120",
        )
    }

    /// When points that are earned at `at` expire: at a midnight between two months, by the clocks of the hall.
    pub fn expiry(&self, at: Timestamp, zone: &TimeZone) -> Timestamp {
        let month = at.to_zoned(zone.clone()).date().first_of_month();
        let first_day = month.checked_add(Span::new().months(i64::from(self.expiry_months) + 1));
        let midnight = first_day.and_then(|day| day.to_zoned(zone.clone()));
        midnight.map_or(Timestamp::MAX, |midnight| midnight.timestamp())
    }
}
