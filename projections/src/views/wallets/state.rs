//! Wallets in memory, and the entries not yet written.

use sqlx::PgConnection;

use crate::engine::{Decoded, State, Visitor};
use crate::store::{Rows, TableNames};

use super::fold::member_id;
use super::rows::{EntryRow, WalletRow};

/// Wallets by member, entries by position.
#[derive(Debug, Default)]
pub struct WalletsState {
    pub(super) wallets: Rows<WalletRow>,
    pub(super) entries: Rows<EntryRow>,
}

impl WalletsState {
    pub(super) async fn load(
        &mut self,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        let members = events.iter().filter_map(|decoded| member_id(decoded).ok());
        let mut wanted: Vec<_> = members.filter(|id| self.wallets.get(*id).is_none()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        self.wallets.load(connection, names, "member_id", wanted).await?;
        Ok(())
    }
}

impl State for WalletsState {
    async fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.rows(&mut self.wallets).await?;
        visitor.rows(&mut self.entries).await
    }

    fn held(&self) -> usize {
        self.wallets.count() + self.entries.count()
    }
}
