//! What a reconciliation can be asked.

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::payment::Channel;

use super::{Closing, Comparison};

/// Commands of a reconciliation.
#[derive(Clone, Debug, PartialEq)]
pub enum ReconciliationCommand {
    /// Take in what a comparison found.
    Record {
        /// The provider.
        channel: Channel,
        /// The day of its bill.
        date: Date,
        /// What was found.
        comparison: Box<Comparison>,
        /// When.
        at: Timestamp,
    },
    /// Have the day compared once more.
    AskRerun {
        /// Who asks.
        by: Uuid,
        /// When.
        at: Timestamp,
    },
    /// Say why something differs.
    Explain {
        /// The difference.
        number: u32,
        /// Who says so.
        by: Uuid,
        /// Why it differs.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Lay a difference to rest.
    Close {
        /// The difference.
        number: u32,
        /// On what grounds.
        closing: Closing,
        /// Who does.
        by: Uuid,
        /// When.
        at: Timestamp,
    },
}
