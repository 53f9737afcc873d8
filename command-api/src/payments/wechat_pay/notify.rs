//! Notifications: <https://pay.weixin.qq.com/doc/v3/merchant/4012791882> (payments), <https://pay.weixin.qq.com/doc/v3/merchant/4013070388>
//! (refunds); their content is encrypted, <https://pay.weixin.qq.com/doc/v3/merchant/4012071382>.

use baize_domain::payment::{OrderNo, RefundNo};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::wire::{Refund, Transaction};
use crate::payments::provider::{Forged, Notice};

const ALGORITHM: &str = "AEAD_AES_256_GCM";
/// Bytes of a nonce.
const NONCE_BYTES: usize = 12;

#[derive(Deserialize)]
struct Envelope {
    event_type: String,
    resource: Resource,
}

#[derive(Deserialize)]
struct Resource {
    algorithm: String,
    ciphertext: String,
    nonce: String,
    #[serde(default)]
    associated_data: String,
}

/// Reads what was signed by the platform. `mch_id` and `app_id` are who it must be for.
///
/// # Errors
/// It cannot be read, or is for somebody else.
pub(super) fn read(body: &[u8], key: &str, mch_id: &str, app_id: &str) -> Result<Notice, Forged> {
    let envelope: Envelope = parsed(body, "body")?;
    let content = open(&envelope.resource, key.as_bytes())?;
    match envelope.event_type.as_str() {
        "TRANSACTION.SUCCESS" => order(&content, mch_id, app_id),
        "REFUND.SUCCESS" | "REFUND.ABNORMAL" | "REFUND.CLOSED" => refund(&content, mch_id),
        other => Ok(Notice::Other {
            what: format!("event {}", other.chars().take(64).collect::<String>()),
        }),
    }
}

fn order(content: &[u8], mch_id: &str, app_id: &str) -> Result<Notice, Forged> {
    let transaction: Transaction = parsed(content, "transaction")?;
    if transaction.mchid != mch_id || transaction.appid.as_deref().is_some_and(|app| app != app_id) {
        return Err(Forged::OtherMerchant);
    }
    let Ok(order_no) = transaction.out_trade_no.parse::<OrderNo>() else {
        return Ok(Notice::Other {
            what: "an order that is none of ours".to_owned(),
        });
    };
    let state = transaction.state().map_err(Forged::Malformed)?;
    Ok(Notice::Order { order_no, state })
}

fn refund(content: &[u8], mch_id: &str) -> Result<Notice, Forged> {
    let refund: Refund = parsed(content, "refund")?;
    if refund.mchid.as_deref() != Some(mch_id) {
        return Err(Forged::OtherMerchant);
    }
    let Ok(refund_no) = refund.out_refund_no.parse::<RefundNo>() else {
        return Ok(Notice::Other {
            what: "a refund that is none of ours".to_owned(),
        });
    };
    let state = refund.state().map_err(Forged::Malformed)?;
    Ok(Notice::Refund { refund_no, state })
}

fn open(resource: &Resource, key: &[u8]) -> Result<Vec<u8>, Forged> {
    if resource.algorithm != ALGORITHM {
        return Err(Forged::Malformed("resource.algorithm"));
    }
    let nonce: [u8; NONCE_BYTES] = resource
        .nonce
        .as_bytes()
        .try_into()
        .map_err(|_| Forged::Malformed("resource.nonce"))?;
    let mut content = STANDARD
        .decode(&resource.ciphertext)
        .map_err(|_| Forged::Malformed("resource.ciphertext"))?;
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Forged::Decryption)?;
    let aad = Aad::from(resource.associated_data.as_bytes());
    let length = LessSafeKey::new(key)
        .open_in_place(Nonce::assume_unique_for_key(nonce), aad, &mut content)
        .map_err(|_| Forged::Decryption)?
        .len();
    content.truncate(length);
    Ok(content)
}

fn parsed<T: DeserializeOwned>(bytes: &[u8], what: &'static str) -> Result<T, Forged> {
    serde_json::from_slice(bytes).map_err(|_| Forged::Malformed(what))
}

#[cfg(test)]
mod tests {
    use baize_domain::Fen;
    use baize_domain::payment::{OrderState, Paid, RefundState};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const KEY: &str = "0123456789abcdef0123456789ABCDEF";
    const ORDER: &str = "0000000000000000000000000001";
    const REFUND: &str = "00000000000000000000000000";

    fn sealed(event: &str, content: &Value, aad: &str) -> Vec<u8> {
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, KEY.as_bytes()).unwrap());
        let mut bytes = content.to_string().into_bytes();
        let nonce = Nonce::assume_unique_for_key(*b"abc123456789");
        key.seal_in_place_append_tag(nonce, Aad::from(aad), &mut bytes).unwrap();
        json!({
            "id": "3119dfba", "create_time": "2026-11-22T20:00:00+08:00", "event_type": event, "resource_type": "encrypt-resource",
            "summary": "支付成功",
            "resource": { "algorithm": ALGORITHM, "ciphertext": STANDARD.encode(bytes), "nonce": "abc123456789", "associated_data": aad },
        })
        .to_string()
        .into_bytes()
    }

    fn payment() -> Value {
        json!({
            "mchid": "1900000001", "appid": "wx-app", "out_trade_no": ORDER, "trade_state": "SUCCESS", "transaction_id": "42",
            "success_time": "2026-11-22T20:00:00+08:00", "amount": { "total": 3000, "payer_total": 3000, "currency": "CNY" },
        })
    }

    fn told(body: &[u8]) -> Result<Notice, Forged> {
        read(body, KEY, "1900000001", "wx-app")
    }

    #[test]
    fn a_payment_and_a_refund_are_understood() {
        let paid = Paid {
            transaction_id: "42".to_owned(),
            amount: Fen(3_000),
            paid_at: "2026-11-22T12:00:00Z".parse().unwrap(),
        };
        let notice = Notice::Order {
            order_no: ORDER.parse().unwrap(),
            state: OrderState::Paid(paid),
        };
        for aad in ["transaction", ""] {
            assert_eq!(
                told(&sealed("TRANSACTION.SUCCESS", &payment(), aad)),
                Ok(notice.clone())
            );
        }
        let refund = json!({
            "mchid": "1900000001", "out_trade_no": ORDER, "out_refund_no": REFUND, "refund_status": "ABNORMAL", "refund_id": "50",
            "amount": { "total": 3000, "refund": 1000, "payer_total": 3000, "payer_refund": 1000 },
        });
        let notice = Notice::Refund {
            refund_no: REFUND.parse().unwrap(),
            state: RefundState::Abnormal,
        };
        assert_eq!(told(&sealed("REFUND.ABNORMAL", &refund, "refund")), Ok(notice));
    }

    #[test]
    fn what_is_for_somebody_else_is_not_ours() {
        for (field, value) in [("mchid", "1900000002"), ("appid", "wx-other")] {
            let mut content = payment();
            content[field] = json!(value);
            assert_eq!(
                told(&sealed("TRANSACTION.SUCCESS", &content, "")),
                Err(Forged::OtherMerchant)
            );
        }
        let mut content = payment();
        content["out_trade_no"] = json!("SHOP-0001");
        assert!(matches!(
            told(&sealed("TRANSACTION.SUCCESS", &content, "")),
            Ok(Notice::Other { .. })
        ));
        assert!(matches!(
            told(&sealed("PAYSCORE.USER_PAID", &content, "")),
            Ok(Notice::Other { .. })
        ));
    }

    #[test]
    fn what_was_encrypted_otherwise_is_not_read() {
        let body = String::from_utf8(sealed("TRANSACTION.SUCCESS", &payment(), "transaction")).unwrap();
        for (from, to, error) in [
            ("\"transaction\"", "\"refund\"", Forged::Decryption),
            ("abc123456789", "abc123456780", Forged::Decryption),
            ("abc123456789", "abc12345678", Forged::Malformed("resource.nonce")),
            (ALGORITHM, "AEAD_AES_128_GCM", Forged::Malformed("resource.algorithm")),
        ] {
            assert_eq!(told(body.replace(from, to).as_bytes()), Err(error), "{to}");
        }
        assert_eq!(
            read(body.as_bytes(), &KEY.to_lowercase(), "1900000001", "wx-app"),
            Err(Forged::Decryption)
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body: Vec<u8>, cut: prop::sample::Index) {
            prop_assert!(told(&body).is_err());
            let whole = sealed("TRANSACTION.SUCCESS", &payment(), "transaction");
            prop_assert!(told(&whole[..cut.index(whole.len())]).is_err());
        }
    }
}
