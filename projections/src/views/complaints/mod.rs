//! Complaints: how each stands, for whoever complains and for the hall's queue. What was said is sealed and not kept here.

mod fold;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use sqlx::PgConnection;

use crate::engine::{Contradiction, Decoded, View};
use crate::store::{Row, TableDef, TableNames};

pub use rows::{ComplaintCategory, ComplaintRow, ComplaintStatus};
pub use state::ComplaintsState;

/// The view `complaints`.
#[derive(Debug)]
pub struct Complaints;

impl View for Complaints {
    const NAME: &'static str = "complaints";
    const SHAPE: i32 = 1;
    const TABLES: &'static [TableDef] = &[ComplaintRow::TABLE];

    type State = ComplaintsState;
    type Change = Arc<[ComplaintRow]>;

    fn concerns(aggregate_type: &str, _: &str) -> bool {
        aggregate_type == "Complaint"
    }

    async fn load(
        state: &mut ComplaintsState,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        state.load(connection, names, events).await
    }

    fn fold(state: &mut ComplaintsState, event: &Decoded<'_>) -> Result<(), Contradiction> {
        fold::fold(state, event)
    }

    fn change(state: &ComplaintsState) -> Arc<[ComplaintRow]> {
        state.complaints.changed().cloned().collect()
    }
}
