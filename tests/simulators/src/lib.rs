//! Relays over MQTT, a day of customers over gRPC, and the providers over HTTP, for the demo and the tests.
//!
//! Simulators stand for the world outside: they reach the services over the same wires as the real thing, and keep
//! a ground truth of their own, against which the services are checked. No service is ever linked with them.

pub mod alipay;
pub mod customers;
pub mod fleet;
mod listener;
pub mod mail;
pub mod provider;
mod signals;
pub mod sms;
pub mod wechat;
pub mod wechat_pay;
