//! Tencent Cloud's signature v3, `TC3-HMAC-SHA256`:
//! <https://www.tencentcloud.com/document/product/1021/34193> (its worked example is a test here).

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use ring::hmac;

use crate::people::keys::hex;

const ALGORITHM: &str = "TC3-HMAC-SHA256";
/// The only content type that is sent, exactly as it is signed.
pub const CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// What is signed beside the body.
pub struct Signing<'s> {
    pub secret_id: &'s str,
    pub secret_key: &'s str,
    /// Such as `sms`.
    pub service: &'s str,
    /// The `Host` header.
    pub host: &'s str,
    pub at: Timestamp,
}

impl Signing<'_> {
    /// The `Authorization` header of a POST with this body.
    pub fn authorization(&self, body: &[u8]) -> String {
        let signed_headers = "content-type;host";
        let canonical = format!(
            "POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{}\n\n{signed_headers}\n{}",
            self.host,
            sha256(body)
        );
        // The day is UTC's, whatever the zone of the sender.
        let date = self.at.strftime("%Y-%m-%d").to_string();
        let scope = format!("{date}/{}/tc3_request", self.service);
        let to_sign = format!(
            "{ALGORITHM}\n{}\n{scope}\n{}",
            self.at.as_second(),
            sha256(canonical.as_bytes())
        );
        let key = format!("TC3{}", self.secret_key);
        let day = mac(key.as_bytes(), &date);
        let service = mac(day.as_ref(), self.service);
        let signing = mac(service.as_ref(), "tc3_request");
        let signature = hex(mac(signing.as_ref(), &to_sign).as_ref());
        format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={signed_headers}, Signature={signature}",
            self.secret_id
        )
    }
}

fn mac(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_providers_worked_example_is_signed_as_it_says() {
        let body = r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;
        let signing = Signing {
            secret_id: "AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******",
            secret_key: "Gu5t9xGARNpq86cd98joQYCN3*******",
            service: "cvm",
            host: "cvm.tencentcloudapi.com",
            at: Timestamp::from_second(1_551_113_065).unwrap(),
        };
        let expected = "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******/2019-02-25/cvm/tc3_request, \
                        SignedHeaders=content-type;host, \
                        Signature=2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c";
        assert_eq!(signing.authorization(body.as_bytes()), expected);
    }
}
