//! What happened to a tariff plan.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{HallId, TariffPlanId};

use super::Tariff;

/// Events of the stream `TariffPlan/<plan_id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum TariffPlanEvent {
    /// A version of the plan was published; sessions opened from now on use it.
    TariffPublished {
        /// The plan.
        plan_id: TariffPlanId,
        /// The hall it is for.
        hall_id: HallId,
        /// 1, 2, 3, …
        version: u32,
        /// The prices.
        tariff: Tariff,
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(TariffPlanEvent: TariffPublished);
