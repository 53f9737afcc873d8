//! What happened in a repair.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::device::LightChannel;
use crate::ids::{HallId, RepairId, SessionId, TableId};

/// What is wrong with a table's light.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Fault {
    /// It did not come on for a session.
    NotConfirmed,
    /// It did not answer to repeated commands.
    Unreachable,
    /// It answers, and is not as it was told to be: stuck, or welded.
    Mismatch,
    /// Its device is not there.
    Offline,
    /// Staff say so.
    Reported {
        /// In their words.
        words: String,
    },
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Ticket {
    /// The repair.
    pub repair_id: RepairId,
    /// Where the table stands.
    pub hall_id: HallId,
    /// The table.
    pub table_id: TableId,
    /// The light over it.
    pub light: LightChannel,
    /// What is wrong with it.
    pub fault: Fault,
    /// Since when.
    pub since: Timestamp,
    /// The session that it ended, or that did not begin.
    pub session_id: Option<SessionId>,
}

/// Events of the stream `Repair/<repair_id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum RepairEvent {
    /// Something has to be repaired; the table is off sale until it is.
    RepairOpened {
        /// What and where.
        ticket: Ticket,
        /// When.
        at: Timestamp,
    },
    /// Somebody sees to it.
    RepairStarted {
        /// Who.
        by: Uuid,
        /// When.
        at: Timestamp,
    },
    /// The work is done.
    RepairCompleted {
        /// Who says so.
        by: Uuid,
        /// What was done.
        note: String,
        /// When.
        at: Timestamp,
    },
    /// The light is switched on and off three times.
    RepairTestStarted {
        /// Which test, from 1.
        test: u32,
        /// The light.
        light: LightChannel,
        /// How long it may take to answer each command.
        answer_seconds: u32,
        /// When.
        at: Timestamp,
    },
    /// The light did everything that it was told: the table is back on sale.
    RepairTestPassed {
        /// Which test.
        test: u32,
        /// When.
        at: Timestamp,
    },
    /// It did not: back to repair.
    RepairTestFailed {
        /// Which test.
        test: u32,
        /// Which of its six commands was not answered, from 1.
        step: u32,
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(RepairEvent: RepairOpened, RepairStarted, RepairCompleted, RepairTestStarted, RepairTestPassed, RepairTestFailed);
