//! Acting in a role that was granted: what the access token of somebody who does so says.

use std::collections::BTreeSet;
use std::time::Duration;

use baize_domain::ids::{ChainId, HallId, MemberId};
use baize_domain::staff::StaffRole;
use baize_proto::access::{Claims, Role};
use jiff::Timestamp;

/// The role that somebody wants to act in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActAs {
    /// The chain that it was granted in.
    pub chain_id: ChainId,
    /// The role.
    pub role: StaffRole,
}

/// A role that was granted.
#[derive(Clone, Debug)]
pub struct Acting {
    /// Which one.
    pub act_as: ActAs,
    /// The halls of it; none for an owner.
    pub halls: BTreeSet<HallId>,
}

impl Acting {
    /// What a token says of a person in that role.
    pub fn claims(&self, member_id: MemberId, now: Timestamp, lifetime: Duration) -> Claims {
        let role = match self.act_as.role {
            StaffRole::Staff => Role::Staff,
            StaffRole::Owner => Role::Owner,
        };
        Claims::new(member_id.0, role, now, lifetime)
            .in_chain(self.act_as.chain_id.0)
            .in_halls(self.halls.iter().map(|hall_id| hall_id.0))
    }
}
