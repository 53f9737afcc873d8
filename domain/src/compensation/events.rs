//! What was given back of what a session cost.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{ChainId, CompensationId, HallId, MemberId, SessionId};
use crate::money::Fen;

/// What is given, to whom and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CompensationTerms {
    /// The compensation.
    pub compensation_id: CompensationId,
    /// The session.
    pub session_id: SessionId,
    /// Where it was played.
    pub hall_id: HallId,
    /// The chain of whoever gets it.
    pub chain_id: ChainId,
    /// Who gets it.
    pub member_id: MemberId,
    /// How much, > 0.
    pub amount: Fen,
    /// Why; whoever gets it reads it.
    pub reason: String,
    /// Who asked for it.
    pub asked_by: Uuid,
}

/// Events of the stream `Compensation/<session_id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum CompensationEvent {
    /// Somebody of the staff wants to give something back. Without need of approval it is given at once.
    CompensationAsked {
        /// What.
        terms: Box<CompensationTerms>,
        /// Whether somebody else has to approve it first.
        needs_approval: bool,
        /// When.
        at: Timestamp,
    },
    /// Somebody else approved it: it is given.
    CompensationApproved {
        /// Which.
        compensation_id: CompensationId,
        /// Who.
        by: Uuid,
        /// When.
        at: Timestamp,
    },
    /// Somebody else rejected it: nothing is given.
    CompensationRejected {
        /// Which.
        compensation_id: CompensationId,
        /// Who.
        by: Uuid,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(CompensationEvent: CompensationAsked, CompensationApproved, CompensationRejected);
