//! What an identity is.

use serde::{Deserialize, Serialize};

use crate::ids::MemberId;

use super::IdentityEvent;

/// An identity, owned or free.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Who has it.
    pub owner: Option<MemberId>,
}

impl Identity {
    /// Folds an event in.
    pub fn evolve(&mut self, event: &IdentityEvent) {
        match event {
            IdentityEvent::IdentityClaimed { member_id, .. } => self.owner = Some(*member_id),
            IdentityEvent::IdentityReleased { .. } => self.owner = None,
        }
    }
}
