//! gRPC commands, the process runner, its effects and timers.
//!
//! Everything that changes anything comes through here and becomes events by one append: requests over gRPC
//! (`services/`, `wire/`), and what process managers ask for (`processes/`). Both go through one door (`dispatch/`).
//!
//! **Nobody is authenticated yet.** Identity comes with a later release; until then request ids share one scope,
//! events name the actor `anonymous`, and the program listens on loopback unless it is told otherwise.

mod dispatch;
mod errors;
mod options;
mod processes;
mod server;
mod service;
mod services;
mod wire;

pub use options::{Limits, Options};
pub use processes::{RunnerLimits, RunnerStatus};
pub use service::CommandApi;
