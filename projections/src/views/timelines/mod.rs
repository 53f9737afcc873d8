//! Timelines: in which streams, and where in them, there are events that were recorded for a session.
//!
//! An event belongs to the session that its command was about: command and process note that as its correlation. What has none of a session
//! is correlated by its own request, and is of no timeline.

mod fold;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use sqlx::PgConnection;

use crate::engine::{Contradiction, Decoded, View};
use crate::store::{Row, TableDef, TableNames};

pub(crate) use fold::session;
pub use rows::StretchRow;
pub use state::TimelinesState;

/// The view `timelines`.
#[derive(Debug)]
pub struct Timelines;

impl View for Timelines {
    const NAME: &'static str = "timelines";
    const SHAPE: i32 = 1;
    const TABLES: &'static [TableDef] = &[StretchRow::TABLE];

    type State = TimelinesState;
    type Change = Arc<[StretchRow]>;

    fn concerns(_: &str, _: &str) -> bool {
        true
    }

    async fn load(
        state: &mut TimelinesState,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        state.load(connection, names, events).await
    }

    fn fold(state: &mut TimelinesState, event: &Decoded<'_>) -> Result<(), Contradiction> {
        fold::fold(state, event)
    }

    fn change(state: &TimelinesState) -> Arc<[StretchRow]> {
        state.stretches.changed().cloned().collect()
    }
}
