//! Splits: how each bill that is shared stands, share by share.

mod fold;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use sqlx::PgConnection;

use crate::engine::{Contradiction, Decoded, View};
use crate::store::{Row, TableDef, TableNames};

pub use rows::SplitRow;
pub use state::SplitsState;

/// The view `splits`.
#[derive(Debug)]
pub struct Splits;

impl View for Splits {
    const NAME: &'static str = "splits";
    const SHAPE: i32 = 1;
    const TABLES: &'static [TableDef] = &[SplitRow::TABLE];

    type State = SplitsState;
    type Change = Arc<[SplitRow]>;

    fn concerns(aggregate_type: &str, _: &str) -> bool {
        aggregate_type == "BillSplit"
    }

    async fn load(
        state: &mut SplitsState,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        state.load(connection, names, events).await
    }

    fn fold(state: &mut SplitsState, event: &Decoded<'_>) -> Result<(), Contradiction> {
        fold::fold(state, event)
    }

    fn change(state: &SplitsState) -> Arc<[SplitRow]> {
        state.splits.changed().cloned().collect()
    }
}
