//! A device: the desired and the confirmed state of each of its outputs.
//!
//! Each output is a register, not a queue: the newest desired state replaces every older one.
//!
//! ```text
//!                  ┌──────────── LightDesired (higher rev) ◄──────────────┐
//!                  ▼                                                      │
//! LightDesired ► pending ── LightFailed Late ──► late ── LightConfirmed ─►│ confirmed
//!                  ├──────── LightConfirmed ─────────────────────────────►│   │ LightFailed Mismatch, Unreachable
//!                  ├──────── LightFailed ──► unreachable, mismatch ◄──────┼───┘
//!                  └──────── LightExpired ──► expired (on, and its time is over)
//! ```
//!
//! A device that is not heard is offline from `DeviceWentOffline` to `DeviceCameBack`; one that comes and goes is held as `DeviceFlapped` says.
//!
//! Invariants: `rev` counts 1, 2, 3, … over all outputs of the device; nothing is desired on without a `not_after`; a test has no session and no light of one;
//! reports about an older `rev` change nothing. The state has a constant size (at most 32 outputs) however long the stream.

mod aggregate;
mod channel;
mod commands;
pub mod decide;
mod errors;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use channel::{Driver, LightChannel};
pub use commands::DeviceCommand;
pub use decide::decide;
pub use errors::DeviceError;
pub use events::{DesireReason, DeviceEvent, FailureKind};
pub use state::{Desired, Device, DeviceProfile, Offline, Output, Standing, Trouble};
