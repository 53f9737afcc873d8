//! Notifications: encrypted with the merchant's key, signed with the platform's, repeated as documented.
//!
//! <https://pay.weixin.qq.com/doc/v3/merchant/4012791882> (content and repeats), <https://pay.weixin.qq.com/doc/v3/merchant/4012071382>
//! (AEAD_AES_256_GCM).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Merchant, PlatformKeys, wire};
use crate::provider::{Flaw, Letter, Letters, RefundState, Told};

/// Seconds: 15s, 15s, 30s, 3m, 10m, 20m, 30m ×3, 60m, 3h ×3, 6h ×2.
const PAUSES: [u32; 15] = [
    15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600,
];

pub(super) struct Writer {
    merchant: Merchant,
    keys: Arc<PlatformKeys>,
    secret: LessSafeKey,
}

impl Writer {
    pub(super) fn new(merchant: Merchant, keys: Arc<PlatformKeys>) -> anyhow::Result<Self> {
        let secret = UnboundKey::new(&AES_256_GCM, merchant.api_v3_key.as_bytes());
        let secret = secret.map_err(|_| anyhow::anyhow!("an API v3 key has 32 characters"))?;
        Ok(Self {
            merchant,
            keys,
            secret: LessSafeKey::new(secret),
        })
    }

    fn sealed(&self, kind: &str, content: &Value) -> Value {
        // Twelve characters, as the provider's are.
        let mut bytes = [0; 9];
        if let Err(error) = SystemRandom::new().fill(&mut bytes) {
            tracing::error!(%error, "no randomness");
        }
        let nonce = STANDARD.encode(bytes);
        let mut sealed = content.to_string().into_bytes();
        let mut raw = [0; 12];
        raw.copy_from_slice(nonce.as_bytes());
        let done =
            self.secret
                .seal_in_place_append_tag(Nonce::assume_unique_for_key(raw), Aad::from(kind), &mut sealed);
        if let Err(error) = done {
            tracing::error!(%error, "nothing can be encrypted");
        }
        json!({
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": STANDARD.encode(sealed),
            "nonce": nonce,
            "associated_data": kind,
            "original_type": kind,
        })
    }
}

impl Letters for Writer {
    fn write(&self, told: &Told, now: Timestamp, flaw: Option<Flaw>) -> Letter {
        let (event, kind, mut content) = match told {
            Told::Paid(order) => (
                "TRANSACTION.SUCCESS",
                "transaction",
                wire::transaction(&self.merchant, order, false),
            ),
            Told::Refund(order, refund) => {
                let mut content = wire::refund(order, refund);
                content["mchid"] = json!(self.merchant.mch_id);
                if let Some(status) = content.as_object_mut().and_then(|fields| fields.remove("status")) {
                    content["refund_status"] = status;
                }
                let event = match refund.state {
                    RefundState::Abnormal(_) => "REFUND.ABNORMAL",
                    RefundState::Closed(_) => "REFUND.CLOSED",
                    _ => "REFUND.SUCCESS",
                };
                (event, "refund", content)
            }
        };
        match flaw {
            Some(Flaw::Amount) => {
                let total = content["amount"]["total"].as_i64().unwrap_or_default();
                content["amount"]["total"] = json!(total + 1);
                content["amount"]["payer_total"] = json!(total + 1);
            }
            Some(Flaw::Merchant) => content["mchid"] = json!("1900000002"),
            Some(Flaw::Signature) | None => {}
        }
        let body = json!({
            "id": Uuid::new_v4().to_string(),
            "create_time": wire::time(now),
            "event_type": event,
            "resource_type": "encrypt-resource",
            "summary": "simulated",
            "resource": self.sealed(kind, &content),
        });
        let body = body.to_string().into_bytes();
        let mut headers = self.keys.headers(&body, now, flaw == Some(Flaw::Signature));
        headers.push(("Content-Type", "application/json".to_owned()));
        Letter { headers, body }
    }

    fn taken(&self, status: u16, _: &[u8]) -> bool {
        matches!(status, 200 | 204)
    }

    fn pauses(&self) -> &'static [u32] {
        &PAUSES
    }
}
