//! What a redemption can be asked.

use jiff::Timestamp;

use super::RedemptionTerms;

/// Commands of a redemption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedemptionCommand {
    /// Make it.
    Make {
        /// What, by whom and for what.
        terms: RedemptionTerms,
        /// When.
        at: Timestamp,
    },
    /// Hand the piece over to whoever shows the code.
    HandOver {
        /// What was shown.
        pick_up_code: String,
        /// When.
        at: Timestamp,
    },
    /// Undo it.
    Cancel {
        /// When.
        at: Timestamp,
    },
}
