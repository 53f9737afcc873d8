//! Payments through providers.

pub mod alipay;
pub mod provider;
