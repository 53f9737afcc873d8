//! What a table can be asked.

use jiff::Timestamp;

use crate::device::LightChannel;
use crate::ids::{SessionId, TariffPlanId};

use super::{TableClass, TableProfile};

/// Commands of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum TableCommand {
    /// Set the table up.
    Register(TableProfile),
    /// Change what the table is; what is absent stays.
    Change(TableChange),
    /// Give it another code.
    RotateQrToken {
        /// The unguessable text in the new code.
        qr_token: String,
    },
    /// Take it out of the hall for good.
    Retire {
        /// When.
        at: Timestamp,
    },
    /// Give the table to a session.
    Occupy {
        /// The session.
        session_id: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Take the table back from a session.
    Release {
        /// The session.
        session_id: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Take the table off sale.
    StartMaintenance {
        /// Why, for customers to read.
        reason: String,
        /// When it is expected back.
        expected_end: Option<Timestamp>,
        /// When.
        at: Timestamp,
    },
    /// Put the table back on sale.
    EndMaintenance {
        /// When.
        at: Timestamp,
    },
}

/// What may change of a table; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct TableChange {
    /// What is written on it.
    pub label: Option<String>,
    /// What is played on it.
    pub class: Option<TableClass>,
    /// The plan by which it is billed.
    pub tariff_plan_id: Option<TariffPlanId>,
    /// The light over it.
    pub light: Option<LightChannel>,
}
