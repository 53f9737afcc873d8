//! What is remembered of a test.

use serde::{Deserialize, Serialize};

use crate::device::LightChannel;
use crate::ids::RepairId;

/// State of the tests of one output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The test that is under way.
    pub test: Option<Test>,
}

/// A test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Test {
    /// The repair that it ends.
    pub repair_id: RepairId,
    /// Which of its tests.
    pub test: u32,
    /// The light.
    pub light: LightChannel,
    /// How long it may take to answer each command.
    pub answer_seconds: u32,
    /// Commands that were confirmed.
    pub confirmed: u32,
    /// The newest state that was confirmed: what is older is told late.
    pub rev: u64,
    /// It is decided; the answer will come.
    pub decided: bool,
}
