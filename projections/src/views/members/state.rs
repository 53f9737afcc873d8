//! Members in memory.

use sqlx::PgConnection;

use crate::engine::{Decoded, State, Visitor};
use crate::store::{Rows, TableNames};

use super::fold::member_id;
use super::rows::MemberRow;

/// Members by id.
#[derive(Debug, Default)]
pub struct MembersState {
    pub(super) members: Rows<MemberRow>,
}

impl MembersState {
    pub(super) async fn load(
        &mut self,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        let members = events.iter().filter_map(|decoded| member_id(decoded).ok());
        let mut wanted: Vec<_> = members.filter(|id| self.members.get(*id).is_none()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        self.members.load(connection, names, "member_id", wanted).await?;
        Ok(())
    }
}

impl State for MembersState {
    async fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.rows(&mut self.members).await
    }

    fn held(&self) -> usize {
        self.members.count()
    }
}
