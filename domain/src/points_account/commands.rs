//! What a points account can be asked.

use jiff::Timestamp;

use crate::ids::{RedemptionId, SessionId};
use crate::level::LevelCode;
use crate::money::Fen;

use super::{Earning, PointsShare};

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
    /// Credit the gift packs of levels that were reached.
    Grant {
        /// The level that the member came to.
        level: LevelCode,
        /// How many points.
        points: u64,
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
    /// Give points for a gift.
    Redeem {
        /// The redemption.
        redemption_id: RedemptionId,
        /// How many.
        points: u64,
        /// When.
        at: Timestamp,
    },
    /// Put back what was given.
    Restore {
        /// The redemption.
        redemption_id: RedemptionId,
        /// What was given.
        shares: Vec<PointsShare>,
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
