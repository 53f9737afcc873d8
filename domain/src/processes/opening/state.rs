//! What an opening remembers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::SessionId;

/// State of one opening.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The session, once its opening was seen.
    pub opened: Option<Opened>,
    /// When the light was confirmed.
    pub lit_at: Option<Timestamp>,
    /// Billing has started.
    pub billing: bool,
    /// The session is being cancelled.
    pub giving_up: bool,
}

/// What is known from the opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The session.
    pub session_id: SessionId,
    /// The latest start of billing.
    pub billing_start: Timestamp,
}
