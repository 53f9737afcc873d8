//! Stretches in memory.

use sqlx::PgConnection;

use crate::engine::{Decoded, State, Visitor};
use crate::store::{Rows, TableNames};

use super::fold::place;
use super::rows::StretchRow;

/// Stretches by id.
#[derive(Debug, Default)]
pub struct TimelinesState {
    pub(super) stretches: Rows<StretchRow>,
}

impl TimelinesState {
    pub(super) async fn load(
        &mut self,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        let places = events.iter().filter_map(|decoded| place(decoded.recorded));
        let mut wanted: Vec<_> = places
            .map(|(_, stretch_id)| stretch_id)
            .filter(|id| self.stretches.get(*id).is_none())
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        self.stretches.load(connection, names, "stretch_id", wanted).await?;
        Ok(())
    }
}

impl State for TimelinesState {
    async fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.rows(&mut self.stretches).await
    }

    fn held(&self) -> usize {
        self.stretches.count()
    }
}
