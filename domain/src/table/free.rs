//! Which tables of a hall are free: what whoever finds a table taken can be offered instead.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::ids::{HallId, TableId};

use super::{TableClass, TableEvent};

/// A free table, as a customer is offered it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FreeTable {
    /// The table.
    pub table_id: TableId,
    /// What is written on it.
    pub label: String,
    /// What is played on it.
    pub class: TableClass,
}

/// Every table of every hall and whether it is free, folded from the tables' events in the order of the log.
#[derive(Clone, Debug, Default)]
pub struct FreeTables {
    halls: HashMap<HallId, Vec<TableId>>,
    tables: HashMap<TableId, Standing>,
}

#[derive(Clone, Debug)]
struct Standing {
    hall_id: HallId,
    table: FreeTable,
    occupied: bool,
    maintained: bool,
    retired: bool,
}

impl FreeTables {
    /// Folds an event of a table's stream in.
    pub fn evolve(&mut self, table_id: TableId, event: &TableEvent) {
        if let TableEvent::TableRegistered {
            hall_id, label, class, ..
        } = event
        {
            let table = FreeTable {
                table_id,
                label: label.clone(),
                class: *class,
            };
            self.register(*hall_id, table);
            return;
        }
        let Some(standing) = self.tables.get_mut(&table_id) else {
            return;
        };
        match event {
            TableEvent::TableRegistered { .. }
            | TableEvent::TableTariffChanged { .. }
            | TableEvent::TableLightChanged { .. }
            | TableEvent::QrTokenRotated { .. } => {}
            TableEvent::TableRenamed { label } => standing.table.label.clone_from(label),
            TableEvent::TableReclassified { class } => standing.table.class = *class,
            TableEvent::TableRetired { .. } => standing.retired = true,
            TableEvent::TableOccupied { .. } => standing.occupied = true,
            TableEvent::TableReleased { .. } => standing.occupied = false,
            TableEvent::MaintenanceStarted { .. } => standing.maintained = true,
            TableEvent::MaintenanceEnded { .. } => standing.maintained = false,
        }
    }

    /// At most `max` free tables of the hall that `table_id` stands in: those of its class first, each class by label.
    pub fn beside(&self, table_id: TableId, max: usize) -> Vec<FreeTable> {
        let Some(taken) = self.tables.get(&table_id) else {
            return Vec::new();
        };
        let of_hall = self.halls.get(&taken.hall_id).map_or(&[][..], Vec::as_slice);
        let mut free: Vec<&FreeTable> = of_hall
            .iter()
            .filter(|other| **other != table_id)
            .filter_map(|other| self.tables.get(other))
            .filter(|standing| !standing.occupied && !standing.maintained && !standing.retired)
            .map(|standing| &standing.table)
            .collect();
        // A2 comes before A10.
        free.sort_by_key(|table| (table.class != taken.table.class, table.label.len(), table.label.clone()));
        free.into_iter().take(max).cloned().collect()
    }

    fn register(&mut self, hall_id: HallId, table: FreeTable) {
        self.halls.entry(hall_id).or_default().push(table.table_id);
        let standing = Standing {
            hall_id,
            occupied: false,
            maintained: false,
            retired: false,
            table,
        };
        self.tables.insert(standing.table.table_id, standing);
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use crate::device::LightChannel;
    use crate::ids::SessionId;

    use super::*;

    fn id(n: u128) -> TableId {
        TableId(Uuid::from_u128(n))
    }

    fn registered(n: u128, hall: u128, label: &str, class: TableClass) -> TableEvent {
        TableEvent::TableRegistered {
            table_id: id(n),
            hall_id: HallId(Uuid::from_u128(hall)),
            label: label.into(),
            class,
            tariff_plan_id: crate::ids::TariffPlanId::default(),
            light: LightChannel {
                device_id: crate::ids::DeviceId::default(),
                channel: 1,
            },
            qr_token: "a-token-of-a-table".into(),
        }
    }

    fn hall() -> FreeTables {
        let mut tables = FreeTables::default();
        let eight = TableClass::ChineseEightBall;
        for (n, hall, label, class) in [
            (1, 1, "A10", eight),
            (2, 1, "A2", eight),
            (3, 1, "S1", TableClass::Snooker),
            (4, 1, "A1", eight),
            (5, 2, "B1", eight),
        ] {
            tables.evolve(id(n), &registered(n, hall, label, class));
        }
        tables
    }

    fn labels(tables: &FreeTables, beside: u128, max: usize) -> Vec<String> {
        let free = tables.beside(id(beside), max);
        free.into_iter().map(|table| table.label).collect()
    }

    #[test]
    fn free_tables_of_the_same_hall_are_offered_those_of_the_same_class_first() {
        assert_eq!(labels(&hall(), 4, 9), ["A2", "A10", "S1"]);
        assert_eq!(labels(&hall(), 3, 2), ["A1", "A2"]);
        assert!(labels(&hall(), 5, 9).is_empty());
        assert!(labels(&hall(), 77, 9).is_empty());
    }

    #[test]
    fn a_table_in_use_or_in_maintenance_is_not_offered_until_it_is_back_nor_one_that_is_gone() {
        let mut tables = hall();
        let (session_id, at) = (SessionId::default(), Timestamp::UNIX_EPOCH);
        tables.evolve(id(2), &TableEvent::TableOccupied { session_id, at });
        let maintenance = TableEvent::MaintenanceStarted {
            reason: "新台呢".into(),
            expected_end: None,
            repair_id: None,
            at,
        };
        tables.evolve(id(1), &maintenance);
        assert_eq!(labels(&tables, 4, 9), ["S1"]);
        tables.evolve(id(2), &TableEvent::TableReleased { session_id, at });
        tables.evolve(id(1), &TableEvent::MaintenanceEnded { at });
        assert_eq!(labels(&tables, 4, 9), ["A2", "A10", "S1"]);
        tables.evolve(id(2), &TableEvent::TableRetired { at });
        tables.evolve(id(1), &TableEvent::TableRenamed { label: "S9".into() });
        assert_eq!(labels(&tables, 4, 9), ["S9", "S1"]);
    }
}
