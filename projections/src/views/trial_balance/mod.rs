//! The books: what was posted to each account, by chain and hall. Since every transaction balances and is of one chain and one hall or none, so do
//! the accounts of each.

mod fold;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use sqlx::PgConnection;

use crate::engine::{Contradiction, Decoded, View};
use crate::store::{Row, TableDef, TableNames};

pub use rows::{AccountName, AccountRow, HallRow, MemberRow};
pub use state::TrialBalanceState;

/// The view `trial_balance`.
#[derive(Debug)]
pub struct TrialBalance;

/// Events that say of which chain somebody is.
const JOINED: &[&str] = &["MemberRegistered", "GuestStarted"];

impl View for TrialBalance {
    const NAME: &'static str = "trial_balance";
    const SHAPE: i32 = 1;
    const TABLES: &'static [TableDef] = &[AccountRow::TABLE, HallRow::TABLE, MemberRow::TABLE];

    type State = TrialBalanceState;
    type Change = ();

    fn concerns(aggregate_type: &str, event_type: &str) -> bool {
        match aggregate_type {
            "Journal" => true,
            "Hall" => event_type == "HallRegistered",
            "Member" => JOINED.contains(&event_type),
            _ => false,
        }
    }

    async fn load(
        state: &mut TrialBalanceState,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        state.load(connection, names, events).await
    }

    fn fold(state: &mut TrialBalanceState, event: &Decoded<'_>) -> Result<(), Contradiction> {
        fold::fold(state, event)
    }

    fn change(_: &TrialBalanceState) {}
}
