//! The roles that a person has in a chain.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{ChainId, HallId, MemberId};

use super::StaffEvent;

/// A role that can be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum StaffRole {
    /// Works in some of the chain's halls.
    Staff,
    /// Owns the chain.
    Owner,
}

/// A person in a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    /// Who and where; nothing before the first grant.
    pub person: Option<(MemberId, ChainId)>,
    /// The roles, each with its halls.
    pub roles: BTreeMap<StaffRole, BTreeSet<HallId>>,
}

impl Staff {
    /// Folds an event in.
    pub fn evolve(&mut self, event: &StaffEvent) {
        match event {
            StaffEvent::RoleGranted {
                member_id,
                chain_id,
                role,
                halls,
            } => {
                self.person = Some((*member_id, *chain_id));
                self.roles.insert(*role, halls.clone());
            }
            StaffEvent::RoleRevoked { role, .. } => {
                self.roles.remove(role);
            }
        }
    }
}
