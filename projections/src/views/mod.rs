//! The views: what each keeps and how it folds events. One folder a view, the same files in each.

pub mod bills;
pub mod board;
pub mod complaints;
pub mod devices;
pub mod directory;
pub mod indicators;
pub mod loyalty;
pub mod members;
pub mod notices;
pub mod payments;
pub mod reconciliations;
pub mod splits;
pub mod timelines;
pub mod trial_balance;
pub mod wallets;

pub use bills::Bills;
pub use board::Board;
pub use complaints::Complaints;
pub use devices::Devices;
pub use directory::Directory;
pub use indicators::Indicators;
pub use loyalty::Loyalty;
pub use members::Members;
pub use notices::Notices;
pub use payments::Payments;
pub use reconciliations::Reconciliations;
pub use splits::Splits;
pub use timelines::Timelines;
pub use trial_balance::TrialBalance;
pub use wallets::Wallets;
