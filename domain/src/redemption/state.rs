//! What a redemption is.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{RedemptionEvent, RedemptionTerms};

/// How far a redemption has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RedemptionPhase {
    /// The piece waits at the counter, once there are terms.
    #[default]
    Waiting,
    /// The piece was handed over.
    HandedOver,
    /// The piece went back.
    Cancelled,
}

/// A redemption, made or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redemption {
    /// What was agreed; nothing before.
    pub terms: Option<Arc<RedemptionTerms>>,
    /// How far it has come.
    pub phase: RedemptionPhase,
}

impl Redemption {
    /// Folds an event in.
    pub fn evolve(&mut self, event: &RedemptionEvent) {
        match event {
            RedemptionEvent::RedemptionMade { terms, .. } => self.terms = Some(Arc::new(terms.clone())),
            RedemptionEvent::RedemptionHandedOver { .. } => self.phase = RedemptionPhase::HandedOver,
            RedemptionEvent::RedemptionCancelled { .. } => self.phase = RedemptionPhase::Cancelled,
        }
    }
}
