//! Messages to people: where they are reached is looked up and opened here, and goes no further than the provider.

use std::collections::BTreeMap;

use baize_domain::ids::{ChainId, MemberId};
use baize_domain::member::MessageChannel;

use super::vault::Field;
use super::{Error, People, PhoneNumber};

/// A message through WeChat.
#[derive(Debug)]
pub struct WechatMessage<'m> {
    /// Its template.
    pub template_id: &'m str,
    /// The page of the mini program that a tap opens.
    pub page: Option<&'m str>,
    /// Which version of the mini program that is.
    pub version: &'m str,
    /// What goes into the template, by its keys.
    pub data: BTreeMap<String, String>,
}

/// Why a message was not sent, or may not have been.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Nothing was sent; it may go later.
    #[error("{0} does not answer")]
    NotNow(&'static str),
    /// Nothing was sent: the provider wants fewer messages.
    #[error("{0} wants fewer messages")]
    Limited(&'static str),
    /// The person does not allow it.
    #[error("the person does not allow it")]
    NotAllowed,
    /// The provider does not send this.
    #[error("{0}")]
    Refused(String),
    /// The provider was asked, and nobody knows whether it sends it.
    #[error("{0} was asked and did not answer")]
    Unclear(&'static str),
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Limited(provider) => Self::ProviderRateLimited(provider),
            SendError::NotNow(provider) | SendError::Unclear(provider) => Self::ProviderUnavailable(provider),
            SendError::NotAllowed | SendError::Refused(_) => Self::Internal(anyhow::Error::new(error)),
        }
    }
}

impl People {
    /// Whether there is a provider for that.
    pub fn can_send(&self, channel: MessageChannel) -> bool {
        match channel {
            MessageChannel::Wechat => self.wechat.is_some(),
            MessageChannel::Sms => self.sms.is_some(),
        }
    }

    /// Who a person is by now, and in which chain; `None` for who is gone.
    ///
    /// # Errors
    /// The database is away.
    pub async fn stands_for(&self, member_id: MemberId) -> Result<Option<(MemberId, ChainId)>, Error> {
        match self.bearer(member_id).await {
            Ok(bearer) => Ok(Some((bearer.member_id, bearer.chain_id))),
            Err(Error::Erased) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends a message through WeChat, once.
    ///
    /// # Errors
    /// [`SendError`]
    pub async fn send_wechat(&self, member_id: MemberId, message: &WechatMessage<'_>) -> Result<(), SendError> {
        let Some(wechat) = &self.wechat else {
            return Err(SendError::Refused("WeChat is not set up".to_owned()));
        };
        let openid = self.openid_of(member_id).await.map_err(unknown)?;
        let openid = openid.ok_or_else(|| SendError::Refused("the person has no WeChat account here".to_owned()))?;
        wechat.send(&openid, message).await
    }

    /// Sends a text message, once.
    ///
    /// # Errors
    /// [`SendError`]
    pub async fn send_text(
        &self,
        member_id: MemberId,
        template_id: &str,
        parameters: &[String],
    ) -> Result<(), SendError> {
        let Some(sms) = &self.sms else {
            return Err(SendError::Refused("sending text messages is not set up".to_owned()));
        };
        let phone = self.phone_of(member_id).await.map_err(unknown)?;
        let phone = phone.ok_or_else(|| SendError::Refused("the person has no phone number here".to_owned()))?;
        let parameters: Vec<_> = parameters.iter().map(String::as_str).collect();
        sms.send(&phone, template_id, &parameters).await
    }

    async fn phone_of(&self, member_id: MemberId) -> Result<Option<PhoneNumber>, Error> {
        let member = self.dispatcher.member(member_id).await?;
        let phone = member.profile.as_deref().and_then(|profile| profile.phone.as_ref());
        let Some(phone) = phone else { return Ok(None) };
        match self.vault.open(member_id, Field::Phone, &phone.sealed).await {
            Ok(phone) => Ok(PhoneNumber::parse(&phone)),
            Err(Error::Erased) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Nothing was sent, for it is not known whereto.
fn unknown(error: Error) -> SendError {
    match error {
        Error::Database(_) | Error::Command(_) => SendError::NotNow("the database"),
        other => SendError::Refused(other.to_string()),
    }
}
