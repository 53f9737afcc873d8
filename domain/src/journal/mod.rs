//! The journal: double entry, one stream per transaction, so that posting never contends.
mod events;

pub use events::{Account, Entry, JournalEvent, Source};
