//! What a hall can be asked.

use crate::ids::{ChainId, HallId};

use super::HallPolicy;

/// Commands of a hall.
#[derive(Clone, Debug, PartialEq)]
pub enum HallCommand {
    /// Set the hall up.
    Register {
        /// The hall.
        hall_id: HallId,
        /// Whose it is.
        chain_id: ChainId,
        /// What customers read.
        name: String,
        /// IANA time zone.
        time_zone: String,
        /// Minutes after local midnight at which a business day ends, 0–1439.
        business_day_cutoff_minutes: u16,
        /// Limits and delays.
        policy: HallPolicy,
    },
    /// Change the limits and delays.
    ChangePolicy {
        /// The whole new policy.
        policy: HallPolicy,
    },
}
