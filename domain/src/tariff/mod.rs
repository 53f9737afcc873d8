//! Tariff plans: published versions of prices; a session keeps the version it opened with.
mod events;
mod plan;

pub use events::TariffPlanEvent;
pub use plan::{Band, PinnedTariff, Tariff, Weekday};
