//! A billiard table.
mod class;
mod events;

pub use class::TableClass;
pub use events::TableEvent;
