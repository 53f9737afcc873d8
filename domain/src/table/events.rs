//! What happened to a table.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::device::LightChannel;
use crate::ids::{HallId, RepairId, SessionId, TableId, TariffPlanId};

use super::TableClass;

/// Events of the stream `Table/<table_id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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
    /// Another label is written on it.
    TableRenamed {
        /// What is written on it.
        label: String,
    },
    /// Something else is played on it.
    TableReclassified {
        /// What is played on it.
        class: TableClass,
    },
    /// It is billed by another plan, for sessions opened from now on.
    TableTariffChanged {
        /// The plan.
        tariff_plan_id: TariffPlanId,
    },
    /// Another light hangs over it.
    TableLightChanged {
        /// The light.
        light: LightChannel,
    },
    /// It has another code; the old one is worth nothing from now on.
    QrTokenRotated {
        /// The unguessable text in the new code.
        qr_token: String,
    },
    /// It left the hall for good.
    TableRetired {
        /// When.
        at: Timestamp,
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
        /// The repair that must end first, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        repair_id: Option<RepairId>,
        /// When.
        at: Timestamp,
    },
    /// The table is back on sale.
    MaintenanceEnded {
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(TableEvent: TableRegistered, TableRenamed, TableReclassified, TableTariffChanged, TableLightChanged, QrTokenRotated, TableRetired, TableOccupied, TableReleased, MaintenanceStarted, MaintenanceEnded);
