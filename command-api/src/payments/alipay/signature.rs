//! RSA2, which is RSASSA-PKCS1-v1_5 with SHA-256, over parameters and over raw bytes.
//!
//! <https://opendocs.alipay.com/common/02mse7> (how it is signed), <https://opendocs.alipay.com/common/02mse2> (how it is verified). What is not
//! verified does not exist: there is no way to read an answer or a notification around [`Verifier`].

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

/// Signs as the application.
pub struct Signer(KeyPair);

/// Knows Alipay's signature.
pub struct Verifier(UnparsedPublicKey<Vec<u8>>);

impl Signer {
    /// # Errors
    /// It is no RSA key of at least 2048 bits.
    pub fn new(private_key: &str) -> anyhow::Result<Self> {
        let der = der(private_key)?;
        let key = KeyPair::from_pkcs8(&der).or_else(|_| KeyPair::from_der(&der));
        Ok(Self(key.map_err(|error| anyhow::anyhow!("no RSA key: {error}"))?))
    }

    /// Base64 of the signature.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn sign(&self, content: &str) -> anyhow::Result<String> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                content.as_bytes(),
                &mut signature,
            )
            .map_err(|_| anyhow::anyhow!("signing failed"))?;
        Ok(BASE64_STANDARD.encode(signature))
    }
}

impl Verifier {
    /// From PEM or bare base64 of a `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// It is no RSA key of at least 2048 bits.
    pub fn new(public_key: &str) -> anyhow::Result<Self> {
        let der = der(public_key)?;
        let (_, info) = SubjectPublicKeyInfo::from_der(&der).context("no public key")?;
        Self::from_info(&info)
    }

    /// From the key in a certificate.
    ///
    /// # Errors
    /// It is no RSA key of at least 2048 bits.
    pub fn from_info(info: &SubjectPublicKeyInfo<'_>) -> anyhow::Result<Self> {
        let key = info.parsed().context("the public key")?;
        let x509_parser::public_key::PublicKey::RSA(rsa) = key else {
            anyhow::bail!("no RSA key");
        };
        anyhow::ensure!(rsa.key_size() >= 2_048, "the RSA key is shorter than 2048 bits");
        let bytes = info.subject_public_key.data.to_vec();
        Ok(Self(UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, bytes)))
    }

    /// Whether Alipay signed these bytes.
    pub fn holds(&self, content: &[u8], signature_base64: &str) -> bool {
        let Ok(signature) = BASE64_STANDARD.decode(signature_base64) else {
            return false;
        };
        self.0.verify(content, &signature).is_ok()
    }
}

/// `k=v` joined by `&` in the order of the keys; what requests and notifications are signed over.
pub fn content<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut pairs: Vec<_> = parameters.into_iter().collect();
    pairs.sort_unstable();
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join("&")
}

fn der(key: &str) -> anyhow::Result<Vec<u8>> {
    if key.contains("-----BEGIN") {
        let pem = pem::parse(key).context("the PEM cannot be read")?;
        return Ok(pem.into_contents());
    }
    let bare: String = key.split_whitespace().collect();
    BASE64_STANDARD.decode(bare).context("neither PEM nor base64")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An answer of Alipay's that was published with its key and signature: go-pay/gopay, `alipay/sign_test.go`.
    const PUBLISHED: &str = r#"{"code":"10000","msg":"Success","buyer_logon_id":"854***@qq.com","buyer_pay_amount":"0.01","buyer_user_id":"2088102363632794","fund_bill_list":[{"amount":"0.01","fund_channel":"PCREDIT"}],"gmt_payment":"2019-08-29 20:14:05","invoice_amount":"0.01","out_trade_no":"GZ201901301040361012","point_amount":"0.00","receipt_amount":"0.01","total_amount":"0.01","trade_no":"2019082922001432790585537960"}"#;
    const SIGNATURE: &str = "bk3SzX0CZRI811IJioS2XKQHcgMixUT8mYyGQj+vcOAQas7GIYi6LpykqqSc3m7+yvqoG0TdX/c2JjYnpw/J53JxtC2IC4vsLuIPIgghVo5qafsfSxEJ22w20RZDatI2dYqFVcj8Jp+4aesQ8zMMNw7cX9NLyk7kw3DecYeyQp+zrZMueZPqLh88Z+54G+e6QuSU++0ouqQVd4PkpPqy6YI+8MdMUX4Ve0jOQxMmYH8BC6n5ZsTH/uEaLEtzYVZdSw/xdSQ7K1SH73aEH8XbRYx6rL7RkKksrdvhezX+ThDjQ+fTWjvNFrGcg3fmqXRy2elvoalu+BQmqlkWWjEJYA==";
    const KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAp8gueNlkbiDidz6FBQEBpqoRgH8h7JtsPtYW0nzAqy1MME4mFnDSMfSKlreUomS3a55gmBopL1eF4/Km/dEnaL5tCY9+24SKn1D4iyls+lvz/ZjvUjVwxoUYBh8kkcxMZSDeDz8//o+9qZTrICVP2a4sBB8T0XmU4gxfw8FsmtoomBH1nLk3AO7wgRN2a3+SRSAmxrhIGDmF1lljSlhY32eJpJ2TZQKaWNW+7yDBU/0Wt3kQVY84vr14yYagnSCiIfqyVFqePayRtmVJDr5qvSXr51tdqs2zKZCu+26X7JAF4BSsaq4gmY5DmDTm4TohCnBduI1+bPGD+igVmtl05wIDAQAB";

    #[test]
    fn an_answer_that_alipay_signed_is_believed() {
        assert!(Verifier::new(KEY).unwrap().holds(PUBLISHED.as_bytes(), SIGNATURE));
    }

    proptest! {
        #[test]
        fn an_answer_with_any_other_byte_is_not(at in 0..PUBLISHED.len(), by in 1..=255u8) {
            let mut altered = PUBLISHED.as_bytes().to_vec();
            altered[at] ^= by;
            prop_assert!(!Verifier::new(KEY).unwrap().holds(&altered, SIGNATURE));
        }

        #[test]
        fn a_signature_with_any_other_byte_is_not(at in 0..SIGNATURE.len(), by in 1..=255u8) {
            let mut altered = SIGNATURE.as_bytes().to_vec();
            altered[at] ^= by;
            let altered = String::from_utf8_lossy(&altered);
            prop_assert!(!Verifier::new(KEY).unwrap().holds(PUBLISHED.as_bytes(), &altered));
        }
    }

    #[test]
    fn what_is_signed_is_sorted_and_not_encoded() {
        assert_eq!(content([("b", "2 &"), ("a", "一")]), "a=一&b=2 &");
    }

    #[test]
    fn what_is_no_key_is_refused_at_start() {
        for text in ["", "no key", "MIIB", "-----BEGIN PUBLIC KEY-----"] {
            assert!(Verifier::new(text).is_err(), "{text}");
            assert!(Signer::new(text).is_err(), "{text}");
        }
        assert!(Signer::new(KEY).is_err(), "a public key signs nothing");
    }
}
