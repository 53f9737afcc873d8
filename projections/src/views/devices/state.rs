//! Rows that are not yet written, and what they are made from.

use baize_domain::Event;
use baize_domain::device::DeviceEvent;
use baize_domain::repair::RepairEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::engine::{Decoded, State, Visitor};
use crate::store::{Row, Rows, TableNames};

use super::fold::stream_id;
use super::rows::{AlertRow, DeviceRow, HistoryRow, IncidentRow, LabelRow, RepairRow};

/// History and alerts by position; the rest by the ids of what it is about.
#[derive(Debug, Default)]
pub struct DevicesState {
    pub(super) devices: Rows<DeviceRow>,
    pub(super) history: Rows<HistoryRow>,
    pub(super) repairs: Rows<RepairRow>,
    pub(super) alerts: Rows<AlertRow>,
    pub(super) incidents: Rows<IncidentRow>,
    pub(super) labels: Rows<LabelRow>,
}

impl DevicesState {
    pub(super) async fn load(
        &mut self,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        let streams = |aggregate_type: &'static str| {
            let of_type = events
                .iter()
                .filter(move |decoded| decoded.event.aggregate_type() == aggregate_type);
            of_type.filter_map(|decoded| stream_id(decoded).ok())
        };
        let devices = absent(&self.devices, streams("Device"));
        self.devices.load(connection, names, "device_id", devices).await?;
        let repairs = absent(&self.repairs, streams("Repair"));
        self.repairs.load(connection, names, "repair_id", repairs).await?;
        let labels = absent(&self.labels, events.iter().filter_map(table_of));
        self.labels.load(connection, names, "table_id", labels).await?;
        let incidents = absent(&self.incidents, events.iter().filter_map(incident_of));
        self.incidents.load(connection, names, "incident_id", incidents).await?;
        Ok(())
    }
}

fn absent<R: Row<Key = Uuid>>(rows: &Rows<R>, ids: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    let mut wanted: Vec<_> = ids.filter(|id| rows.get(*id).is_none()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

/// The table whose label an event needs or changes.
fn table_of(decoded: &Decoded<'_>) -> Option<Uuid> {
    match &decoded.event {
        Event::Table(_) => stream_id(decoded).ok(),
        Event::Repair(RepairEvent::RepairOpened { ticket, .. }) => Some(ticket.table_id.0),
        _ => None,
    }
}

fn incident_of(decoded: &Decoded<'_>) -> Option<Uuid> {
    match &decoded.event {
        Event::Device(DeviceEvent::DeviceWentOffline { incident_id, .. }) => *incident_id,
        _ => None,
    }
}

impl State for DevicesState {
    async fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.rows(&mut self.devices).await?;
        visitor.rows(&mut self.history).await?;
        visitor.rows(&mut self.repairs).await?;
        visitor.rows(&mut self.alerts).await?;
        visitor.rows(&mut self.incidents).await?;
        visitor.rows(&mut self.labels).await
    }

    fn held(&self) -> usize {
        self.devices.count()
            + self.history.count()
            + self.repairs.count()
            + self.alerts.count()
            + self.incidents.count()
            + self.labels.count()
    }
}
