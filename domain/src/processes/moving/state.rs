//! What is remembered of a move.

use serde::{Deserialize, Serialize};

use crate::device::LightChannel;
use crate::ids::SessionId;

/// State of one move.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The light that was left, once the move was seen.
    pub left: Option<Left>,
}

/// A light that was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// The light.
    pub light: LightChannel,
    /// By which session.
    pub session_id: SessionId,
}
