//! What a table is.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::device::LightChannel;
use crate::ids::{HallId, RepairId, SessionId, TableId, TariffPlanId};

use super::{TableClass, TableEvent};

/// A table, registered or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What was registered; nothing before.
    pub profile: Option<Arc<TableProfile>>,
    /// The session that has it.
    pub session_id: Option<SessionId>,
    /// Why it is off sale, if it is.
    pub maintenance: Option<Arc<Maintenance>>,
    /// Whether it left the hall for good.
    #[serde(default)]
    pub retired: bool,
}

/// What is known of a registered table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableProfile {
    /// The table.
    pub table_id: TableId,
    /// Where it stands.
    pub hall_id: HallId,
    /// What is written on it.
    pub label: String,
    /// What is played on it.
    pub class: TableClass,
    /// The plan by which it is billed.
    pub tariff_plan_id: TariffPlanId,
    /// The light over it.
    pub light: LightChannel,
    /// The unguessable text in its code.
    pub qr_token: String,
}

/// Why a table is off sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// For customers to read.
    pub reason: String,
    /// When it is expected back.
    pub expected_end: Option<Timestamp>,
    /// The repair that must end first, if there is one.
    #[serde(default)]
    pub repair_id: Option<RepairId>,
}

impl Table {
    /// Folds an event in.
    pub fn evolve(&mut self, event: &TableEvent) {
        match event {
            TableEvent::TableRegistered {
                table_id,
                hall_id,
                label,
                class,
                tariff_plan_id,
                light,
                qr_token,
            } => {
                self.profile = Some(Arc::new(TableProfile {
                    table_id: *table_id,
                    hall_id: *hall_id,
                    label: label.clone(),
                    class: *class,
                    tariff_plan_id: *tariff_plan_id,
                    light: *light,
                    qr_token: qr_token.clone(),
                }));
            }
            TableEvent::TableRenamed { label } => self.change(|profile| profile.label.clone_from(label)),
            TableEvent::TableReclassified { class } => self.change(|profile| profile.class = *class),
            TableEvent::TableTariffChanged { tariff_plan_id } => {
                self.change(|profile| profile.tariff_plan_id = *tariff_plan_id);
            }
            TableEvent::TableLightChanged { light } => self.change(|profile| profile.light = *light),
            TableEvent::QrTokenRotated { qr_token } => self.change(|profile| profile.qr_token.clone_from(qr_token)),
            TableEvent::TableRetired { .. } => self.retired = true,
            TableEvent::TableOccupied { session_id, .. } => self.session_id = Some(*session_id),
            TableEvent::TableReleased { session_id, .. } => {
                if self.session_id == Some(*session_id) {
                    self.session_id = None;
                }
            }
            TableEvent::MaintenanceStarted {
                reason,
                expected_end,
                repair_id,
                ..
            } => {
                self.maintenance = Some(Arc::new(Maintenance {
                    reason: reason.clone(),
                    expected_end: *expected_end,
                    repair_id: *repair_id,
                }));
            }
            TableEvent::MaintenanceEnded { .. } => self.maintenance = None,
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut TableProfile)) {
        if let Some(profile) = &mut self.profile {
            change(Arc::make_mut(profile));
        }
    }
}
