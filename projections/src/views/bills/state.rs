//! Bills in memory.

use sqlx::PgConnection;

use crate::engine::{Decoded, State, Visitor};
use crate::store::{Rows, TableNames};

use super::fold::session_id;
use super::rows::{BillRow, PaymentRow};

/// Bills by session, and the payments not yet written.
#[derive(Debug, Default)]
pub struct BillsState {
    pub(super) bills: Rows<BillRow>,
    pub(super) payments: Rows<PaymentRow>,
}

impl BillsState {
    pub(super) async fn load(
        &mut self,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        let sessions = events.iter().filter_map(|decoded| session_id(decoded).ok());
        let mut wanted: Vec<_> = sessions.filter(|id| self.bills.get(*id).is_none()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        self.bills.load(connection, names, "session_id", wanted).await?;
        Ok(())
    }
}

impl State for BillsState {
    async fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.rows(&mut self.bills).await?;
        visitor.rows(&mut self.payments).await
    }

    fn held(&self) -> usize {
        self.bills.count() + self.payments.count()
    }
}
