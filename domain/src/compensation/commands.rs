//! What can be asked of a session's compensations.

use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::CompensationId;
use crate::money::Fen;

use super::CompensationTerms;

/// Commands of a session's compensations. What happens to wallet and journal beside them is decided in [`crate::units`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompensationCommand {
    /// Give something back.
    Ask {
        /// What, to whom and why.
        terms: Box<CompensationTerms>,
        /// What was paid for the session.
        paid: Fen,
        /// Whether somebody else has to approve it first.
        needs_approval: bool,
        /// When.
        at: Timestamp,
    },
    /// Approve it.
    Approve {
        /// Which.
        compensation_id: CompensationId,
        /// Who.
        by: Uuid,
        /// When.
        at: Timestamp,
    },
    /// Reject it.
    Reject {
        /// Which.
        compensation_id: CompensationId,
        /// Who.
        by: Uuid,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
}
