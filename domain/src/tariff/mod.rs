//! Tariff plans: published versions of prices; a session keeps the version it opened with.
//!
//! ```text
//! (nothing) ── TariffPublished v1 ──► published ──┐
//!                                       ▲         │ TariffPublished v2, v3, …
//!                                       └─────────┘
//! ```
//!
//! Invariants: versions count 1, 2, 3, …; a published version never changes; only the newest is kept in the state, for sessions carry
//! their own. [`pricing`] turns prices and stretches of time into money.

mod aggregate;
mod commands;
pub mod decide;
mod discount;
mod errors;
mod events;
mod hours;
mod package;
mod plan;
pub mod pricing;
mod schedule;
mod state;
#[cfg(test)]
mod tests;
mod validate;

pub use commands::TariffPlanCommand;
pub use decide::decide;
pub use discount::Discount;
pub use errors::TariffPlanError;
pub use events::TariffPlanEvent;
pub use hours::{Days, Hours, Weekday};
pub use package::{Offer, Package, PackageTime, SoldPackage};
pub use plan::{Band, Overnight, PinnedTariff, Tariff};
pub use pricing::{Course, Quote, Stretch, bill};
pub use state::{PublishedTariff, TariffPlan};
pub use validate::validate;
