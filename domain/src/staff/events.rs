//! What happened to a person's roles in a chain.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{ChainId, HallId, MemberId};

use super::StaffRole;

/// Events of the stream `Staff/<staff_id>`; the id follows from person and chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum StaffEvent {
    /// The person has the role from now on.
    RoleGranted {
        /// The person.
        member_id: MemberId,
        /// The chain.
        chain_id: ChainId,
        /// The role.
        role: StaffRole,
        /// All halls of the role; none for an owner.
        halls: BTreeSet<HallId>,
    },
    /// The person has it no more; tokens that they hold are good until they expire.
    RoleRevoked {
        /// The role.
        role: StaffRole,
        /// Why.
        reason: String,
    },
}

crate::event::domain_events!(StaffEvent: RoleGranted, RoleRevoked);
