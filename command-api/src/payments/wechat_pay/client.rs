//! Calls to WeChat Pay: signed, bounded, repeated with the same number where nobody knows what became of them, and believed only if signed.

use std::time::Duration;

use anyhow::anyhow;
use baize_domain::payment::ProviderAnswer;
use jiff::Timestamp;
use rand::Rng as _;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, USER_AGENT};
use reqwest::{Method, RequestBuilder, Response, Url};
use ring::digest::{Context as Digest, SHA1_FOR_LEGACY_USE_ONLY};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::bill::Reader;
use super::options::WechatPayOptions;
use super::signature::{Merchant, Platform};
use super::wire::{Asked, BillAddress, Meaning, Refusal};
use crate::payments::provider::{BillError, BillRow, Forged};
use crate::people::http;

/// How often a call is made in all.
const ATTEMPTS_MAX: u32 = 3;
/// The pause before a repeat, and as much again by chance.
const PAUSE: Duration = Duration::from_millis(100);
/// No answer but a bill is longer.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// A bill's download takes no longer.
const DOWNLOAD_MAX: Duration = Duration::from_secs(300);

pub(super) struct Client {
    pub(super) options: WechatPayOptions,
    pub(super) merchant: Merchant,
    pub(super) platform: Platform,
    http: reqwest::Client,
}

/// Why there is no answer that says yes.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The provider says no.
    Refused(u16, Refusal),
    /// Nobody knows.
    Unknown(String),
}

impl Trouble {
    pub(super) fn answer(self, asked: Asked) -> ProviderAnswer {
        match self {
            Self::Unknown(why) => ProviderAnswer::Unknown { why },
            Self::Refused(status, refusal) => match refusal.meaning(asked, status) {
                Meaning::Declined(why) => ProviderAnswer::Declined {
                    why,
                    code: refusal.code,
                },
                Meaning::NotFound | Meaning::Paying | Meaning::Again => ProviderAnswer::Unknown {
                    why: format!("{status} {}", refusal.code),
                },
            },
        }
    }
}

impl Client {
    /// # Errors
    /// A setting is wrong; the error names it.
    pub(super) fn new(options: WechatPayOptions) -> anyhow::Result<Self> {
        options.check()?;
        Ok(Self {
            merchant: Merchant::new(&options)?,
            platform: Platform::new(&options.platform_keys)?,
            http: http::client(options.timeout)?,
            options,
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.options.clock.now()
    }

    /// Calls and reads the answer.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        asked: Asked,
        method: Method,
        target: &str,
        body: Option<&Value>,
    ) -> Result<T, Trouble> {
        let answer = self.call(asked, &method, target, body).await?;
        serde_json::from_slice(&answer).map_err(|error| Trouble::Unknown(format!("the answer cannot be read: {error}")))
    }

    /// Calls; the body of an answer that says yes.
    pub(super) async fn call(
        &self,
        asked: Asked,
        method: &Method,
        target: &str,
        body: Option<&Value>,
    ) -> Result<Vec<u8>, Trouble> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut last = Trouble::Unknown("not asked".to_owned());
        for attempt in 0..ATTEMPTS_MAX {
            if attempt > 0 {
                tokio::time::sleep(pause(attempt)).await;
            }
            match self.attempt(attempt, method, target, &body).await {
                Ok((200 | 204, answer)) => return Ok(answer),
                Ok((status, answer)) => {
                    let refusal: Refusal = serde_json::from_slice(&answer).unwrap_or_default();
                    let again = refusal.meaning(asked, status) == Meaning::Again;
                    // An order that is closed too often may be paid just now: that is found out by a question, not by insisting.
                    let insist = again && !(asked == Asked::Close && status == 429);
                    last = Trouble::Refused(status, refusal);
                    if !insist {
                        return Err(last);
                    }
                }
                Err(error) => last = Trouble::Unknown(format!("{error:#}")),
            }
            tracing::warn!(?asked, attempt, trouble = ?last, "WeChat Pay gives no answer");
        }
        Err(last)
    }

    /// One call to one host; an answer is one only if the platform signed it.
    async fn attempt(&self, attempt: u32, method: &Method, target: &str, body: &str) -> anyhow::Result<(u16, Vec<u8>)> {
        let base = match &self.options.backup_url {
            Some(backup) if attempt % 2 == 1 => backup,
            _ => &self.options.base_url,
        };
        let url = Url::parse(&format!("{}{target}", base.trim_end_matches('/')))?;
        let request = self.request(method, url, body)?;
        let response = request.send().await.map_err(reqwest::Error::without_url)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = read(response).await?;
        self.believe(&headers, &answer)
            .map_err(|error| anyhow!("{status}, and the answer is not to be believed: {error}"))?;
        Ok((status, answer))
    }

    fn believe(&self, headers: &HeaderMap, answer: &[u8]) -> Result<(), Forged> {
        self.platform.verify(headers, answer, self.now())
    }

    fn request(&self, method: &Method, url: Url, body: &str) -> anyhow::Result<RequestBuilder> {
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let authorization = self
            .merchant
            .authorization(method.as_str(), &target, body, self.now())?;
        let request = self
            .http
            .request(method.clone(), url)
            .header(AUTHORIZATION, authorization)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("baize/", env!("CARGO_PKG_VERSION")))
            .header("Wechatpay-Serial", self.platform.preferred())
            .body(body.to_owned());
        Ok(request)
    }

    /// Downloads a bill and reads it on the way; nothing of it holds before its hash is right.
    pub(super) async fn download(&self, address: &BillAddress) -> Result<Vec<BillRow>, BillError> {
        let failed = |error: anyhow::Error| BillError::Failed(format!("{error:#}"));
        if address.hash_type != "SHA1" {
            return Err(failed(anyhow!("hash type {}", address.hash_type)));
        }
        let url = Url::parse(&address.download_url).map_err(|error| failed(error.into()))?;
        let request = self.request(&Method::GET, url, "").map_err(failed)?;
        let gone = |error: reqwest::Error| failed(error.without_url().into());
        let response = request.timeout(DOWNLOAD_MAX).send().await.map_err(gone)?;
        let mut response = response.error_for_status().map_err(gone)?;
        let (mut digest, mut reader) = (
            Digest::new(&SHA1_FOR_LEGACY_USE_ONLY),
            Reader::new(&self.options.mch_id),
        );
        let mut unreadable = None;
        while let Some(chunk) = response.chunk().await.map_err(gone)? {
            digest.update(&chunk);
            if unreadable.is_none() {
                unreadable = reader.feed(&chunk).err();
            }
        }
        let hash: String = digest
            .finish()
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if !hash.eq_ignore_ascii_case(&address.hash_value) {
            return Err(failed(anyhow!("the file is not the one that was announced")));
        }
        match unreadable {
            Some(error) => Err(error),
            None => reader.finish(),
        }
    }
}

async fn read(mut response: Response) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        anyhow::ensure!(body.len() + chunk.len() <= ANSWER_BYTES_MAX, "the answer is too long");
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn pause(attempt: u32) -> Duration {
    PAUSE * attempt + PAUSE.mul_f64(rand::rng().random_range(0.0..1.0))
}
