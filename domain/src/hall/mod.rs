//! A hall: its name, time zone, business day and policy.
mod events;
mod policy;

pub use events::HallEvent;
pub use policy::HallPolicy;
