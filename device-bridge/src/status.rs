//! What a bridge is doing.

/// What a bridge is doing, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The register was read.
    pub is_loaded: bool,
    /// Events that happened before are all known; what comes is new.
    pub is_caught_up: bool,
    /// Connected to the MQTT broker and subscribed.
    pub is_connected: bool,
    /// Position of the last event that was taken in.
    pub position: u64,
    /// Devices that are served.
    pub devices: usize,
    /// Outputs waiting for their turn after a restart or a lost connection.
    pub recovering: usize,
    /// Unreadable things that devices said.
    pub garbage: u64,
}
