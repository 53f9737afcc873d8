//! Points: what each member has and when it expires, the history that explains it, and the gifts that they are given for. In one view, so that
//! points and pieces are shown as of the same instant.

mod fold;
mod gifts;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use sqlx::PgConnection;

use crate::engine::{Contradiction, Decoded, View};
use crate::store::{Row, TableDef, TableNames};

pub use rows::{GiftRow, PointsEntryKind, PointsEntryRow, PointsRow, RedemptionRow, RedemptionStatus};
pub use state::LoyaltyState;

/// The view `loyalty`.
#[derive(Debug)]
pub struct Loyalty;

impl View for Loyalty {
    const NAME: &'static str = "loyalty";
    const SHAPE: i32 = 2;
    const TABLES: &'static [TableDef] = &[
        PointsRow::TABLE,
        PointsEntryRow::TABLE,
        GiftRow::TABLE,
        RedemptionRow::TABLE,
    ];

    type State = LoyaltyState;
    type Change = ();

    fn concerns(aggregate_type: &str, _: &str) -> bool {
        matches!(aggregate_type, "PointsAccount" | "Gift" | "Redemption")
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
