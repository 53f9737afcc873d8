//! What earning remembers.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::EarningId;

/// State of what one session earns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Payments that are not credited yet.
    pub pending: BTreeSet<EarningId>,
}
