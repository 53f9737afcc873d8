//! What happened to a complaint.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{ChainId, CompensationId, ComplaintId, HallId, MemberId, SessionId};
use crate::money::Fen;
use crate::personal::Sealed;

/// What a complaint is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Category {
    /// Light, code or another device.
    Device,
    /// Table, cloth, balls or cues.
    Table,
    /// What was billed or paid.
    Billing,
    /// How somebody was treated.
    Service,
    /// Dirt, smoke, noise.
    Surroundings,
    /// Anything else.
    Other,
}

/// Who complains about what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ComplaintTerms {
    /// The complaint.
    pub complaint_id: ComplaintId,
    /// The hall.
    pub hall_id: HallId,
    /// The hall's chain.
    pub chain_id: ChainId,
    /// The session, if it is about one.
    pub session_id: Option<SessionId>,
    /// Who complains.
    pub member_id: MemberId,
    /// About what.
    pub category: Category,
    /// In which words.
    pub words: Sealed,
}

/// What is given back with an answer; it may wait for a second person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Promised {
    /// The compensation of the session.
    pub compensation_id: CompensationId,
    /// How much, > 0.
    pub amount: Fen,
}

/// Events of the stream `Complaint/<complaint_id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum ComplaintEvent {
    /// Somebody complains.
    ComplaintFiled {
        /// Who, about what.
        terms: Box<ComplaintTerms>,
        /// When.
        at: Timestamp,
    },
    /// Somebody of the staff sees to it.
    ComplaintAssigned {
        /// Who sees to it from now on.
        to: Uuid,
        /// Who said so.
        by: Uuid,
        /// When.
        at: Timestamp,
    },
    /// It was answered. Who answers what nobody saw to sees to it from then on.
    ComplaintAnswered {
        /// Who is answered.
        member_id: MemberId,
        /// What they read.
        words: Sealed,
        /// What is given back with it.
        promised: Option<Promised>,
        /// Who answered.
        by: Uuid,
        /// When.
        at: Timestamp,
    },
    /// It was laid to rest.
    ComplaintClosed {
        /// Whose it is.
        member_id: MemberId,
        /// Who closed it.
        by: Uuid,
        /// When.
        at: Timestamp,
    },
    /// Whoever complained is still not content.
    ComplaintReopened {
        /// Why.
        words: Sealed,
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(ComplaintEvent: ComplaintFiled, ComplaintAssigned, ComplaintAnswered, ComplaintClosed, ComplaintReopened);
