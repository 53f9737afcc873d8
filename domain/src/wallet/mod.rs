//! A member's wallet.
mod events;

pub use events::{Split, TopUpChannel, WalletEvent};
