//! A table and the light over it, each from its own stream.

use baize_domain::device::{DeviceEvent, FailureKind, LightChannel};
use baize_domain::ids::{HallId, SessionId};
use baize_domain::table::{TableClass, TableEvent};
use jiff::Timestamp;

use super::Claims;

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// In which hall.
    pub hall_id: HallId,
    /// What is written on it.
    pub label: String,
    /// What is played on it.
    pub class: TableClass,
    /// The light over it.
    pub light: LightChannel,
    /// The session that has it.
    pub session: Option<SessionId>,
    /// Why it is off sale.
    pub maintenance: Option<String>,
    /// When it is expected back.
    pub expected_end: Option<Timestamp>,
}

/// A light.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Light {
    /// The newest desired state.
    pub rev: u64,
    /// What is desired.
    pub desired: bool,
    /// What the device last said.
    pub lit: bool,
    /// The newest desired state was missed for good.
    pub failed: bool,
}

impl Table {
    pub(super) fn registered(event: &TableEvent) -> Option<Self> {
        let TableEvent::TableRegistered {
            hall_id,
            label,
            class,
            light,
            ..
        } = event
        else {
            return None;
        };
        Some(Self {
            hall_id: *hall_id,
            label: label.clone(),
            class: *class,
            light: *light,
            session: None,
            maintenance: None,
            expected_end: None,
        })
    }

    pub(super) fn apply(&mut self, event: &TableEvent, mut claims: Claims<'_>) {
        match event {
            TableEvent::TableOccupied { session_id, .. } => {
                claims.that(self.session.is_none(), "occupied already");
                self.session = Some(*session_id);
            }
            TableEvent::TableReleased { session_id, .. } => {
                let had_it = self.session.take();
                claims.that(
                    had_it == Some(*session_id),
                    "released by a session that did not have it",
                );
            }
            TableEvent::MaintenanceStarted {
                reason, expected_end, ..
            } => {
                self.maintenance = Some(reason.clone());
                self.expected_end = *expected_end;
            }
            TableEvent::MaintenanceEnded { .. } => {
                self.maintenance = None;
                self.expected_end = None;
            }
            TableEvent::TableRenamed { label } => self.label.clone_from(label),
            TableEvent::TableLightChanged { light } => self.light = *light,
            TableEvent::TableRegistered { .. }
            | TableEvent::TableReclassified { .. }
            | TableEvent::TableTariffChanged { .. }
            | TableEvent::QrTokenRotated { .. }
            | TableEvent::TableRetired { .. } => {}
        }
    }
}

impl Light {
    pub(super) fn apply(&mut self, rev: u64, event: &DeviceEvent, mut claims: Claims<'_>) {
        match event {
            DeviceEvent::LightDesired { on, not_after, .. } => {
                claims.that(rev > self.rev, "a desired state that is not newer than the last");
                claims.that(!on || not_after.is_some(), "a light without an end");
                *self = Self {
                    rev,
                    desired: *on,
                    lit: self.lit,
                    failed: false,
                };
            }
            DeviceEvent::LightConfirmed { on, .. } => {
                self.lit = *on;
                self.failed &= rev != self.rev;
            }
            DeviceEvent::LightExpired { .. } => {
                self.lit = false;
                if rev == self.rev {
                    (self.desired, self.failed) = (false, false);
                }
            }
            DeviceEvent::LightFailed { kind, .. } => {
                self.failed |= rev == self.rev && *kind != FailureKind::Late;
            }
            DeviceEvent::DeviceRegistered { .. }
            | DeviceEvent::DeviceRetired { .. }
            | DeviceEvent::DeviceWentOffline { .. }
            | DeviceEvent::DeviceCameBack { .. }
            | DeviceEvent::DeviceFlapped { .. } => {}
        }
    }
}
