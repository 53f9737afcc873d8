//! Drives the lights over MQTT from the events, and reports back what they did.
//!
//! ```text
//!  EVENTS ──► register ──► reconciler ──► driver ──► MQTT broker ──► relay
//!               │ ▲             │  ▲                      │
//!               ▼ │ restart     │  └──── reported ◄───────┘
//!       DESIRED, disk            └──► reports ──► command-api (gRPC)
//! ```
//!
//! - [`register`]: what is desired of every output now; of each the highest `rev` counts. Kept in the stream `DESIRED`, and on disk for when that is away.
//! - [`reconcile`]: pure; what to do, given what is desired, what is reported and the time.
//! - [`health`]: pure; what is told of a device that is lost, comes back, or comes and goes.
//! - [`drivers`]: what devices understand and say, as bytes.
//! - `engine`: the one task in which all of it happens; `mqtt`, `events` and `reports` are its connections.
//!
//! **Invariant:** no light is switched on but for a session or the test of a repair, and not after its `not_after`, by the server's
//! clock at the moment of sending. A device that can is told with every ON to go off by itself at that time.
//!
//! **Invariant:** nothing is queued for a device. What it missed while it was away is forgotten; what is desired when
//! it is back counts.
//!
//! Only one bridge of a shard may run at a time; nothing here enforces that. Two would both drive the lights, to the
//! same states, and both report, under the same request ids: wasteful, not wrong.

mod bridge;
mod disk;
pub mod drivers;
mod engine;
mod events;
pub mod health;
mod mqtt;
mod nats;
mod options;
pub mod reconcile;
pub mod register;
mod reports;
mod status;

pub use bridge::DeviceBridge;
pub use mqtt::{Credentials, Latency, MqttOptions, PublishLatency, Tls, echo};
pub use options::{NatsOptions, Options};
pub use reports::{LightReport, Report};
pub use status::Status;
