//! What is remembered of a split.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{MemberId, SplitId};

/// State of the splitting of one bill, in its present round.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The split.
    pub split_id: SplitId,
    /// The round; what belongs to an earlier one is of no concern.
    pub round: u32,
    /// When its links are over, as far as that is known.
    pub confirm_by: Option<Timestamp>,
    /// When its time is over, as far as that is known.
    pub ends_at: Option<Timestamp>,
    /// Everybody is charged.
    pub charging: bool,
    /// How it ended.
    pub over: Option<Over>,
    /// Shares that were not moved yet, and how often that was refused.
    pub owed: BTreeMap<u8, u32>,
    /// Who may have something left.
    pub people: BTreeSet<MemberId>,
}

/// How a split ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Over {
    /// Everybody has paid.
    Completed,
    /// It came to nothing.
    Cancelled,
}
