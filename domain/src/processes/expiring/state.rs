//! What is remembered of a member's expiries.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::MemberId;

/// State of one member's expiries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Whose points, once some were earned.
    pub member_id: Option<MemberId>,
    /// When points expire: the ends of a few months.
    pub due: BTreeSet<Timestamp>,
}
