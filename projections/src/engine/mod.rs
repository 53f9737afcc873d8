//! The engine behind every view: it follows the log, folds batches of events into rows, and writes rows and checkpoint
//! in one transaction. A view says what its rows are and how an event changes them ([`View`]); it does nothing else.
//!
//! ```text
//!  JetStream ─┐                     ┌─► projector of `board`   ─► views.board_*_gN   + checkpoint
//!             ├─► feed ─► broadcast ┼─► projector of `bills`   ─► …
//!  Postgres ──┘   (one reader,      └─► projector of `wallets` ─► …
//!                  contiguous)            │ behind the feed? reads Postgres until it is not
//! ```

mod apply;
mod compare;
mod feed;
mod projector;
mod rebuild;
pub(crate) mod registry;
mod shared;
mod stream;
mod stretch;
mod verify;
mod view;

pub use compare::{Comparison, Difference};
pub use rebuild::{Phase, Progress, RebuildOptions, Rebuilt};
pub use shared::{Condition, ViewStatus};
#[cfg(test)]
pub(crate) use view::fold_all;
pub use view::{Contradiction, Decoded, State, View, Visitor};

pub(crate) use feed::{Feed, FeedOptions, FeedSource};
pub(crate) use projector::Projector;
pub(crate) use rebuild::rebuild;
pub(crate) use shared::{Announcement, Shared};
pub(crate) use stream::StreamAddress;
pub(crate) use verify::verify;
