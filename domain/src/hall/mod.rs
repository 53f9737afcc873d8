//! A hall: its name, time zone, business day and policy.
//!
//! ```text
//! (nothing) ── HallRegistered ──► registered ──┐
//!                                   ▲          │ HallPolicyChanged, HallRenamed, HallTimeZoneChanged, BusinessDayCutoffChanged,
//!                                   └──────────┤ TableListed, TableDelisted, DeviceListed, DeviceDelisted, GoodsListed
//!                                   │          │ DisplayLinkIssued, DisplayLinkRevoked
//!                                              ▼
//!                                       HallRetired (no table is left in it)
//! ```
//!
//! Invariants: the time zone is one that this program knows; the policy is within its limits; no two tables of the hall have one
//! label, no two of its devices one topic. A session keeps the policy it opened
//! with, so a change never touches a running game.

mod aggregate;
mod business_day;
mod commands;
pub mod decide;
pub mod displays;
mod errors;
mod events;
mod goods;
mod policy;
mod state;
#[cfg(test)]
mod tests;
mod zone;

pub use business_day::{business_date, business_day_start};
pub use commands::{HallChange, HallCommand};
pub use decide::decide;
pub use errors::HallError;
pub use events::HallEvent;
pub use goods::Goods;
pub use policy::HallPolicy;
pub use state::{DisplayLink, Hall, HallProfile, ListedTable};
pub use zone::{time_zone, time_zone_or_utc};
