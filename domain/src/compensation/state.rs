//! What was given back of what a session cost, and what waits.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::CompensationId;
use crate::money::Fen;

use super::{CompensationEvent, CompensationTerms};

/// All compensations of a session, in the order in which they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compensation {
    /// Each of them.
    pub parts: Vec<Part>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What, to whom and why.
    pub terms: Arc<CompensationTerms>,
    /// How far it is.
    pub stage: Stage,
}

/// How far a compensation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Waits for somebody else's word.
    Waiting,
    /// It is in the wallet.
    Given,
    /// Nothing is given.
    Rejected,
}

impl Compensation {
    /// One of them.
    pub fn part(&self, compensation_id: CompensationId) -> Option<&Part> {
        let mut parts = self.parts.iter();
        parts.find(|part| part.terms.compensation_id == compensation_id)
    }

    /// What is given, and what may yet be.
    pub fn promised(&self) -> Fen {
        let promised = self.parts.iter().filter(|part| part.stage != Stage::Rejected);
        promised.map(|part| part.terms.amount).sum()
    }

    /// Folds an event in.
    pub fn evolve(&mut self, event: &CompensationEvent) {
        match event {
            CompensationEvent::CompensationAsked {
                terms, needs_approval, ..
            } => self.parts.push(Part {
                terms: Arc::new((**terms).clone()),
                stage: if *needs_approval { Stage::Waiting } else { Stage::Given },
            }),
            CompensationEvent::CompensationApproved { compensation_id, .. } => {
                self.set(*compensation_id, Stage::Given);
            }
            CompensationEvent::CompensationRejected { compensation_id, .. } => {
                self.set(*compensation_id, Stage::Rejected);
            }
        }
    }

    fn set(&mut self, compensation_id: CompensationId, stage: Stage) {
        let mut parts = self.parts.iter_mut();
        if let Some(part) = parts.find(|part| part.terms.compensation_id == compensation_id) {
            part.stage = stage;
        }
    }
}
