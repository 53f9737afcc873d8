//! Points in memory, and the entries not yet written.

use sqlx::PgConnection;

use crate::engine::{Decoded, State, Visitor};
use crate::store::{Rows, TableNames};

use super::fold::member_id;
use super::rows::{PointsEntryRow, PointsRow};

/// Points by member, entries by position.
#[derive(Debug, Default)]
pub struct LoyaltyState {
    pub(super) points: Rows<PointsRow>,
    pub(super) entries: Rows<PointsEntryRow>,
}

impl LoyaltyState {
    pub(super) async fn load(
        &mut self,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        let members = events.iter().filter_map(|decoded| member_id(decoded).ok());
        let mut wanted: Vec<_> = members.filter(|id| self.points.get(*id).is_none()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        self.points.load(connection, names, "member_id", wanted).await?;
        Ok(())
    }
}

impl State for LoyaltyState {
    async fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.rows(&mut self.points).await?;
        visitor.rows(&mut self.entries).await
    }

    fn held(&self) -> usize {
        self.points.count() + self.entries.count()
    }
}
