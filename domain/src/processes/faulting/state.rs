//! What is remembered of a device that may be faulty.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::DeviceId;

/// State of one device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The device, once anything was heard of it.
    pub device_id: Option<DeviceId>,
    /// The outputs that are looked at.
    pub outputs: BTreeMap<u8, Look>,
}

/// How it stands with an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Look {
    /// It is asked about; the answer will come.
    Asked {
        /// There was news meanwhile: ask once more.
        again: bool,
    },
    /// It is asked about again when the timer goes off.
    Waiting,
}
