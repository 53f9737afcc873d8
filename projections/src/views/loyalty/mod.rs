//! Points: what each member has and when it expires, and the history that explains it.

mod fold;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use sqlx::PgConnection;

use crate::engine::{Contradiction, Decoded, View};
use crate::store::{Row, TableDef, TableNames};

pub use rows::{PointsEntryKind, PointsEntryRow, PointsRow};
pub use state::LoyaltyState;

/// The view `loyalty`.
#[derive(Debug)]
pub struct Loyalty;

impl View for Loyalty {
    const NAME: &'static str = "loyalty";
    const SHAPE: i32 = 1;
    const TABLES: &'static [TableDef] = &[PointsRow::TABLE, PointsEntryRow::TABLE];

    type State = LoyaltyState;
    type Change = ();

    fn concerns(aggregate_type: &str, _: &str) -> bool {
        aggregate_type == "PointsAccount"
    }

    async fn load(
        state: &mut LoyaltyState,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        state.load(connection, names, events).await
    }

    fn fold(state: &mut LoyaltyState, event: &Decoded<'_>) -> Result<(), Contradiction> {
        fold::fold(state, event)
    }

    fn change(_: &LoyaltyState) {}
}
