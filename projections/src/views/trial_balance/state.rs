//! Accounts in memory, and to which chains halls and members belong.

use baize_domain::Event;
use baize_domain::journal::JournalEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::engine::{Decoded, State, Visitor};
use crate::store::{Rows, TableNames};

use super::fold::account_id;
use super::rows::{AccountRow, HallRow, MemberRow};

/// Accounts by what they are of, halls and members by their ids.
#[derive(Debug, Default)]
pub struct TrialBalanceState {
    pub(super) accounts: Rows<AccountRow>,
    pub(super) halls: Rows<HallRow>,
    pub(super) members: Rows<MemberRow>,
}

impl TrialBalanceState {
    /// Loads halls and members first: they say to which accounts is posted.
    pub(super) async fn load(
        &mut self,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        let posted = || {
            events.iter().filter_map(|decoded| match &decoded.event {
                Event::Journal(JournalEvent::TransactionPosted {
                    hall_id,
                    member_id,
                    entries,
                    ..
                }) => Some((hall_id.map(|hall_id| hall_id.0), member_id.0, entries)),
                _ => None,
            })
        };
        let halls = posted().filter_map(|(hall_id, ..)| hall_id);
        let halls = once(halls.filter(|id| self.halls.get(*id).is_none()));
        self.halls.load(connection, names, "hall_id", halls).await?;
        let members = posted().map(|(_, member_id, _)| member_id);
        let members = once(members.filter(|id| self.members.get(*id).is_none()));
        self.members.load(connection, names, "member_id", members).await?;
        let mut accounts = Vec::new();
        for (hall_id, member_id, entries) in posted() {
            // A batch that posts before it says of which chain the member is posts to no chain's account.
            for chain_id in [None, self.chain(hall_id, member_id)] {
                let ids = entries
                    .iter()
                    .map(|entry| account_id(chain_id, hall_id, entry.account.into()));
                accounts.extend(ids);
            }
        }
        let accounts = once(accounts.into_iter().filter(|id| self.accounts.get(*id).is_none()));
        self.accounts.load(connection, names, "account_id", accounts).await?;
        Ok(())
    }

    /// The chain of what is posted.
    pub(super) fn chain(&self, hall_id: Option<Uuid>, member_id: Uuid) -> Option<Uuid> {
        let of_hall = hall_id.and_then(|hall_id| self.halls.get(hall_id));
        let of_member = || self.members.get(member_id).map(|member| member.chain_id);
        of_hall.map(|hall| hall.chain_id).or_else(of_member)
    }
}

fn once(ids: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    let mut ids: Vec<_> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

impl State for TrialBalanceState {
    async fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.rows(&mut self.accounts).await?;
        visitor.rows(&mut self.halls).await?;
        visitor.rows(&mut self.members).await
    }

    fn held(&self) -> usize {
        self.accounts.count() + self.halls.count() + self.members.count()
    }
}
