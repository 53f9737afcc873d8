//! What is remembered of a member's waiting openings.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::SessionId;

/// State of one member's openings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Those that wait.
    pub waiting: BTreeSet<SessionId>,
}
