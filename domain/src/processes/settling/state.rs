//! What a settlement remembers.

use serde::{Deserialize, Serialize};

use crate::device::LightChannel;
use crate::ids::SessionId;

/// State of one settlement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The session, once its close was seen.
    pub closed: Option<Closed>,
    /// The bill was taken.
    pub settled: bool,
    /// How many times settling was refused.
    pub refusals: u32,
    /// The light is off, or another session's.
    pub dark: bool,
}

/// What is known from the close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// The session.
    pub session_id: SessionId,
    /// The light over the table.
    pub light: LightChannel,
}
