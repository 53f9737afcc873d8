//! The board: the tables of each hall as customers and staff see them now.
//!
//! A table's status, its session's times and its light change with four aggregates: the table itself, the session that
//! has it (found by session id) and the device over it (found by output).

mod fold;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use sqlx::PgConnection;

use crate::engine::{Contradiction, Decoded, View};
use crate::store::{Row, TableDef, TableNames};

pub use rows::{HallRow, LightStatus, TableClass, TableRow, TableStatus};
pub use state::BoardState;

/// The view `board`.
#[derive(Debug)]
pub struct Board;

/// Events of the aggregates that the board looks at which change nothing on it.
const UNSEEN: &[&str] = &[
    "HallPolicyChanged",
    "BusinessDayCutoffChanged",
    "TableListed",
    "TableDelisted",
    "DeviceListed",
    "DeviceDelisted",
    "DisplayLinkIssued",
    "DisplayLinkRevoked",
    "TableTariffChanged",
    "QrTokenRotated",
    "DeviceRegistered",
    "DeviceRetired",
    "DeviceWentOffline",
    "DeviceCameBack",
    "DeviceFlapped",
    "CustomerWarned",
    "GoodsAdded",
    "GoodsRemoved",
    "GoodsListed",
    "SessionSettled",
];

impl View for Board {
    const NAME: &'static str = "board";
    const SHAPE: i32 = 2;
    const TABLES: &'static [TableDef] = &[HallRow::TABLE, TableRow::TABLE];

    type State = BoardState;
    type Change = Arc<[TableRow]>;

    fn concerns(aggregate_type: &str, event_type: &str) -> bool {
        matches!(aggregate_type, "Hall" | "Table" | "TableSession" | "Device") && !UNSEEN.contains(&event_type)
    }

    async fn load(
        state: &mut BoardState,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        state.load(connection, names, events).await
    }

    fn fold(state: &mut BoardState, event: &Decoded<'_>) -> Result<(), Contradiction> {
        fold::fold(state, event)
    }

    fn change(state: &BoardState) -> Arc<[TableRow]> {
        state.tables.changed().cloned().collect()
    }
}
