//! gRPC commands, the process runner, its effects and timers.
//!
//! Everything that changes anything comes through here and becomes events by one append: requests over gRPC
//! (`services/`, `wire/`), and what process managers ask for (`processes/`). Both go through one door (`dispatch/`).
//!
//! Beside them, customers who do not look at the app get messages (`messages/`), and providers' bills are compared with the log every day (`reconciling/`).
//!
//! Every call shows a token and passes one guard (`baize_proto::access`); that what it is about is the caller's own is
//! asked where every command reads it (`dispatch/belonging`). Events name the actor as `role:UUID`.

mod dispatch;
mod errors;
mod messages;
mod options;
pub mod payments;
mod people;
mod processes;
mod reconciling;
mod server;
mod service;
mod services;
mod upkeep;
mod wire;

pub use messages::{MessageOptions, MessageTemplates, SmsTemplate, WechatTemplate};
pub use options::{Limits, Options};
pub use payments::{BreakerOptions, CallbackOptions, PaymentOptions};
pub use people::{
    CodeLimits, LoginLimits, PeopleOptions, PersonalKeys, PersonalKeysError, Rewrapped, TencentSmsOptions,
    WechatOptions, rewrap_keys,
};
pub use processes::{RunnerLimits, RunnerStatus};
pub use reconciling::{BillOptions, ReconcileOptions};
pub use service::{CommandApi, reconcile};
