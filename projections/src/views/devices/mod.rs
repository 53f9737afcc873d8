//! Devices: what each was told and said, its history, the repairs of a hall and what its staff have to know.

mod fold;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use sqlx::PgConnection;

use crate::engine::{Contradiction, Decoded, View};
use crate::store::{Row, TableDef, TableNames};

pub use rows::{
    AlertKind, AlertRow, DeviceRow, FaultKind, HistoryKind, HistoryRow, IncidentRow, LabelRow, OutputState, Phase,
    RepairRow, Standing,
};
pub use state::DevicesState;

/// The view `devices`.
#[derive(Debug)]
pub struct Devices;

impl View for Devices {
    const NAME: &'static str = "devices";
    const SHAPE: i32 = 2;
    const TABLES: &'static [TableDef] = &[
        DeviceRow::TABLE,
        HistoryRow::TABLE,
        RepairRow::TABLE,
        AlertRow::TABLE,
        IncidentRow::TABLE,
        LabelRow::TABLE,
    ];

    type State = DevicesState;
    type Change = ();

    fn concerns(aggregate_type: &str, event_type: &str) -> bool {
        match aggregate_type {
            "Device" | "Repair" => true,
            "Complaint" => event_type == "ComplaintFiled",
            "Table" => matches!(event_type, "TableRegistered" | "TableRenamed"),
            _ => false,
        }
    }

    async fn load(
        state: &mut DevicesState,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        state.load(connection, names, events).await
    }

    fn fold(state: &mut DevicesState, event: &Decoded<'_>) -> Result<(), Contradiction> {
        fold::fold(state, event)
    }

    fn change(_: &DevicesState) {}
}
