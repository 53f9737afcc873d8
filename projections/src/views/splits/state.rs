//! Splits in memory.

use sqlx::PgConnection;

use crate::engine::{Decoded, State, Visitor};
use crate::store::{Rows, TableNames};

use super::fold::split_id;
use super::rows::SplitRow;

/// Splits by id.
#[derive(Debug, Default)]
pub struct SplitsState {
    pub(super) splits: Rows<SplitRow>,
}

impl SplitsState {
    pub(super) async fn load(
        &mut self,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        let splits = events.iter().filter_map(|decoded| split_id(decoded).ok());
        let mut wanted: Vec<_> = splits.filter(|id| self.splits.get(*id).is_none()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        self.splits.load(connection, names, "split_id", wanted).await?;
        Ok(())
    }
}

impl State for SplitsState {
    async fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.rows(&mut self.splits).await
    }

    fn held(&self) -> usize {
        self.splits.count()
    }
}
