//! A member's wallet: lots of money, what of it is set aside, and what is owed.
//!
//! ```text
//! WalletOpened ─► TopUpCredited … (each top-up is a lot of principal and bonus)
//!
//! for each session:   FundsHeld, FundsHeld … ──► HoldCaptured  (postpaid: settled; what lacks: DebtIncurred)
//!                                           └──► HoldReleased  (cancelled, or nothing to pay)
//!                     PrepaidCharged …       ──► PrepaidSettled (prepaid: earned)
//!                                           └──► PrepaidRefunded (cancelled, or closed within the grace)
//! at any time:        PrincipalWithdrawn ─► (gone) or, rejected, PrincipalRestored
//!                     ShareCharged ─► ShareDelivered (gone to whose bill it was) or ShareReturned
//! when nothing is open: WalletHandedOver (all of it, into another wallet, where it is WalletTakenOver)
//! afterwards:         DebtIncurred ─► DebtPaid … until nothing is owed
//! ```
//!
//! Invariants: the balance is the sum of the lots; principal and bonus are never mixed; principal is spent first, older lots before newer;
//! holds never exceed the balance, nothing is ever negative. The state is bounded: spent lots, finished sessions and paid debts are gone
//! (that a top-up was credited before is known from the journal, whose stream bears its id).

mod aggregate;
mod commands;
pub mod decide;
mod errors;
mod events;
mod lots;
pub mod shares;
mod state;
#[cfg(test)]
mod tests;
pub mod withdraw;

pub use commands::WalletCommand;
pub use decide::decide;
pub use errors::WalletError;
pub use events::{Split, TopUpChannel, WalletEvent};
pub use lots::{Lot, LotShare, Lots, Origin};
pub use state::{Debt, OpenSession, Secured, SetAside, Wallet, Withdrawal};
