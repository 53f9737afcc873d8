//! A device: the desired and the confirmed state of its channels.
mod channel;
mod events;

pub use channel::{Driver, LightChannel};
pub use events::{DesireReason, DeviceEvent, FailureKind};
