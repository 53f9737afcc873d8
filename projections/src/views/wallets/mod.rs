//! Wallets: what each member has, and the statement that explains it.

mod fold;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use sqlx::PgConnection;

use crate::engine::{Contradiction, Decoded, View};
use crate::store::{Row, TableDef, TableNames};

pub use rows::{EntryKind, EntryRow, WalletRow};
pub use state::WalletsState;

/// The view `wallets`.
#[derive(Debug)]
pub struct Wallets;

impl View for Wallets {
    const NAME: &'static str = "wallets";
    const SHAPE: i32 = 2;
    const TABLES: &'static [TableDef] = &[WalletRow::TABLE, EntryRow::TABLE];

    type State = WalletsState;
    type Change = ();

    fn concerns(aggregate_type: &str, event_type: &str) -> bool {
        aggregate_type == "Wallet" && !["PrepaidSettled", "ShareDelivered"].contains(&event_type)
    }

    async fn load(
        state: &mut WalletsState,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        state.load(connection, names, events).await
    }

    fn fold(state: &mut WalletsState, event: &Decoded<'_>) -> Result<(), Contradiction> {
        fold::fold(state, event)
    }

    fn change(_: &WalletsState) {}
}
