//! What a table can be asked.

use jiff::Timestamp;

use crate::ids::SessionId;

use super::TableProfile;

/// Commands of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum TableCommand {
    /// Set the table up.
    Register(TableProfile),
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
