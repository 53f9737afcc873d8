//! The directory: chains, halls, tables, devices and tariffs as they are now, and which table a code belongs to.
//!
//! Each row follows from its own aggregate's stream alone, but for the codes, which follow from the tables'.

mod fold;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use sqlx::PgConnection;

use crate::engine::{Contradiction, Decoded, View};
use crate::store::{Row, TableDef, TableNames};

pub use rows::{ChainRow, CodeRow, DeviceRow, Driver, HallRow, TableRow, TariffRow, code_id};
pub use state::DirectoryState;

/// The view `directory`.
#[derive(Debug)]
pub struct Directory;

/// Events of the aggregates that the directory looks at which change nothing in it.
const UNSEEN: &[&str] = &[
    "HallPolicyChanged",
    "TableListed",
    "TableDelisted",
    "DeviceListed",
    "DeviceDelisted",
    "DisplayLinkIssued",
    "DisplayLinkRevoked",
    "LightDesired",
    "LightConfirmed",
    "LightExpired",
    "LightFailed",
    "DeviceWentOffline",
    "DeviceCameBack",
    "DeviceFlapped",
];

impl View for Directory {
    const NAME: &'static str = "directory";
    const SHAPE: i32 = 2;
    const TABLES: &'static [TableDef] = &[
        ChainRow::TABLE,
        HallRow::TABLE,
        TableRow::TABLE,
        CodeRow::TABLE,
        DeviceRow::TABLE,
        TariffRow::TABLE,
    ];

    type State = DirectoryState;
    type Change = ();

    fn concerns(aggregate_type: &str, event_type: &str) -> bool {
        matches!(aggregate_type, "Chain" | "Hall" | "Table" | "Device" | "TariffPlan") && !UNSEEN.contains(&event_type)
    }

    async fn load(
        state: &mut DirectoryState,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        state.load(connection, names, events).await
    }

    fn fold(state: &mut DirectoryState, event: &Decoded<'_>) -> Result<(), Contradiction> {
        fold::fold(state, event)
    }

    fn change(_: &DirectoryState) {}
}
