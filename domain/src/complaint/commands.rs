//! What can be asked of a complaint.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{HallId, SessionId};
use crate::personal::Sealed;

use super::{ComplaintTerms, Promised};

/// What somebody complains about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Grievance {
    /// A session of theirs.
    Session {
        /// Which.
        session_id: SessionId,
    },
    /// A hall, as it was on this day.
    Hall {
        /// Which.
        hall_id: HallId,
    },
}

/// Commands of a complaint. Whose the session is, and what is given back for it, is decided in the command's unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComplaintCommand {
    /// Complain.
    File {
        /// Who, about what.
        terms: Box<ComplaintTerms>,
        /// When.
        at: Timestamp,
    },
    /// Let somebody of the staff see to it.
    Assign {
        /// Who sees to it from now on.
        to: Uuid,
        /// Who says so.
        by: Uuid,
        /// When.
        at: Timestamp,
    },
    /// Answer it.
    Answer {
        /// What whoever complained reads.
        words: Sealed,
        /// What is given back with it.
        promised: Option<Promised>,
        /// Who answers.
        by: Uuid,
        /// When.
        at: Timestamp,
    },
    /// Lay it to rest.
    Close {
        /// Who.
        by: Uuid,
        /// When.
        at: Timestamp,
    },
    /// Say that it is not settled.
    Reopen {
        /// Why.
        words: Sealed,
        /// When.
        at: Timestamp,
    },
}
