//! Payments through providers: what is owed, the attempts to collect it, and the words that are spoken with providers.
//!
//! ```text
//! PaymentStarted, AttemptAsked ─► processing ─┬─ AttemptPaid, PaymentSucceeded ──► succeeded
//!                     ▲              │        ├─ too many AttemptFailed ─────────► failed
//!                     └ AttemptAsked ┘        ├─ all closed, time over ──────────► expired
//!                                             ├─ PaymentCancelled ───────────────► cancelled
//!                                             ├─ another amount was paid ────────► conflicted ────┐
//!                                             └─ nobody can tell for too long ───► manual review ─┴─ PaymentResolved ─► resolved
//!
//! each attempt:  asked ─► presented ─► paid | closed        asked ─► unknown ─► paid | closed | unclear        asked ─► failed
//! ```
//!
//! What is owed is an intent; each try to collect it through a provider is an attempt with an order number of its own.
//! Nothing here guesses: an answer that did not come is [`ProviderAnswer::Unknown`], and is asked for again by its number.
//!
//! Invariants: money that a provider took is recorded whatever the state, once per order, and of each such payment it is said what is done
//! with it ([`Use`]): at most one of an intent is served, what is not served goes back or waits for somebody; the refunds of an order never
//! sum to more than was paid.

mod aggregate;
mod channel;
mod commands;
pub mod decide;
mod errors;
mod events;
mod intent;
mod order_no;
mod policy;
mod provider;
mod state;
#[cfg(test)]
mod tests;

pub use channel::Channel;
pub use commands::PaymentCommand;
pub use decide::decide;
pub use errors::{AMOUNT_UNCONFIRMED, PaymentError};
pub use events::{AttemptFailure, PaymentEvent, PaymentFailure, Use};
pub use intent::{Intent, OrderOutcome, PaymentResolution, Purpose, Wanted};
pub use order_no::{InvalidNumber, OrderNo, RefundNo};
pub use policy::{PaymentPolicy, TIERS_MAX, TopUpTier};
pub use provider::{
    Decline, Order, OrderState, Paid, Presentation, Presented, ProviderAnswer, ProviderRequest, RefundOrder,
    RefundState,
};
pub use state::{Attempt, AttemptState, Payment, Phase, RefundPart};
