//! What the process runner asks providers for.
//!
//! Orders, refunds and questions go by our own numbers, so that a call that is made again after a crash does nothing twice. By whom the provider
//! knows a payer is looked up here, at the call: it is in no event and in no effect.

use std::sync::Arc;

use baize_domain::ids::MemberId;
use baize_domain::payment::{Channel, Order, Presentation, ProviderAnswer, ProviderRequest};

use super::channels::Channels;
use crate::dispatch::CommandError;
use crate::people::{Error, People};

/// The door to the providers.
pub struct Calls {
    channels: Arc<Channels>,
    people: Option<Arc<People>>,
    concurrency: usize,
}

impl Calls {
    /// Calls through `channels`, at most `concurrency` to each provider at a time. Payers are known to `people`.
    pub fn new(channels: Arc<Channels>, people: Option<Arc<People>>, concurrency: usize) -> Self {
        Self {
            channels,
            people,
            concurrency,
        }
    }

    /// Calls to one provider at the same time.
    pub const fn concurrency(&self) -> usize {
        self.concurrency
    }

    /// Asks a provider.
    ///
    /// # Errors
    /// The payer could not be looked up. The provider was not asked.
    pub async fn call(&self, request: &ProviderRequest) -> Result<ProviderAnswer, CommandError> {
        let payer = match request {
            ProviderRequest::Create(Order {
                channel: Channel::WechatPay,
                presentation: Presentation::InApp,
                payer,
                ..
            }) => self.openid(*payer).await?,
            _ => None,
        };
        Ok(self.channels.call(request, payer.as_deref()).await)
    }

    async fn openid(&self, member_id: MemberId) -> Result<Option<String>, CommandError> {
        let Some(people) = &self.people else { return Ok(None) };
        people.openid_of(member_id).await.map_err(|error| match error {
            Error::Command(error) => error,
            Error::Database(error) => CommandError::Unavailable(error.to_string()),
            other => CommandError::Internal(anyhow::Error::new(other).context("a payer cannot be looked up")),
        })
    }
}
