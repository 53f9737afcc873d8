//! Text messages: a port, and the provider behind it.

mod client;
mod signature;
mod wire;

use tonic::async_trait;

use super::{Error, PhoneNumber};

pub use client::TencentSms;

/// Sends codes to phones.
#[async_trait]
pub trait SmsSender: Send + Sync {
    /// Hands a code to the provider, once. Whether it arrives is between the provider and the phone.
    ///
    /// # Errors
    /// The provider refuses, wants fewer messages, or does not answer; in the last case the message may arrive all the same.
    async fn send_code(&self, phone: &PhoneNumber, digits: &str, minutes: u64) -> Result<(), Error>;
}
