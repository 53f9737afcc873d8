//! What a tariff plan decides.

use jiff::Timestamp;

use crate::ids::{HallId, TariffPlanId};

use super::{Tariff, TariffPlan, TariffPlanCommand, TariffPlanError, TariffPlanEvent, validate};

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(plan: &TariffPlan, command: TariffPlanCommand) -> Result<Vec<TariffPlanEvent>, TariffPlanError> {
    match command {
        TariffPlanCommand::Publish {
            plan_id,
            hall_id,
            tariff,
            at,
        } => publish(plan, plan_id, hall_id, tariff, at),
    }
}

/// Publishes the next version; the content that is in force already changes nothing.
///
/// # Errors
/// [`TariffPlanError::OtherHall`], [`TariffPlanError::Invalid`].
pub fn publish(
    plan: &TariffPlan,
    plan_id: TariffPlanId,
    hall_id: HallId,
    tariff: Tariff,
    at: Timestamp,
) -> Result<Vec<TariffPlanEvent>, TariffPlanError> {
    validate(&tariff)?;
    let version = match &plan.published {
        None => 1,
        Some(newest) if newest.hall_id != hall_id => {
            return Err(TariffPlanError::OtherHall {
                plan_id: newest.pinned.plan_id,
                hall_id: newest.hall_id,
            });
        }
        Some(newest) if newest.pinned.tariff == tariff => return Ok(Vec::new()),
        Some(newest) => newest.pinned.version.saturating_add(1),
    };
    Ok(vec![TariffPlanEvent::TariffPublished {
        plan_id,
        hall_id,
        version,
        tariff,
        at,
    }])
}
