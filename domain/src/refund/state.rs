//! What a refund is.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{RefundEvent, RefundFailure, RefundRequest};

/// A refund, requested or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// What is to go back; nothing before it is requested.
    pub request: Option<Arc<RefundRequest>>,
    /// How far it is.
    pub stage: Stage,
}

/// How far a refund is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Not requested.
    #[default]
    Unrequested,
    /// Waits for somebody else's word.
    Requested,
    /// To be sent.
    Approved,
    /// The provider has taken it on.
    Sent,
    /// The payer has the money.
    Succeeded,
    /// Nothing goes back.
    Rejected,
    /// It did not arrive: somebody must look.
    Failed(RefundFailure),
    /// Another one took its place.
    Replaced,
    /// The money was given back in another way.
    SettledByHand,
}

impl Refund {
    /// Folds an event in.
    pub fn evolve(&mut self, event: &RefundEvent) {
        match event {
            RefundEvent::RefundRequested {
                request,
                needs_approval,
                ..
            } => {
                self.request = Some(Arc::new((**request).clone()));
                self.stage = if *needs_approval {
                    Stage::Requested
                } else {
                    Stage::Approved
                };
            }
            RefundEvent::RefundApproved { .. } | RefundEvent::RefundRetried { .. } => self.stage = Stage::Approved,
            RefundEvent::RefundRejected { .. } => self.stage = Stage::Rejected,
            RefundEvent::RefundSent { .. } => self.stage = Stage::Sent,
            RefundEvent::RefundSucceeded { .. } => self.stage = Stage::Succeeded,
            RefundEvent::RefundFailed { failure, .. } => self.stage = Stage::Failed(failure.clone()),
            RefundEvent::RefundReplaced { .. } => self.stage = Stage::Replaced,
            RefundEvent::RefundSettledByHand { .. } => self.stage = Stage::SettledByHand,
        }
    }
}
