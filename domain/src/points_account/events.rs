//! What happened to a member's points.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{EarningId, RedemptionId, SessionId};
use crate::level::LevelCode;
use crate::money::Fen;

use super::PointsShare;

/// Events of the stream `PointsAccount/<member_id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum PointsAccountEvent {
    /// Principal was paid for a session.
    PointsEarned {
        /// The payment.
        earning_id: EarningId,
        /// The session.
        session_id: SessionId,
        /// What was paid of principal.
        principal: Fen,
        /// How much principal earns one point, for this session.
        fen_per_point: Fen,
        /// What it earned; may be nothing.
        points: u64,
        /// How many of them met what was owed; the others are credited.
        met_owed: u64,
        /// When they expire.
        expires_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// The gift packs of levels that were reached.
    PointsGranted {
        /// The level that the member came to.
        level: LevelCode,
        /// How many.
        points: u64,
        /// How many of them met what was owed; the others are credited.
        met_owed: u64,
        /// When they expire.
        expires_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// Money of a session went back, and its points with it.
    PointsReversed {
        /// The session.
        session_id: SessionId,
        /// The principal that went back for this session so far, this time included.
        refunded: Fen,
        /// From which lots points were taken.
        shares: Vec<PointsShare>,
        /// What could not be taken any more; later earnings meet it.
        owed: u64,
        /// In the words of whoever reversed it.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Points were given for a gift.
    PointsRedeemed {
        /// The redemption.
        redemption_id: RedemptionId,
        /// From which lots, those that expire first in front.
        shares: Vec<PointsShare>,
        /// When.
        at: Timestamp,
    },
    /// The redemption was cancelled, and the points are back with the expiry that they had.
    PointsRestored {
        /// The redemption.
        redemption_id: RedemptionId,
        /// What is back in its lots.
        shares: Vec<PointsShare>,
        /// How many met what was owed.
        met_owed: u64,
        /// How many had expired meanwhile, and do not come back.
        lapsed: u64,
        /// When.
        at: Timestamp,
    },
    /// The time of some lots is over.
    PointsExpired {
        /// How many points were left in them.
        points: u64,
        /// When; what expires until then is gone.
        at: Timestamp,
    },
    /// The person is forgotten, and the points with the person.
    PointsForfeited {
        /// How many there were.
        points: u64,
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(
    PointsAccountEvent: PointsEarned, PointsGranted, PointsReversed, PointsRedeemed, PointsRestored, PointsExpired, PointsForfeited
);
