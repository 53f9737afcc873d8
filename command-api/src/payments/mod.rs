//! Payments through providers.

pub mod provider;
