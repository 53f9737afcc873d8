//! What can be asked about a person's roles in a chain.

use std::collections::BTreeSet;

use crate::ids::{ChainId, HallId, MemberId};

use super::StaffRole;

/// Commands about a person's roles in a chain.
#[derive(Clone, Debug, PartialEq)]
pub enum StaffCommand {
    /// Give a role, or the same role in other halls.
    Grant {
        /// The person.
        member_id: MemberId,
        /// The chain.
        chain_id: ChainId,
        /// The role.
        role: StaffRole,
        /// The halls of the chain that they work in; none for an owner.
        halls: BTreeSet<HallId>,
    },
    /// Take a role.
    Revoke {
        /// The role.
        role: StaffRole,
        /// Why, for the record.
        reason: String,
    },
}
