//! What happened to a table.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::device::LightChannel;
use crate::ids::{HallId, SessionId, TableId, TariffPlanId};

use super::TableClass;

/// Events of the stream `Table/<table_id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TableEvent {
    /// A table was set up in a hall.
    TableRegistered {
        /// The table.
        table_id: TableId,
        /// Where it stands.
        hall_id: HallId,
        /// What is written on it, such as `A3`.
        label: String,
        /// What is played on it.
        class: TableClass,
        /// The plan by which it is billed.
        tariff_plan_id: TariffPlanId,
        /// The light over it.
        light: LightChannel,
        /// The unguessable text in its code.
        qr_token: String,
    },
    /// A session took the table.
    TableOccupied {
        /// The session.
        session_id: SessionId,
        /// When.
        at: Timestamp,
    },
    /// The session left the table; it is free again unless under maintenance.
    TableReleased {
        /// The session.
        session_id: SessionId,
        /// When.
        at: Timestamp,
    },
    /// The table left sale.
    MaintenanceStarted {
        /// Why, for customers to read.
        reason: String,
        /// When it is expected back.
        expected_end: Option<Timestamp>,
        /// When.
        at: Timestamp,
    },
    /// The table is back on sale.
    MaintenanceEnded {
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(TableEvent: TableRegistered, TableOccupied, TableReleased, MaintenanceStarted, MaintenanceEnded);
