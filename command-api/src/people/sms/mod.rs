//! Text messages: a port, and the provider behind it.

mod client;
mod signature;
mod wire;

use tonic::async_trait;

use super::{PhoneNumber, SendError};

pub use client::TencentSms;

/// Sends text messages.
#[async_trait]
pub trait SmsSender: Send + Sync {
    /// Hands a message to the provider, once: an approved template and what goes into it. Whether it arrives is between the provider and the phone.
    ///
    /// # Errors
    /// The provider refuses, wants fewer messages, or does not answer; in the last case the message may arrive all the same.
    async fn send(&self, phone: &PhoneNumber, template_id: &str, parameters: &[&str]) -> Result<(), SendError>;
}
