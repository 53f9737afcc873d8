//! What a points account can be asked.

use jiff::Timestamp;

use crate::ids::SessionId;
use crate::money::Fen;

use super::Earning;

/// Commands of a points account.
#[derive(Clone, Debug, PartialEq)]
pub enum PointsAccountCommand {
    /// Credit what a payment earns.
    Earn {
        /// The payment.
        earning: Earning,
        /// How much principal earns one point.
        fen_per_point: Fen,
        /// When they expire.
        expires_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// Take back what is no longer paid.
    Reverse {
        /// The session.
        session_id: SessionId,
        /// The principal that went back for it, in all so far.
        refunded: Fen,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Drop what has expired.
    Expire {
        /// When.
        at: Timestamp,
    },
    /// Drop everything.
    Forfeit {
        /// When.
        at: Timestamp,
    },
}
