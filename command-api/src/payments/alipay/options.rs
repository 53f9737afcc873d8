//! What can be set about Alipay.

use std::fmt;
use std::time::Duration;

use baize_eventlog::Clock;

/// An application at Alipay that collects for one merchant.
#[derive(Clone)]
pub struct AlipayOptions {
    /// Normally `https://openapi.alipay.com/gateway.do`.
    pub gateway_url: String,
    /// The application; 16 digits or more.
    pub app_id: String,
    /// The merchant's account, `2088…`: whom notifications must be for.
    pub seller_id: String,
    /// The application's private key: PEM (PKCS #8 or PKCS #1), or the bare base64 that Alipay's key tool writes.
    pub app_private_key: String,
    /// How Alipay is known, and we to it.
    pub trust: AlipayTrust,
    /// Where Alipay sends notifications; without a query.
    pub notify_url: String,
    /// No attempt takes longer.
    pub timeout: Duration,
    /// What requests and notifications are dated by.
    pub clock: Clock,
}

/// The two ways in which an application and Alipay know each other's keys.
#[derive(Clone)]
pub enum AlipayTrust {
    /// Alipay's public key: PEM or bare base64 of a `SubjectPublicKeyInfo`.
    PublicKey(String),
    /// Certificates, each PEM.
    Certificates {
        /// The application's (`appCertPublicKey_….crt`).
        app: String,
        /// Alipay's (`alipayCertPublicKey_RSA2.crt`).
        alipay: String,
        /// Alipay's roots (`alipayRootCert.crt`).
        root: String,
    },
}

impl AlipayOptions {
    /// # Errors
    /// Something that Alipay would refuse, with the setting's name.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let url = |name: &str, value: &str| match value.parse::<http::Uri>() {
            Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) && uri.query().is_none() => Ok(()),
            _ => Err(anyhow::anyhow!(
                "{name}: expected an address of http or https without a query"
            )),
        };
        let digits =
            |name: &str, value: &str| match value.len() >= 16 && value.bytes().all(|byte| byte.is_ascii_digit()) {
                true => Ok(()),
                false => Err(anyhow::anyhow!("{name}: expected at least 16 digits")),
            };
        url("gateway_url", &self.gateway_url)?;
        url("notify_url", &self.notify_url)?;
        digits("app_id", &self.app_id)?;
        digits("seller_id", &self.seller_id)?;
        anyhow::ensure!(self.seller_id.starts_with("2088"), "seller_id: expected 2088…");
        anyhow::ensure!(!self.timeout.is_zero(), "timeout: expected more than nothing");
        Ok(())
    }
}

impl fmt::Debug for AlipayOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            gateway_url, app_id, ..
        } = self;
        write!(f, "AlipayOptions({gateway_url}, {app_id})")
    }
}
