//! Why a tariff plan refuses.

use crate::ids::{HallId, TariffPlanId};
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a tariff plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TariffPlanError {
    /// The plan belongs to another hall.
    #[error("tariff plan {plan_id} belongs to hall {hall_id}")]
    OtherHall {
        /// The plan.
        plan_id: TariffPlanId,
        /// The hall it belongs to.
        hall_id: HallId,
    },
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<TariffPlanError> for Refusal {
    fn from(error: TariffPlanError) -> Self {
        let message = error.to_string();
        match error {
            TariffPlanError::OtherHall { plan_id, hall_id } => Self::new(
                RefusalKind::AlreadyExists,
                "TARIFF_PLAN_EXISTS",
                message,
                "Use a new plan id for this hall.",
            )
            .with("plan_id", plan_id)
            .with("hall_id", hall_id),
            TariffPlanError::Invalid(invalid) => invalid.into(),
        }
    }
}
