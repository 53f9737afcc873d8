//! Amounts, times, forms and signatures, as Alipay writes them. Written apart from the client on purpose: a slip of one is not hidden by the other.

use std::collections::BTreeMap;

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::tz::Offset;
use jiff::{Timestamp, civil::Date, civil::DateTime};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};

const BEIJING: Offset = Offset::constant(8);

pub type Form = BTreeMap<String, String>;

pub fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.abs() / 100, fen.abs() % 100)
}

/// Two decimals exactly, between one fen and a hundred million yuan.
pub fn fen(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let wellformed = !whole.is_empty() && whole.len() <= 9 && decimals.len() == 2 && digits(whole) && digits(decimals);
    let fen: i64 = format!("{whole}{decimals}").parse().ok()?;
    (wellformed && (1..=10_000_000_000).contains(&fen)).then_some(fen)
}

pub fn time(at: Timestamp) -> String {
    BEIJING.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

pub fn instant(text: &str) -> Option<Timestamp> {
    let at = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    BEIJING.to_timestamp(at).ok()
}

pub fn day(at: Timestamp) -> Date {
    BEIJING.to_datetime(at).date()
}

pub fn form(body: &[u8]) -> Form {
    form_urlencoded::parse(body).into_owned().collect()
}

/// What a form is signed over; `apart` are the names of what is not signed.
pub fn content(form: &Form, apart: &[&str]) -> String {
    let signed = form
        .iter()
        .filter(|(key, value)| !apart.contains(&key.as_str()) && !value.is_empty());
    signed
        .map(|(key, value)| format!("{key}={value}"))
        .collect::<Vec<_>>()
        .join("&")
}

/// Whose signature is checked, and with what is signed.
pub struct Keys {
    alipay: KeyPair,
    app: UnparsedPublicKey<Vec<u8>>,
}

impl Keys {
    /// From Alipay's private key and the application's, of which only the public half is kept.
    pub fn new(alipay_pem: &str, app_pem: &str) -> anyhow::Result<Self> {
        let pair = |text: &str| {
            let pem = pem::parse(text).context("no PEM")?;
            KeyPair::from_pkcs8(pem.contents()).map_err(|error| anyhow::anyhow!("no RSA key: {error}"))
        };
        let app = pair(app_pem)?;
        Ok(Self {
            alipay: pair(alipay_pem)?,
            app: UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, app.public().as_ref().to_vec()),
        })
    }

    pub fn holds(&self, content: &str, signature: &str) -> bool {
        let signature = BASE64_STANDARD.decode(signature).unwrap_or_default();
        self.app.verify(content.as_bytes(), &signature).is_ok()
    }

    /// A signature of Alipay's, or one that is wrong.
    pub fn sign(&self, content: &str, rightly: bool) -> String {
        let mut signature = vec![0; self.alipay.public().modulus_len()];
        let random = SystemRandom::new();
        let signed = self
            .alipay
            .sign(&RSA_PKCS1_SHA256, &random, content.as_bytes(), &mut signature);
        if signed.is_err() || !rightly {
            signature.reverse();
        }
        BASE64_STANDARD.encode(signature)
    }
}
