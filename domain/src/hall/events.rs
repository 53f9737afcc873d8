//! What happened to a hall.

use serde::{Deserialize, Serialize};

use crate::ids::{ChainId, HallId};

use super::HallPolicy;

/// Events of the stream `Hall/<hall_id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum HallEvent {
    /// A hall joined the chain.
    HallRegistered {
        /// The hall.
        hall_id: HallId,
        /// Whose it is: its levels hold here.
        chain_id: ChainId,
        /// What customers read.
        name: String,
        /// IANA time zone, for tariffs and business days.
        time_zone: String,
        /// Minutes after local midnight at which a business day ends; 360 = 06:00.
        business_day_cutoff_minutes: u16,
        /// The hall's limits and delays.
        policy: HallPolicy,
    },
    /// The hall's limits and delays changed, for sessions opened from now on.
    HallPolicyChanged {
        /// The whole new policy.
        policy: HallPolicy,
    },
}

crate::event::domain_events!(HallEvent: HallRegistered, HallPolicyChanged);
