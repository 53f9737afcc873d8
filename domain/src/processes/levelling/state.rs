//! What is remembered of a level that ends.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::MemberId;

/// State of one member's level.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Whose, once its end was heard of.
    pub member_id: Option<MemberId>,
    /// When the newest event about it was that was heard of.
    pub heard: Option<Timestamp>,
}
