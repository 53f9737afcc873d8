//! A table session.
mod bill;
mod events;

pub use bill::{Bill, BillLine};
pub use events::{BillingStartCause, CancelReason, CloseCause, SessionMode, TableSessionEvent, Warning};
