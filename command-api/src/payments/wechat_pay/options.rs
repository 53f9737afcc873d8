//! What can be set about WeChat Pay. Everything is checked before anything is served.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use baize_eventlog::Clock;

/// A merchant at WeChat Pay.
#[derive(Clone)]
pub struct WechatPayOptions {
    /// Normally `https://api.mch.weixin.qq.com`.
    pub base_url: String,
    /// Where a call is repeated when the first host fails; normally `https://api2.mch.weixin.qq.com`.
    pub backup_url: Option<String>,
    /// The mini-program.
    pub app_id: String,
    /// The merchant's number; 8–10 digits.
    pub mch_id: String,
    /// The serial number of the merchant's certificate, hexadecimal.
    pub merchant_serial: String,
    /// The merchant's private key (`apiclient_key.pem`), PKCS#8. **A secret.**
    pub merchant_key: String,
    /// Whom answers and notifications may be signed by: the first is asked for, the others are believed too, while keys change.
    pub platform_keys: Vec<WechatPayKey>,
    /// The API v3 key, 32 characters. **A secret.**
    pub api_v3_key: String,
    /// Where notifications come in; https (http on loopback), without a query.
    pub notify_url: String,
    /// No attempt takes longer.
    pub timeout: Duration,
    /// What requests are dated by and answers' ages judged by.
    pub clock: Clock,
}

/// A key of the platform.
#[derive(Clone)]
pub enum WechatPayKey {
    /// The platform's certificate, PEM; it goes by its serial number.
    Certificate(String),
    /// The platform's public key.
    PublicKey {
        /// `PUB_KEY_ID_…`
        id: String,
        /// PEM.
        pem: String,
    },
}

impl WechatPayOptions {
    /// # Errors
    /// Something that WeChat Pay would refuse, with the setting's name.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        for (name, url) in [
            ("base_url", Some(&self.base_url)),
            ("backup_url", self.backup_url.as_ref()),
        ] {
            if let Some(url) = url {
                address(url).with_context(|| format!("wechat_pay.{name}"))?;
            }
        }
        address(&self.notify_url).context("wechat_pay.notify_url")?;
        let Self {
            app_id,
            mch_id,
            merchant_serial,
            api_v3_key,
            ..
        } = self;
        ensure!(app_id.starts_with("wx"), "wechat_pay.app_id: expected wx…");
        let digits = mch_id.bytes().all(|byte| byte.is_ascii_digit());
        ensure!(
            digits && (8..=10).contains(&mch_id.len()),
            "wechat_pay.mch_id: expected 8 to 10 digits"
        );
        let hexadecimal = merchant_serial.bytes().all(|byte| byte.is_ascii_hexdigit());
        ensure!(
            hexadecimal && !merchant_serial.is_empty(),
            "wechat_pay.merchant_serial: expected hexadecimal digits"
        );
        ensure!(api_v3_key.len() == 32, "wechat_pay.api_v3_key: expected 32 characters");
        ensure!(
            !self.platform_keys.is_empty(),
            "wechat_pay.platform_keys: expected at least one"
        );
        ensure!(
            !self.timeout.is_zero(),
            "wechat_pay.timeout: expected more than nothing"
        );
        Ok(())
    }
}

fn address(url: &str) -> anyhow::Result<()> {
    let url = reqwest::Url::parse(url)?;
    let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1"));
    ensure!(url.scheme() == "https" || loopback, "expected https");
    ensure!(url.query().is_none() && url.fragment().is_none(), "expected no query");
    Ok(())
}

impl fmt::Debug for WechatPayOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            base_url,
            mch_id,
            app_id,
            ..
        } = self;
        write!(f, "WechatPayOptions({base_url}, {mch_id}, {app_id})")
    }
}
