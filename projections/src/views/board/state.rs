//! The board's rows in memory, found by table, by session and by light.

use std::collections::{HashMap, HashSet};

use baize_domain::Event;
use baize_domain::hall::HallEvent;
use baize_domain::session::TableSessionEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::engine::{Decoded, State, Visitor};
use crate::store::{Instant, Rows, TableNames};

use super::fold::{leave, stream_id, take};
use super::rows::{HallRow, TableRow};

/// Rows and the indexes over them.
#[derive(Debug, Default)]
pub struct BoardState {
    pub(super) halls: Rows<HallRow>,
    pub(super) tables: Rows<TableRow>,
    by_session: HashMap<Uuid, Uuid>,
    by_device: HashMap<Uuid, Vec<Uuid>>,
    /// Devices of which all tables are held.
    devices_loaded: HashSet<Uuid>,
}

impl BoardState {
    pub(super) fn put_table(&mut self, row: TableRow) {
        self.index(row.table_id, row.light_device_id, row.session_id);
        self.tables.put(row);
    }

    /// Changes a table and says whether it is held.
    pub(super) fn change_table(&mut self, table_id: Uuid, position: i64, change: impl FnOnce(&mut TableRow)) -> bool {
        let Some(row) = self.tables.change(table_id) else {
            return false;
        };
        let (before, lit_before) = (row.session_id, row.light_device_id);
        change(row);
        row.derive();
        row.position = position;
        let (after, lit_after) = (row.session_id, row.light_device_id);
        if lit_before != lit_after {
            self.index(table_id, lit_after, after);
        }
        if before != after {
            if let Some(before) = before {
                self.by_session.remove(&before);
            }
            if let Some(after) = after {
                self.by_session.insert(after, table_id);
            }
        }
        true
    }

    /// The table that a session has.
    pub(super) fn table_of(&self, session_id: Uuid) -> Option<Uuid> {
        self.by_session.get(&session_id).copied()
    }

    /// Moves what is known of a session from one table's row to another's, and says whether both are held.
    pub(super) fn move_session(
        &mut self,
        session_id: Uuid,
        from: Uuid,
        to: Uuid,
        until: Instant,
        position: i64,
    ) -> bool {
        let Some(left) = self.tables.get(from).cloned() else {
            return false;
        };
        let left_it = self.change_table(from, position, |row| {
            if row.session_id == Some(session_id) {
                leave(row);
            }
        });
        left_it
            && self.change_table(to, position, |row| {
                take(row, session_id);
                row.opened_at = left.opened_at;
                row.billing_started_at = left.billing_started_at;
                row.secured_until = Some(until);
                row.prepaid = left.prepaid;
            })
    }

    /// The tables over which an output's light hangs.
    pub(super) fn tables_lit_by(&self, device_id: Uuid, channel: i16) -> Vec<Uuid> {
        let tables = self.by_device.get(&device_id).into_iter().flatten().copied();
        tables
            // A table that was given another light is still found under the old one.
            .filter(|id| {
                self.tables
                    .get(*id)
                    .is_some_and(|row| row.light_device_id == device_id && row.light_channel == channel)
            })
            .collect()
    }

    pub(super) async fn load(
        &mut self,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        let wanted = self.wanted(events);
        if wanted.is_empty() {
            return Ok(());
        }
        let halls = wanted.halls.into_iter().collect();
        self.halls.load(connection, names, "hall_id", halls).await?;
        let devices: Vec<_> = wanted.devices.into_iter().collect();
        let mut loaded = Vec::new();
        for (column, values) in [
            ("table_id", wanted.tables.into_iter().collect()),
            ("session_id", wanted.sessions.into_iter().collect()),
            ("light_device_id", devices.clone()),
        ] {
            loaded.extend(self.tables.load(connection, names, column, values).await?);
        }
        self.devices_loaded.extend(devices);
        for table_id in loaded {
            if let Some(row) = self.tables.get(table_id) {
                let (device_id, session_id) = (row.light_device_id, row.session_id);
                self.index(table_id, device_id, session_id);
            }
        }
        Ok(())
    }

    fn index(&mut self, table_id: Uuid, device_id: Uuid, session_id: Option<Uuid>) {
        let tables = self.by_device.entry(device_id).or_default();
        if !tables.contains(&table_id) {
            tables.push(table_id);
        }
        if let Some(session_id) = session_id {
            self.by_session.insert(session_id, table_id);
        }
    }

    fn wanted(&self, events: &[Decoded<'_>]) -> Wanted {
        let mut wanted = Wanted::default();
        let held = |table_id| self.tables.get(table_id).is_some();
        for decoded in events {
            // A stream whose id is no UUID has no rows; folding its event will say so.
            let Ok(id) = stream_id(decoded) else { continue };
            match &decoded.event {
                Event::Table(_) => wanted.tables.extend((!held(id)).then_some(id)),
                Event::TableSession(TableSessionEvent::SessionOpened { table_id, .. }) => {
                    wanted.tables.extend((!held(table_id.0)).then_some(table_id.0));
                }
                Event::TableSession(TableSessionEvent::SessionTransferred {
                    from_table_id,
                    table_id,
                    ..
                }) => {
                    let both = [from_table_id.0, table_id.0];
                    wanted.tables.extend(both.into_iter().filter(|id| !held(*id)));
                }
                Event::TableSession(_) => {
                    wanted.sessions.extend(self.table_of(id).is_none().then_some(id));
                }
                Event::Device(_) => {
                    wanted
                        .devices
                        .extend((!self.devices_loaded.contains(&id)).then_some(id));
                }
                Event::Hall(HallEvent::HallRegistered { .. })
                | Event::Calendar(_)
                | Event::Chain(_)
                | Event::Staff(_)
                | Event::PointsAccount(_)
                | Event::Payment(_)
                | Event::Refund(_)
                | Event::Gift(_)
                | Event::Reconciliation(_)
                | Event::Redemption(_)
                | Event::BillSplit(_)
                | Event::Repair(_)
                | Event::Compensation(_)
                | Event::Complaint(_)
                | Event::TariffPlan(_)
                | Event::Member(_)
                | Event::Identity(_)
                | Event::Wallet(_)
                | Event::Journal(_) => {}
                Event::Hall(_) => wanted.halls.extend(self.halls.get(id).is_none().then_some(id)),
            }
        }
        wanted
    }
}

/// What has to be looked up, by each of the ways.
#[derive(Default)]
struct Wanted {
    halls: HashSet<Uuid>,
    tables: HashSet<Uuid>,
    sessions: HashSet<Uuid>,
    devices: HashSet<Uuid>,
}

impl Wanted {
    fn is_empty(&self) -> bool {
        self.halls.is_empty() && self.tables.is_empty() && self.sessions.is_empty() && self.devices.is_empty()
    }
}

impl State for BoardState {
    async fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.rows(&mut self.halls).await?;
        visitor.rows(&mut self.tables).await
    }

    fn held(&self) -> usize {
        self.halls.count() + self.tables.count()
    }
}
