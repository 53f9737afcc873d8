//! Reconciliations in memory.

use sqlx::PgConnection;

use crate::engine::{Decoded, State, Visitor};
use crate::store::{Rows, TableNames};

use super::fold::stream_id;
use super::rows::{DayRow, DifferenceRow};

/// Days by their reconciliations' ids, differences by their own; a day that is held is held with all of its differences.
#[derive(Debug, Default)]
pub struct ReconciliationsState {
    pub(super) days: Rows<DayRow>,
    pub(super) differences: Rows<DifferenceRow>,
}

impl ReconciliationsState {
    pub(super) async fn load(
        &mut self,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        let days = events.iter().filter_map(|decoded| stream_id(decoded).ok());
        let mut wanted: Vec<_> = days.filter(|id| self.days.get(*id).is_none()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let column = "reconciliation_id";
        self.days.load(connection, names, column, wanted.clone()).await?;
        self.differences.load(connection, names, column, wanted).await?;
        Ok(())
    }
}

impl State for ReconciliationsState {
    async fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.rows(&mut self.days).await?;
        visitor.rows(&mut self.differences).await
    }

    fn held(&self) -> usize {
        self.days.count() + self.differences.count()
    }
}
