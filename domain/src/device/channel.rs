//! How a light is addressed.

use serde::{Deserialize, Serialize};

use crate::ids::DeviceId;

/// One output of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LightChannel {
    /// The device.
    pub device_id: DeviceId,
    /// Its output, counted from 1.
    pub channel: u8,
}

/// The language a device speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Driver {
    /// Tasmota firmware over MQTT.
    #[default]
    Tasmota,
    /// Shelly, second generation and later: JSON-RPC over MQTT.
    Shelly,
    /// ESPHome over MQTT, with the firmware in `docs/devices/esphome`.
    EspHome,
}
