//! Talks to Tencent Cloud SMS. A message is sent once: sending it again might cost twice and arrive twice.

use anyhow::Context as _;
use jiff::Timestamp;
use tonic::async_trait;

use super::SmsSender;
use super::signature::{CONTENT_TYPE, Signing};
use super::wire::{ACTION, Answer, NAME, SERVICE, SendSms, VERSION};
use crate::people::{PhoneNumber, SendError, TencentSmsOptions, http};

/// A client of one account.
pub struct TencentSms {
    options: TencentSmsOptions,
    host: String,
    http: reqwest::Client,
}

impl TencentSms {
    /// # Errors
    /// The base URL is none, or there is no HTTP client.
    pub fn new(options: TencentSmsOptions) -> anyhow::Result<Self> {
        let url = reqwest::Url::parse(&options.base_url).context("the SMS provider's base URL")?;
        let host = url.host_str().context("the SMS provider's base URL has no host")?;
        let host = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Self {
            http: http::client(options.timeout)?,
            host,
            options,
        })
    }

    async fn post(&self, body: Vec<u8>) -> Result<Answer, reqwest::Error> {
        // The provider judges the time by the real clock, whatever clock the hall goes by.
        let at = Timestamp::now();
        let signing = Signing {
            secret_id: &self.options.secret_id,
            secret_key: &self.options.secret_key,
            service: SERVICE,
            host: &self.host,
            at,
        };
        let request = self
            .http
            .post(format!("{}/", self.options.base_url.trim_end_matches('/')));
        let answer = request
            .header("Authorization", signing.authorization(&body))
            .header("Content-Type", CONTENT_TYPE)
            .header("X-TC-Action", ACTION)
            .header("X-TC-Version", VERSION)
            .header("X-TC-Timestamp", at.as_second())
            .header("X-TC-Region", &self.options.region)
            .body(body)
            .send()
            .await?;
        answer.error_for_status()?.json().await
    }
}

#[async_trait]
impl SmsSender for TencentSms {
    async fn send(&self, phone: &PhoneNumber, template_id: &str, parameters: &[&str]) -> Result<(), SendError> {
        let message = SendSms {
            phone_number_set: [phone.e164()],
            sms_sdk_app_id: &self.options.sdk_app_id,
            sign_name: &self.options.sign_name,
            template_id,
            template_param_set: parameters,
        };
        let body = serde_json::to_vec(&message).map_err(|error| SendError::Refused(error.to_string()))?;
        let answer = self.post(body).await.map_err(|error| {
            tracing::warn!(%error, ?phone, "a text message was not sent, or perhaps it was");
            match error.is_connect() {
                true => SendError::NotNow(NAME),
                false => SendError::Unclear(NAME),
            }
        })?;
        answer.taken()
    }
}
