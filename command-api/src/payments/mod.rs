//! Payments through providers.
//!
//! - `provider`: the port. `channels`: those that are set up, each behind its `breaker`; the process runner asks them here.
//! - `calls`: what the process runner asks them for.
//! - `callbacks`: what they tell unasked.
//! - `alipay`, `wechat_pay`: the providers' clients.

pub mod alipay;
mod breaker;
mod callbacks;
mod calls;
mod channels;
#[cfg(test)]
mod fixtures;
mod options;
pub mod provider;
pub mod wechat_pay;

pub use breaker::BreakerOptions;
pub use options::{CallbackOptions, PaymentOptions};

pub(crate) use callbacks::{Callbacks, serve};
pub(crate) use calls::Calls;
pub(crate) use channels::Channels;
