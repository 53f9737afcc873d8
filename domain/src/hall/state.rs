//! What a hall is.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{ChainId, HallId};

use super::{HallEvent, HallPolicy};

/// A hall, registered or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hall {
    /// What was registered; nothing before.
    pub profile: Option<Arc<HallProfile>>,
}

/// What is known of a registered hall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HallProfile {
    /// The hall.
    pub hall_id: HallId,
    /// Whose it is: its levels hold here.
    pub chain_id: ChainId,
    /// What customers read.
    pub name: String,
    /// IANA time zone.
    pub time_zone: String,
    /// Minutes after local midnight at which a business day ends.
    pub business_day_cutoff_minutes: u16,
    /// Limits and delays for sessions opened from now on.
    pub policy: HallPolicy,
}

impl Hall {
    /// Folds an event in.
    pub fn evolve(&mut self, event: &HallEvent) {
        match event {
            HallEvent::HallRegistered {
                hall_id,
                chain_id,
                name,
                time_zone,
                business_day_cutoff_minutes,
                policy,
            } => {
                self.profile = Some(Arc::new(HallProfile {
                    hall_id: *hall_id,
                    chain_id: *chain_id,
                    name: name.clone(),
                    time_zone: time_zone.clone(),
                    business_day_cutoff_minutes: *business_day_cutoff_minutes,
                    policy: policy.clone(),
                }));
            }
            HallEvent::HallPolicyChanged { policy } => {
                if let Some(profile) = &mut self.profile {
                    Arc::make_mut(profile).policy = policy.clone();
                }
            }
        }
    }
}
