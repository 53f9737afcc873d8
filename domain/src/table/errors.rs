//! Why a table refuses.

use jiff::Timestamp;

use crate::ids::{RepairId, TableId};
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// There is no such table.
    #[error("there is no such table")]
    NotFound,
    /// The id is taken by a table with other content.
    #[error("table {0} exists with other content")]
    Exists(TableId),
    /// Another session has it.
    #[error("table {label} is occupied")]
    Occupied {
        /// The table.
        table_id: TableId,
        /// What is written on it.
        label: String,
    },
    /// It is off sale.
    #[error("table {label} is in maintenance: {reason}")]
    InMaintenance {
        /// The table.
        table_id: TableId,
        /// What is written on it.
        label: String,
        /// Why.
        reason: String,
        /// When it is expected back.
        expected_end: Option<Timestamp>,
    },
    /// A session has it, and it cannot be changed so under the players.
    #[error("somebody plays at table {label}")]
    InUse {
        /// The table.
        table_id: TableId,
        /// What is written on it.
        label: String,
    },
    /// A fault has not been repaired yet.
    #[error("table {label} is under repair")]
    UnderRepair {
        /// The table.
        table_id: TableId,
        /// What is written on it.
        label: String,
        /// The repair.
        repair_id: RepairId,
    },
    /// It left the hall for good.
    #[error("table {label} is no longer there")]
    Retired {
        /// The table.
        table_id: TableId,
        /// What is written on it.
        label: String,
    },
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<TableError> for Refusal {
    fn from(error: TableError) -> Self {
        let message = error.to_string();
        match error {
            TableError::NotFound => Self::new(
                RefusalKind::NotFound,
                "TABLE_NOT_FOUND",
                message,
                "Scan the table's code again, or ask the staff.",
            ),
            TableError::Exists(table_id) => Self::new(
                RefusalKind::AlreadyExists,
                "TABLE_EXISTS",
                message,
                "Use a new id for the new table.",
            )
            .with("table_id", table_id),
            TableError::Occupied { table_id, .. } => Self::new(
                RefusalKind::Precondition,
                "TABLE_OCCUPIED",
                message,
                "Choose another table.",
            )
            .with("table_id", table_id),
            TableError::InMaintenance {
                table_id,
                reason,
                expected_end,
                ..
            } => {
                let refusal = Self::new(
                    RefusalKind::Precondition,
                    "TABLE_IN_MAINTENANCE",
                    message,
                    "Choose another table.",
                )
                .with("table_id", table_id)
                .with("maintenance_reason", reason);
                match expected_end {
                    Some(end) => refusal.with("expected_end", end),
                    None => refusal,
                }
            }
            TableError::InUse { table_id, .. } => Self::new(
                RefusalKind::Precondition,
                "TABLE_IN_USE",
                message,
                "Wait until the session has ended, or close it.",
            )
            .with("table_id", table_id),
            TableError::UnderRepair {
                table_id, repair_id, ..
            } => Self::new(
                RefusalKind::Precondition,
                "TABLE_UNDER_REPAIR",
                message,
                "Finish the repair and test the light; the table comes back by itself when it passes.",
            )
            .with("table_id", table_id)
            .with("repair_id", repair_id),
            TableError::Retired { table_id, .. } => Self::new(
                RefusalKind::Precondition,
                "TABLE_RETIRED",
                message,
                "Choose another table.",
            )
            .with("table_id", table_id),
            TableError::Invalid(invalid) => invalid.into(),
        }
    }
}
