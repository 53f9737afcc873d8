//! Who signed what: requests and payment sheets by the merchant, answers and notifications by the platform.
//!
//! Requests <https://pay.weixin.qq.com/doc/v3/merchant/4012365342>, answers and notifications
//! <https://pay.weixin.qq.com/doc/v3/merchant/4013053420>, the platform's public key <https://pay.weixin.qq.com/doc/v3/merchant/4012925289>,
//! the mini-program's sheet <https://pay.weixin.qq.com/doc/v3/merchant/4012365341>.

use anyhow::{Context as _, anyhow, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use jiff::Timestamp;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::options::{WechatPayKey, WechatPayOptions};
use crate::payments::provider::Forged;

/// What is older or newer is not believed.
const SKEW_MAX_SECONDS: u64 = 300;

/// Signs for the merchant.
pub(super) struct Merchant {
    mch_id: String,
    serial: String,
    pair: RsaKeyPair,
}

/// Knows the platform.
pub(super) struct Platform {
    keys: Vec<(String, Vec<u8>)>,
}

impl Merchant {
    /// # Errors
    /// The key is none.
    pub(super) fn new(options: &WechatPayOptions) -> anyhow::Result<Self> {
        let what = "wechat_pay.merchant_key: expected a PEM of a PKCS#8 RSA key of 2048 to 4096 bits";
        let key = pem::parse(&options.merchant_key).context(what)?;
        let pair = RsaKeyPair::from_pkcs8(key.contents()).map_err(|error| anyhow!("{what} ({error})"))?;
        Ok(Self {
            mch_id: options.mch_id.clone(),
            serial: options.merchant_serial.to_ascii_uppercase(),
            pair,
        })
    }

    /// The `Authorization` of a request; `target` is its path and query.
    pub(super) fn authorization(
        &self,
        method: &str,
        target: &str,
        body: &str,
        now: Timestamp,
    ) -> anyhow::Result<String> {
        let (timestamp, nonce) = (now.as_second(), nonce()?);
        let signature = self.sign(&format!("{method}\n{target}\n{timestamp}\n{nonce}\n{body}\n"))?;
        let Self { mch_id, serial, .. } = self;
        Ok(format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{mch_id}\",nonce_str=\"{nonce}\",timestamp=\"{timestamp}\",serial_no=\"{serial}\",signature=\"{signature}\""
        ))
    }

    /// Base64 of the signature of a text.
    pub(super) fn sign(&self, text: &str) -> anyhow::Result<String> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| anyhow!("nothing can be signed"))?;
        Ok(STANDARD.encode(signature))
    }
}

impl Platform {
    /// # Errors
    /// A key is none, or two go by the same name.
    pub(super) fn new(keys: &[WechatPayKey]) -> anyhow::Result<Self> {
        let mut known: Vec<(String, Vec<u8>)> = Vec::new();
        for key in keys {
            let (name, key) = read(key).context("wechat_pay.platform_keys")?;
            ensure!(
                known.iter().all(|(other, _)| *other != name),
                "wechat_pay.platform_keys: {name} is there twice"
            );
            known.push((name, key));
        }
        Ok(Self { keys: known })
    }

    /// What the platform is asked to sign with.
    pub(super) fn preferred(&self) -> &str {
        self.keys.first().map_or("", |(name, _)| name)
    }

    /// # Errors
    /// It is not signed by the platform, or not now.
    pub(super) fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), Forged> {
        let header = |name: &'static str| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.filter(|value| !value.is_empty()).ok_or(Forged::Malformed(name))
        };
        let (timestamp, nonce) = (header("wechatpay-timestamp")?, header("wechatpay-nonce")?);
        let serial = header("wechatpay-serial")?;
        let signature = header("wechatpay-signature")?;
        let at: i64 = timestamp
            .parse()
            .map_err(|_| Forged::Malformed("wechatpay-timestamp"))?;
        if at.abs_diff(now.as_second()) > SKEW_MAX_SECONDS {
            return Err(Forged::Skew);
        }
        let mut message = format!("{timestamp}\n{nonce}\n").into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        self.verify_message(serial, &message, signature)
    }

    fn verify_message(&self, serial: &str, message: &[u8], signature: &str) -> Result<(), Forged> {
        let known = self.keys.iter().find(|(name, _)| name.eq_ignore_ascii_case(serial));
        let (_, key) = known.ok_or(Forged::UnknownKey)?;
        let signature = STANDARD
            .decode(signature)
            .map_err(|_| Forged::Malformed("wechatpay-signature"))?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
            .verify(message, &signature)
            .map_err(|_| Forged::Signature)
    }
}

/// 32 characters that were never used before.
pub(super) fn nonce() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| anyhow!("the system gives no randomness"))?;
    Ok(format!("{:032X}", u128::from_be_bytes(bytes)))
}

/// What it goes by, and the RSA key that is in it.
fn read(key: &WechatPayKey) -> anyhow::Result<(String, Vec<u8>)> {
    let (name, der) = match key {
        WechatPayKey::Certificate(text) => {
            let text = pem::parse(text).context("expected a PEM of a certificate")?;
            let (_, certificate) = X509Certificate::from_der(text.contents()).context("expected a certificate")?;
            let serial = certificate
                .raw_serial()
                .iter()
                .map(|byte| format!("{byte:02X}"))
                .collect::<String>();
            // A leading zero byte is the sign, and no part of the number.
            let serial = serial.strip_prefix("00").map(str::to_owned).unwrap_or(serial);
            (serial, certificate.public_key().subject_public_key.data.to_vec())
        }
        WechatPayKey::PublicKey { id, pem } => {
            ensure!(id.starts_with("PUB_KEY_ID_"), "expected an id PUB_KEY_ID_…");
            let text = pem::parse(pem).context("expected a PEM of a public key")?;
            let (_, key) = SubjectPublicKeyInfo::from_der(text.contents()).context("expected a public key")?;
            (id.clone(), key.subject_public_key.data.to_vec())
        }
    };
    ensure!(der.len() >= 256, "expected an RSA key of at least 2048 bits");
    Ok((name, der))
}

#[cfg(test)]
mod tests {
    use baize_simulators::wechat_pay as simulated;
    use proptest::prelude::*;

    use super::*;
    use crate::payments::wechat_pay::tests::options;

    /// wechatpay-go, core/auth/verifiers/sha256withrsa_verifier_test.go.
    #[test]
    fn the_providers_published_signature_is_believed_and_no_other() {
        let certificate = include_str!("testdata/platform.crt").to_owned();
        let platform = Platform::new(&[WechatPayKey::Certificate(certificate)]).unwrap();
        let signature = "BKyAfU4iMCuvXMXS0Wzam3V/cnxZ+JaqigPM5OhljS2iOT95OO6Fsuml2JkFANJU9\
            K6q9bLlDhPXuoVz+pp4hAm6pHU4ld815U4jsKu1RkyaII+1CYBUYC8TK0XtJ8FwUXXz8vZHh58rrAVN1XwNyv\
            D1vfpxrMT4SL536GLwvpUHlCqIMzoZUguLli/K8V29QiOhuH6IEqLNJn8e9b3nwNcQ7be3CzYGpDAKBfDGPCq\
            Cv8Rw5zndhlffk2FEA70G4hvMwe51qMN/RAJbknXG23bSlObuTCN7Ndj1aJGH6/L+hdwfLpUtJm4QYVazzW7D\
            FD27EpSQEqA8bX9+8m1rLg==";
        assert_eq!(platform.preferred(), "F5765756002FDD77");
        assert_eq!(
            platform.verify_message("F5765756002FDD77", b"source", signature),
            Ok(())
        );
        assert_eq!(
            platform.verify_message("f5765756002fdd77", b"source", signature),
            Ok(())
        );
        assert_eq!(
            platform.verify_message("F5765756002FDD77", b"wrong source", signature),
            Err(Forged::Signature)
        );
        assert_eq!(
            platform.verify_message("F5765756002FDD78", b"source", signature),
            Err(Forged::UnknownKey)
        );
    }

    /// The platform here signs with the merchant's key: signing and verifying are each other's mirror.
    fn signed(body: &[u8], at: Timestamp) -> (Platform, HeaderMap) {
        let merchant = Merchant::new(&options("https://localhost")).unwrap();
        let platform = Platform::new(&[WechatPayKey::Certificate(simulated::MERCHANT_CERTIFICATE.to_owned())]).unwrap();
        let text = format!("{}\nnonce\n{}\n", at.as_second(), String::from_utf8_lossy(body));
        let mut headers = HeaderMap::new();
        let second = at.as_second().to_string();
        let signature = merchant.sign(&text).unwrap();
        for (name, value) in [
            ("wechatpay-timestamp", second.as_str()),
            ("wechatpay-nonce", "nonce"),
            ("wechatpay-serial", simulated::MERCHANT_SERIAL),
            ("wechatpay-signature", &signature),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        (platform, headers)
    }

    #[test]
    fn what_is_five_minutes_off_is_not_believed() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let (platform, headers) = signed(b"{}", now);
        for (seconds, verdict) in [
            (0, Ok(())),
            (300, Ok(())),
            (-300, Ok(())),
            (301, Err(Forged::Skew)),
            (-301, Err(Forged::Skew)),
        ] {
            let then = Timestamp::from_second(now.as_second() + seconds).unwrap();
            assert_eq!(platform.verify(&headers, b"{}", then), verdict, "{seconds}");
        }
        for name in [
            "wechatpay-timestamp",
            "wechatpay-nonce",
            "wechatpay-serial",
            "wechatpay-signature",
        ] {
            let mut headers = headers.clone();
            headers.remove(name);
            assert_eq!(platform.verify(&headers, b"{}", now), Err(Forged::Malformed(name)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn no_byte_of_a_signed_message_can_be_altered(body in "[ -~]{1,80}", which in 0..5usize, index: prop::sample::Index, flip in 1..=127u8) {
            let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
            let (platform, mut headers) = signed(body.as_bytes(), now);
            prop_assert_eq!(platform.verify(&headers, body.as_bytes(), now), Ok(()));
            let mut body = body.into_bytes();
            let names = ["wechatpay-timestamp", "wechatpay-nonce", "wechatpay-serial", "wechatpay-signature"];
            match names.get(which) {
                None => {
                    let at = index.index(body.len());
                    body[at] ^= flip;
                }
                Some(name) => {
                    let mut value = headers[*name].as_bytes().to_vec();
                    let at = index.index(value.len());
                    // The last character but the padding has bits that stand for nothing; the decoder refuses those too.
                    value[at] ^= flip;
                    let same_number = *name == "wechatpay-serial" && value.eq_ignore_ascii_case(headers[*name].as_bytes());
                    prop_assume!(!same_number);
                    let Ok(value) = http::HeaderValue::from_bytes(&value) else { return Ok(()) };
                    headers.insert(*name, value);
                }
            }
            prop_assert!(platform.verify(&headers, &body, now).is_err());
        }
    }
}
