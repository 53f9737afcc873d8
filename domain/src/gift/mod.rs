//! A gift of a hall's catalogue, and how many pieces of it there are.
//!
//! ```text
//! GiftRegistered ──► in the catalogue ── GiftRetired ──► (only what is held is still handed out)
//!                      │ GiftChanged, StockReceived, StockCounted
//!                      │
//!                      └── PieceHeld ──► PieceIssued    (a redemption: set aside, then handed out)
//!                                  └──► PieceReleased   (cancelled: back on the shelf)
//! ```
//!
//! Invariants: what can be had is what was received less what was issued and what is held, and never negative; a redemption holds one
//! piece, once, whatever is repeated.

mod aggregate;
mod commands;
pub mod decide;
mod errors;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::GiftCommand;
pub use decide::decide;
pub use errors::GiftError;
pub use events::{GiftContent, GiftEvent};
pub use state::{Gift, GiftProfile, Stock};
