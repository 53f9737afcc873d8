//! A table session: one game at one table, from opening to settlement.
//!
//! ```text
//! (nothing) ── OpeningAwaited ──► waiting for its payment ── SessionOpened ──► open (as below), or OpeningLapsed ──► lapsed
//!
//! (nothing) ── SessionOpened ──► open ── BillingStarted ──► billed ── SessionClosed ──► closed ── SessionSettled ──► settled
//!                                 │                          │ ▲
//!                                 │ SessionCancelled         │ │ SessionExtended, HoldRenewed, CustomerWarned, SessionTransferred, SessionPaused, SessionResumed
//!                                 ▼ (no light)               ▼ └──(also before billing)
//!                              cancelled ◄── SessionCancelled (billing began by the clock, and still no light)
//! ```
//!
//! Play is a row of stretches: a pause is the gap between two, and a change of tables begins another, perhaps by other prices.
//!
//! Invariants: one close or one cancellation, never both; one settlement. The price follows from the tariff and policy pinned at opening. Time
//! is billed from the start of billing to the close, and never beyond the instant at which the light goes off by itself, so that a close
//! that comes late costs the customer nothing. A fault of the light ends play at the instant of the fault, whenever it is found. A session lasts at most 24 hours.

mod aggregate;
mod asked;
mod bill;
mod commands;
pub mod decide;
mod errors;
mod events;
mod fault;
pub mod goods;
pub mod moves;
mod play;
pub mod reach;
mod state;
#[cfg(test)]
mod tests;

pub use asked::{Asked, Awaited};
pub use bill::{Bill, BillLine, GoodsLine};
pub use commands::TableSessionCommand;
pub use decide::decide;
pub use errors::TableSessionError;
pub use events::{
    BillingStartCause, CancelReason, CloseCause, LapseReason, ResumeCause, SessionMode, TableSessionEvent, Warning,
};
pub use play::{Leg, Pause, Place, Played};
pub use state::{Billing, Closing, Opening, Phase, Purchase, TableSession};
