//! Reconciliations: which day of which provider was compared, what was found, and what of it is still open.

mod fold;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use sqlx::PgConnection;

use crate::engine::{Contradiction, Decoded, View};
use crate::store::{Row, TableDef, TableNames};

pub use rows::{DayRow, DifferenceRow, DifferenceStatus, ProviderName};
pub use state::ReconciliationsState;

/// The view `reconciliations`.
#[derive(Debug)]
pub struct Reconciliations;

impl View for Reconciliations {
    const NAME: &'static str = "reconciliations";
    const SHAPE: i32 = 1;
    const TABLES: &'static [TableDef] = &[DayRow::TABLE, DifferenceRow::TABLE];

    type State = ReconciliationsState;
    type Change = ();

    fn concerns(aggregate_type: &str, _: &str) -> bool {
        aggregate_type == "Reconciliation"
    }

    async fn load(
        state: &mut ReconciliationsState,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        state.load(connection, names, events).await
    }

    fn fold(state: &mut ReconciliationsState, event: &Decoded<'_>) -> Result<(), Contradiction> {
        fold::fold(state, event)
    }

    fn change(_: &ReconciliationsState) {}
}
