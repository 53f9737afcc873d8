//! What a repair is.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{RepairEvent, Ticket};

/// How far a repair has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RepairPhase {
    /// Nobody sees to it yet, once there is a ticket.
    #[default]
    Open,
    /// Somebody does.
    Started,
    /// The work is done.
    Completed,
    /// The light is being tested.
    Testing,
    /// The test was passed.
    Closed,
}

/// A repair, opened or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// What is wrong, and where; nothing before.
    pub ticket: Option<Arc<Ticket>>,
    /// How far it has come.
    pub phase: RepairPhase,
    /// Who sees to it.
    pub assigned_to: Option<Uuid>,
    /// Tests so far.
    pub tests: u32,
}

impl Repair {
    /// Folds an event in.
    pub fn evolve(&mut self, event: &RepairEvent) {
        match event {
            RepairEvent::RepairOpened { ticket, .. } => self.ticket = Some(Arc::new(ticket.clone())),
            RepairEvent::RepairStarted { by, .. } => {
                self.phase = RepairPhase::Started;
                self.assigned_to = Some(*by);
            }
            RepairEvent::RepairCompleted { .. } => self.phase = RepairPhase::Completed,
            RepairEvent::RepairTestStarted { test, .. } => {
                self.phase = RepairPhase::Testing;
                self.tests = *test;
            }
            RepairEvent::RepairTestPassed { .. } => self.phase = RepairPhase::Closed,
            RepairEvent::RepairTestFailed { .. } => {
                self.phase = RepairPhase::Open;
                self.assigned_to = None;
            }
        }
    }
}
