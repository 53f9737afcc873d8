//! Talks to WeChat. Its URLs carry secrets: they are never logged.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::wire::{AccessToken, Outcome, Phone, Sent, Session, Subscribed};
use crate::people::{Error, PhoneNumber, SendError, WechatMessage, WechatOptions, http};

const NAME: &str = "WeChat";
/// How often a call is made while WeChat says that it is busy.
const ATTEMPTS_MAX: u32 = 3;
const BUSY_PAUSE: Duration = Duration::from_millis(200);
/// An access token is given up so long before its end.
const TOKEN_MARGIN: Duration = Duration::from_secs(300);

/// A client of the mini program's server interfaces.
pub struct Wechat {
    options: WechatOptions,
    http: reqwest::Client,
    token: Mutex<Option<(String, Instant)>>,
}

impl Wechat {
    /// # Errors
    /// There is no HTTP client.
    pub fn new(options: WechatOptions) -> anyhow::Result<Self> {
        Ok(Self {
            http: http::client(options.timeout)?,
            options,
            token: Mutex::default(),
        })
    }

    /// Exchanges a login code for the openid of who logged in.
    ///
    /// # Errors
    /// WeChat refuses the code, wants fewer calls, or does not answer.
    pub async fn openid(&self, code: &str) -> Result<String, Error> {
        let WechatOptions { app_id, app_secret, .. } = &self.options;
        let query = [
            ("appid", app_id.as_str()),
            ("secret", app_secret),
            ("js_code", code),
            ("grant_type", "authorization_code"),
        ];
        for attempt in 1..=ATTEMPTS_MAX {
            let request = self.http.get(self.url("/sns/jscode2session")).query(&query);
            match ask::<Session>(request).await?.openid() {
                Outcome::Answer(openid) => return Ok(openid),
                Outcome::Failed(error) => return Err(error),
                Outcome::Busy | Outcome::TokenExpired => pause(attempt).await,
            }
        }
        Err(Error::ProviderUnavailable(NAME))
    }

    /// Exchanges a phone code for the number that WeChat vouches for.
    ///
    /// # Errors
    /// WeChat refuses the code, wants fewer calls, or does not answer; or the number is not one of mainland China.
    pub async fn phone(&self, code: &str) -> Result<PhoneNumber, Error> {
        for attempt in 1..=ATTEMPTS_MAX {
            let token = self.access_token().await?;
            let request = self.http.post(self.url("/wxa/business/getuserphonenumber"));
            let request = request
                .query(&[("access_token", &token)])
                .json(&json!({ "code": code }));
            match ask::<Phone>(request).await?.number() {
                Outcome::Answer(number) => return PhoneNumber::parse(&number).ok_or(Error::WechatCodeInvalid),
                Outcome::Failed(error) => return Err(error),
                Outcome::Busy => pause(attempt).await,
                Outcome::TokenExpired => *self.token.lock().await = None,
            }
        }
        Err(Error::ProviderUnavailable(NAME))
    }

    /// Sends a subscription message to who has this openid, once: it is asked again only when WeChat says that it did nothing.
    ///
    /// # Errors
    /// [`SendError`]
    pub async fn send(&self, openid: &str, message: &WechatMessage<'_>) -> Result<(), SendError> {
        let body = Subscribed::new(openid, message);
        for attempt in 1..=ATTEMPTS_MAX {
            let token = self.access_token().await.map_err(|error| match error {
                Error::ProviderRateLimited(_) => SendError::Limited(NAME),
                Error::ProviderUnavailable(_) => SendError::NotNow(NAME),
                other => SendError::Refused(other.to_string()),
            })?;
            let request = self.http.post(self.url("/cgi-bin/message/subscribe/send"));
            let request = request.query(&[("access_token", &token)]).json(&body);
            let answer = request.send().await.map_err(|error| match error.is_connect() {
                true => SendError::NotNow(NAME),
                false => SendError::Unclear(NAME),
            })?;
            // WeChat answers errors with status 200: what comes with another is not its answer.
            let answer = answer.error_for_status().map_err(|_| SendError::Unclear(NAME))?;
            let answer: Sent = answer.json().await.map_err(|_| SendError::Unclear(NAME))?;
            match answer.outcome() {
                Ok(Outcome::Answer(())) => return Ok(()),
                Ok(Outcome::TokenExpired) => *self.token.lock().await = None,
                Ok(Outcome::Busy | Outcome::Failed(_)) => pause(attempt).await,
                Err(error) => return Err(error),
            }
        }
        Err(SendError::NotNow(NAME))
    }

    /// The token that other calls need; those who want one at the same time wait for one call.
    async fn access_token(&self) -> Result<String, Error> {
        let mut held = self.token.lock().await;
        if let Some((token, until)) = held.as_ref().filter(|(_, until)| Instant::now() < *until) {
            tracing::trace!(?until, "an access token at hand");
            return Ok(token.clone());
        }
        let WechatOptions { app_id, app_secret, .. } = &self.options;
        let body = json!({ "grant_type": "client_credential", "appid": app_id, "secret": app_secret });
        for attempt in 1..=ATTEMPTS_MAX {
            let request = self.http.post(self.url("/cgi-bin/stable_token")).json(&body);
            match ask::<AccessToken>(request).await?.token() {
                Outcome::Answer((token, seconds)) => {
                    let lifetime = Duration::from_secs(seconds).saturating_sub(TOKEN_MARGIN);
                    *held = Some((token.clone(), Instant::now() + lifetime));
                    return Ok(token);
                }
                Outcome::Failed(error) => return Err(error),
                Outcome::Busy | Outcome::TokenExpired => pause(attempt).await,
            }
        }
        Err(Error::ProviderUnavailable(NAME))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.options.base_url.trim_end_matches('/'))
    }
}

/// WeChat answers errors with status 200, too, and JSON as `text/plain`.
async fn ask<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, Error> {
    let unavailable = |error: reqwest::Error| {
        tracing::warn!(error = %error.without_url(), "WeChat does not answer");
        Error::ProviderUnavailable(NAME)
    };
    let answer = request.send().await.map_err(unavailable)?;
    let answer = answer.error_for_status().map_err(unavailable)?;
    let bytes = answer.bytes().await.map_err(unavailable)?;
    serde_json::from_slice(&bytes).map_err(|error| Error::Internal(anyhow::anyhow!("WeChat's answer: {error}")))
}

async fn pause(attempt: u32) {
    if attempt < ATTEMPTS_MAX {
        tokio::time::sleep(BUSY_PAUSE * attempt).await;
    }
}
