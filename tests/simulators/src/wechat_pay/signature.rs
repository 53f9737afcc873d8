//! Signatures of the platform, and the check of the merchant's.
//!
//! <https://pay.weixin.qq.com/doc/v3/merchant/4012365342> (requests), <https://pay.weixin.qq.com/doc/v3/merchant/4013053420> (answers).

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use uuid::Uuid;

use super::{MERCHANT_KEY, MERCHANT_SERIAL, Merchant, PLATFORM_KEY_ID};

/// Requests whose time is further off are refused.
const SKEW_MAX_SECONDS: i64 = 300;
const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048 ";

/// Whether the merchant signed a mini-program's payment sheet, as a payer's WeChat sees it: `appId`, `timeStamp`, `nonceStr`, `package`.
///
/// <https://pay.weixin.qq.com/doc/v3/merchant/4012365341>
pub fn sheet_is_signed(fields: [&str; 4], pay_sign: &str) -> bool {
    let Ok(pair) = key_pair(MERCHANT_KEY) else {
        return false;
    };
    let message: String = fields.iter().flat_map(|field| [*field, "\n"]).collect();
    let signature = STANDARD.decode(pay_sign).unwrap_or_default();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public().as_ref())
        .verify(message.as_bytes(), &signature)
        .is_ok()
}

/// Nonces that were used, and how often a request was refused.
#[derive(Debug, Default)]
pub(super) struct Nonces {
    used: HashSet<String>,
    pub(super) refused: u32,
}

/// What the platform signs with.
pub struct PlatformKeys {
    pair: RsaKeyPair,
    merchant: Vec<u8>,
    serial: Mutex<String>,
    forged: AtomicU32,
}

impl PlatformKeys {
    /// Reads the keys beside this file.
    ///
    /// # Errors
    /// They are none.
    pub(super) fn read() -> anyhow::Result<Self> {
        // Only the public half of the merchant's is kept.
        let merchant = key_pair(MERCHANT_KEY)?.public().as_ref().to_vec();
        Ok(Self {
            pair: key_pair(include_str!("keys/platform.pem"))?,
            merchant,
            serial: Mutex::new(PLATFORM_KEY_ID.to_owned()),
            forged: AtomicU32::new(0),
        })
    }

    pub(super) fn sign_as(&self, serial: &str) {
        serial.clone_into(&mut self.serial.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn forge(&self, count: u32) {
        self.forged.store(count, Ordering::Relaxed);
    }

    /// The headers that an answer goes out with.
    pub(super) fn answer_headers(&self, body: &[u8], now: Timestamp) -> Vec<(&'static str, String)> {
        let forged = self
            .forged
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        self.headers(body, now, forged.is_ok())
    }

    /// The headers that a body goes out with.
    pub(super) fn headers(&self, body: &[u8], now: Timestamp, forged: bool) -> Vec<(&'static str, String)> {
        let (timestamp, nonce) = (now.as_second().to_string(), Uuid::new_v4().simple().to_string());
        let mut message = format!("{timestamp}\n{nonce}\n").into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        let mut signature = vec![0; self.pair.public().modulus_len()];
        if let Err(error) = self
            .pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature)
        {
            tracing::error!(%error, "nothing can be signed");
        }
        if forged {
            signature.reverse();
        }
        let serial = self.serial.lock().unwrap_or_else(PoisonError::into_inner).clone();
        vec![
            ("Wechatpay-Timestamp", timestamp),
            ("Wechatpay-Nonce", nonce),
            ("Wechatpay-Signature", STANDARD.encode(signature)),
            ("Wechatpay-Serial", serial),
        ]
    }

    /// Whether a request is the merchant's, fresh, and the first with its nonce. The answer names what is wrong.
    pub(super) fn check(
        &self,
        merchant: &Merchant,
        nonces: &Mutex<Nonces>,
        request: (&str, &str, &HeaderMap, &[u8]),
        now: Timestamp,
    ) -> Result<(), &'static str> {
        let mut nonces = nonces.lock().unwrap_or_else(PoisonError::into_inner);
        let checked = self.examine(merchant, &mut nonces, request, now);
        nonces.refused += u32::from(checked.is_err());
        checked
    }

    fn examine(
        &self,
        merchant: &Merchant,
        nonces: &mut Nonces,
        (method, target, headers, body): (&str, &str, &HeaderMap, &[u8]),
        now: Timestamp,
    ) -> Result<(), &'static str> {
        let authorization = headers.get("authorization").and_then(|value| value.to_str().ok());
        let authorization = authorization
            .and_then(|value| value.strip_prefix(SCHEME))
            .ok_or("no authorization")?;
        let field = |name: &str| {
            let of = |part: &str| {
                Some(
                    part.trim()
                        .strip_prefix(name)?
                        .strip_prefix("=\"")?
                        .strip_suffix('"')?
                        .to_owned(),
                )
            };
            authorization
                .split(',')
                .find_map(of)
                .ok_or("a field of the authorization is missing")
        };
        if field("mchid")? != merchant.mch_id || field("serial_no")? != MERCHANT_SERIAL {
            return Err("another merchant or certificate");
        }
        let (timestamp, nonce) = (field("timestamp")?, field("nonce_str")?);
        let at: i64 = timestamp.parse().map_err(|_| "no timestamp")?;
        if (now.as_second() - at).abs() > SKEW_MAX_SECONDS {
            return Err("stale timestamp");
        }
        let mut message = format!("{method}\n{target}\n{timestamp}\n{nonce}\n").into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        let signature = STANDARD.decode(field("signature")?).map_err(|_| "no signature")?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.merchant)
            .verify(&message, &signature)
            .map_err(|_| "wrong signature")?;
        match nonces.used.insert(nonce) {
            true => Ok(()),
            false => Err("the nonce was used before"),
        }
    }
}

fn key_pair(text: &str) -> anyhow::Result<RsaKeyPair> {
    let key = pem::parse(text).context("a simulated key")?;
    RsaKeyPair::from_pkcs8(key.contents()).map_err(|error| anyhow::anyhow!("a simulated key: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fresh_request_of_the_merchant_gets_in_and_only_once() {
        let (keys, merchant, nonces) = (PlatformKeys::read().unwrap(), Merchant::default(), Mutex::default());
        let pair = key_pair(MERCHANT_KEY).unwrap();
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let headers = |mch_id: &str, serial: &str, nonce: &str, second: i64| {
            let text = format!("POST\n/v3/x?a=b\n{second}\n{nonce}\n{{}}\n");
            let mut signature = vec![0; pair.public().modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
                .unwrap();
            let signature = STANDARD.encode(signature);
            let value = format!(
                "{SCHEME}mchid=\"{mch_id}\",nonce_str=\"{nonce}\",timestamp=\"{second}\",serial_no=\"{serial}\",signature=\"{signature}\""
            );
            HeaderMap::from_iter([(axum::http::header::AUTHORIZATION, value.parse().unwrap())])
        };
        let check = |headers: &HeaderMap, target: &str, body: &[u8]| {
            keys.check(&merchant, &nonces, ("POST", target, headers, body), now)
        };
        let (mch_id, second) = ("1900000001", now.as_second());
        let good = headers(mch_id, MERCHANT_SERIAL, "n1", second);
        assert_eq!(check(&good, "/v3/x?a=b", b"{ }"), Err("wrong signature"));
        assert_eq!(check(&good, "/v3/x?a=c", b"{}"), Err("wrong signature"));
        assert_eq!(check(&good, "/v3/x?a=b", b"{}"), Ok(()));
        assert_eq!(check(&good, "/v3/x?a=b", b"{}"), Err("the nonce was used before"));
        for off in [-301, 301] {
            let stale = headers(mch_id, MERCHANT_SERIAL, "n2", second + off);
            assert_eq!(check(&stale, "/v3/x?a=b", b"{}"), Err("stale timestamp"));
        }
        for (mch_id, serial) in [("1900000002", MERCHANT_SERIAL), (mch_id, "00")] {
            let other = headers(mch_id, serial, "n3", second);
            assert_eq!(
                check(&other, "/v3/x?a=b", b"{}"),
                Err("another merchant or certificate")
            );
        }
        assert_eq!(nonces.lock().unwrap().refused, 7);
    }
}
