//! What happened to a redemption.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{GiftId, HallId, MemberId, RedemptionId};
use crate::points_account::PointsShare;

/// What was redeemed, by whom and for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RedemptionTerms {
    /// The redemption.
    pub redemption_id: RedemptionId,
    /// Who redeems.
    pub member_id: MemberId,
    /// What.
    pub gift_id: GiftId,
    /// Where it is fetched.
    pub hall_id: HallId,
    /// The points it cost, by their expiry: so they come back if it is cancelled.
    pub shares: Vec<PointsShare>,
    /// What the member shows at the counter.
    pub pick_up_code: String,
}

/// Events of the stream `Redemption/<redemption_id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum RedemptionEvent {
    /// Points were given for a piece, which is set aside.
    RedemptionMade {
        /// What, by whom and for what.
        terms: RedemptionTerms,
        /// When.
        at: Timestamp,
    },
    /// The piece was handed over.
    RedemptionHandedOver {
        /// When.
        at: Timestamp,
    },
    /// The piece went back, and the points.
    RedemptionCancelled {
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(RedemptionEvent: RedemptionMade, RedemptionHandedOver, RedemptionCancelled);
