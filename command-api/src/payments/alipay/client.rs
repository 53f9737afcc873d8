//! Asks Alipay's gateway. Every call may be repeated: Alipay knows orders, refunds and freezes by our numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use baize_domain::payment::{Decline, ProviderAnswer};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::certificate;
use super::options::{AlipayOptions, AlipayTrust};
use super::signature::{Signer, Verifier, content};
use super::wire::{Meaning, Outcome, beijing};
use crate::people::http;

/// A bill's download takes no longer: it may be far longer than an answer.
const DOWNLOAD_MAX: Duration = Duration::from_secs(300);
/// How often a call is made while nobody knows how it ended.
const ATTEMPTS_MAX: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);
/// No answer of the gateway's is nearly as long.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// The gateway, as one application sees it.
pub struct Gateway {
    pub options: AlipayOptions,
    http: reqwest::Client,
    signer: Signer,
    pub keys: Keys,
}

/// By what Alipay is known.
pub struct Keys {
    pub verifier: Verifier,
    /// In certificate mode.
    pub serials: Option<Serials>,
}

/// The names of certificates on the wire.
pub struct Serials {
    app: String,
    pub alipay: String,
    root: String,
}

/// Why a call brought nothing.
#[derive(Debug)]
pub enum Trouble {
    /// Alipay says no.
    Refused(Meaning, String),
    /// Nobody knows whether it was done.
    Unknown(String),
}

impl Gateway {
    /// # Errors
    /// A setting is wrong; the error names it.
    pub fn new(options: AlipayOptions) -> anyhow::Result<Self> {
        options.check()?;
        Ok(Self {
            http: http::client(options.timeout)?,
            signer: Signer::new(&options.app_private_key).context("app_private_key")?,
            keys: Keys::new(&options.trust)?,
            options,
        })
    }

    pub fn now(&self) -> Timestamp {
        self.options.clock.now()
    }

    /// Calls a method of the gateway, again while its end is unknown.
    pub async fn call<T: DeserializeOwned>(&self, method: &str, business: &Value) -> Result<T, Trouble> {
        let mut last = String::new();
        for attempt in 1..=ATTEMPTS_MAX {
            match self.once(method, business).await {
                Err(Trouble::Unknown(why)) => last = why,
                Err(Trouble::Refused(Meaning::Again, code)) => last = code,
                answered => return answered,
            }
            tracing::warn!(method, attempt, why = last, "Alipay gave no answer that counts");
            if attempt < ATTEMPTS_MAX {
                tokio::time::sleep(PAUSE * attempt).await;
            }
        }
        Err(Trouble::Unknown(last))
    }

    /// The parameters of a call, signed.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn form(&self, method: &str, business: &Value) -> anyhow::Result<String> {
        let now = beijing(self.now());
        let business = business.to_string();
        let AlipayOptions { app_id, notify_url, .. } = &self.options;
        let mut parameters = vec![
            ("app_id", app_id.as_str()),
            ("method", method),
            ("format", "JSON"),
            ("charset", "utf-8"),
            ("sign_type", "RSA2"),
            ("timestamp", &now),
            ("version", "1.0"),
            ("notify_url", notify_url),
            ("biz_content", &business),
        ];
        if let Some(Serials { app, root, .. }) = &self.keys.serials {
            parameters.extend([("app_cert_sn", app.as_str()), ("alipay_root_cert_sn", root)]);
        }
        let sign = self.signer.sign(&content(parameters.iter().copied()))?;
        parameters.push(("sign", &sign));
        Ok(form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish())
    }

    /// Fetches a file that Alipay has given the address of, which is never told to anybody: who has it, has the file.
    pub async fn file(&self, address: &str, bytes_max: usize) -> Result<Vec<u8>, String> {
        let request = self.http.get(address).timeout(DOWNLOAD_MAX);
        let answer = request.send().await.map_err(without_url)?;
        let answer = answer.error_for_status().map_err(without_url)?;
        read(answer, bytes_max).await
    }

    async fn once<T: DeserializeOwned>(&self, method: &str, business: &Value) -> Result<T, Trouble> {
        let form = self
            .form(method, business)
            .map_err(|error| Trouble::Unknown(error.to_string()))?;
        let request = self.http.post(&self.options.gateway_url).body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded;charset=utf-8");
        let answer = request
            .send()
            .await
            .map_err(|error| Trouble::Unknown(without_url(error)))?;
        let answer = answer
            .error_for_status()
            .map_err(|error| Trouble::Unknown(without_url(error)))?;
        let body = read(answer, ANSWER_BYTES_MAX).await.map_err(Trouble::Unknown)?;
        self.keys.answer(method, &body)
    }
}

impl Keys {
    fn new(trust: &AlipayTrust) -> anyhow::Result<Self> {
        Ok(match trust {
            AlipayTrust::PublicKey(key) => Self {
                verifier: Verifier::new(key).context("alipay_public_key")?,
                serials: None,
            },
            AlipayTrust::Certificates { app, alipay, root } => Self {
                verifier: certificate::verifier(alipay).context("alipay_certificate")?,
                serials: Some(Serials {
                    app: certificate::serial(app).context("app_certificate")?,
                    alipay: certificate::serial(alipay).context("alipay_certificate")?,
                    root: certificate::root_serial(root).context("root_certificate")?,
                }),
            },
        })
    }

    /// Reads an answer. The signature is over the very bytes of the node, as they came: writing it anew could change them.
    fn answer<T: DeserializeOwned>(&self, method: &str, body: &[u8]) -> Result<T, Trouble> {
        let unknown = |why: &str| Trouble::Unknown(why.to_owned());
        let envelope: Envelope =
            serde_json::from_slice(body).map_err(|_| unknown("the answer is not what Alipay answers"))?;
        let node = envelope
            .node(method)
            .ok_or_else(|| unknown("an answer to something else"))?;
        if let Some(serials) = &self.serials
            && envelope.text("alipay_cert_sn").as_ref() != Some(&serials.alipay)
        {
            return Err(unknown("an answer that was signed with another certificate"));
        }
        let signature = envelope
            .text("sign")
            .ok_or_else(|| unknown("an answer without a signature"))?;
        if !self.verifier.holds(node.get().as_bytes(), &signature) {
            return Err(unknown("an answer with a wrong signature"));
        }
        let malformed = |error: serde_json::Error| Trouble::Unknown(format!("the answer cannot be read: {error}"));
        let outcome: Outcome = serde_json::from_str(node.get()).map_err(malformed)?;
        match outcome.meaning() {
            Meaning::Done => serde_json::from_str(node.get()).map_err(malformed),
            other => Err(Trouble::Refused(other, outcome.code())),
        }
    }
}

/// An answer: one node, named for the method, and what vouches for it.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Envelope(BTreeMap<String, Box<RawValue>>);

impl Envelope {
    /// `error_response` is what the gateway itself says, for any method.
    fn node(&self, method: &str) -> Option<&RawValue> {
        let name = format!("{}_response", method.replace('.', "_"));
        let node = self.0.get(&name).or_else(|| self.0.get("error_response"));
        node.map(|node| &**node)
    }

    fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }
}

impl Trouble {
    /// As an answer; `NoSuchOrder` where the caller has no better word for it.
    pub fn answer(self) -> ProviderAnswer {
        let declined = |why, code| ProviderAnswer::Declined { why, code };
        match self {
            Self::Refused(Meaning::No(why), code) => declined(why, code),
            Self::Refused(Meaning::NoSuchOrder, code) => declined(Decline::WrongState, code),
            Self::Refused(Meaning::Again | Meaning::Done, why) | Self::Unknown(why) => ProviderAnswer::Unknown { why },
        }
    }
}

async fn read(mut answer: reqwest::Response, bytes_max: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(without_url)? {
        if bytes.len() + chunk.len() > bytes_max {
            return Err(format!("longer than {bytes_max} bytes"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Addresses carry parameters, which are nobody's business.
fn without_url(error: reqwest::Error) -> String {
    let error = error.without_url();
    match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use baize_eventlog::Clock;
    use baize_simulators::alipay::keys;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_bill_may_take_longer_than_an_answer() {
        let timeout = Duration::from_millis(50);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/bill", listener.local_addr().unwrap());
        let slow = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _read = stream.read(&mut request).await.unwrap();
            tokio::time::sleep(timeout * 4).await;
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nrows";
            stream.write_all(answer).await.unwrap();
        });
        let gateway = Gateway::new(AlipayOptions {
            gateway_url: address.clone(),
            app_id: "2021000000000001".to_owned(),
            seller_id: "2088000000000001".to_owned(),
            app_private_key: keys::APP_PRIVATE.to_owned(),
            trust: AlipayTrust::PublicKey(keys::ALIPAY_PUBLIC.to_owned()),
            notify_url: "https://example.com/callbacks/alipay".to_owned(),
            timeout,
            clock: Clock::real(),
        });
        assert_eq!(gateway.unwrap().file(&address, 1024).await, Ok(b"rows".to_vec()));
        slow.await.unwrap();
    }
}
