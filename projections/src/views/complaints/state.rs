//! Complaints in memory.

use sqlx::PgConnection;

use crate::engine::{Decoded, State, Visitor};
use crate::store::{Rows, TableNames};

use super::fold::complaint_id;
use super::rows::ComplaintRow;

/// Complaints by id.
#[derive(Debug, Default)]
pub struct ComplaintsState {
    pub(super) complaints: Rows<ComplaintRow>,
}

impl ComplaintsState {
    pub(super) async fn load(
        &mut self,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        let complaints = events.iter().filter_map(|decoded| complaint_id(decoded).ok());
        let mut wanted: Vec<_> = complaints.filter(|id| self.complaints.get(*id).is_none()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        self.complaints.load(connection, names, "complaint_id", wanted).await?;
        Ok(())
    }
}

impl State for ComplaintsState {
    async fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.rows(&mut self.complaints).await
    }

    fn held(&self) -> usize {
        self.complaints.count()
    }
}
