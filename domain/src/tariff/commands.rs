//! What a tariff plan can be asked.

use jiff::Timestamp;

use crate::ids::{HallId, TariffPlanId};

use super::Tariff;

/// Commands of a tariff plan.
#[derive(Clone, Debug, PartialEq)]
pub enum TariffPlanCommand {
    /// Publish the next version.
    Publish {
        /// The plan.
        plan_id: TariffPlanId,
        /// The hall it is for.
        hall_id: HallId,
        /// The prices.
        tariff: Tariff,
        /// When.
        at: Timestamp,
    },
}
