//! The directory's rows in memory.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;
use uuid::Uuid;

use crate::engine::{Decoded, State, Visitor};
use crate::store::{Rows, TableNames};

use super::fold::stream_id;
use super::rows::{ChainRow, CodeRow, DeviceRow, HallRow, TableRow, TariffRow};

/// Rows by their ids.
#[derive(Debug, Default)]
pub struct DirectoryState {
    pub(super) chains: Rows<ChainRow>,
    pub(super) halls: Rows<HallRow>,
    pub(super) tables: Rows<TableRow>,
    pub(super) codes: Rows<CodeRow>,
    pub(super) devices: Rows<DeviceRow>,
    pub(super) tariffs: Rows<TariffRow>,
}

impl DirectoryState {
    pub(super) async fn load(
        &mut self,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        let mut wanted: HashMap<&str, HashSet<Uuid>> = HashMap::new();
        for decoded in events {
            // A stream whose id is no UUID has no rows; folding its event will say so.
            let Ok(id) = stream_id(decoded) else { continue };
            let aggregate_type = decoded.event.aggregate_type();
            let held = match aggregate_type {
                "Chain" => self.chains.get(id).is_some(),
                "Hall" => self.halls.get(id).is_some(),
                "Table" => self.tables.get(id).is_some(),
                "Device" => self.devices.get(id).is_some(),
                // Published anew as a whole.
                _ => true,
            };
            if !held {
                wanted.entry(aggregate_type).or_default().insert(id);
            }
        }
        let mut of = |aggregate_type: &str| -> Vec<Uuid> {
            wanted.remove(aggregate_type).unwrap_or_default().into_iter().collect()
        };
        self.chains.load(connection, names, "chain_id", of("Chain")).await?;
        self.halls.load(connection, names, "hall_id", of("Hall")).await?;
        self.tables.load(connection, names, "table_id", of("Table")).await?;
        self.devices.load(connection, names, "device_id", of("Device")).await?;
        Ok(())
    }
}

impl State for DirectoryState {
    async fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.rows(&mut self.chains).await?;
        visitor.rows(&mut self.halls).await?;
        visitor.rows(&mut self.tables).await?;
        visitor.rows(&mut self.codes).await?;
        visitor.rows(&mut self.devices).await?;
        visitor.rows(&mut self.tariffs).await
    }

    fn held(&self) -> usize {
        self.chains.count()
            + self.halls.count()
            + self.tables.count()
            + self.codes.count()
            + self.devices.count()
            + self.tariffs.count()
    }
}
