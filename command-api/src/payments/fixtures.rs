//! A provider for the tests: it answers as it is told, and signs its notifications with a key of its own.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use baize_domain::Fen;
use baize_domain::payment::{
    Channel, Order, OrderNo, OrderState, Paid, Presented, ProviderAnswer, RefundNo, RefundOrder,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use jiff::Timestamp;
use jiff::civil::Date;
use ring::hmac;
use serde::{Deserialize, Serialize};

use super::provider::{Acknowledgement, BillError, BillRow, Forged, Notice, PaySheet, Provider};

/// Answers what it was told last.
pub struct Scripted {
    channel: Channel,
    answer: Mutex<ProviderAnswer>,
    hangs: AtomicBool,
    asked: AtomicUsize,
    bills: Mutex<BTreeMap<Date, Vec<BillRow>>>,
    key: hmac::Key,
}

/// A notification's body.
#[derive(Serialize, Deserialize)]
pub struct Told {
    pub merchant: String,
    pub order_no: String,
    pub transaction_id: String,
    pub fen: i64,
    pub paid_at_second: i64,
}

impl Scripted {
    pub const MERCHANT: &str = "1900000109";

    pub fn new(channel: Channel) -> Self {
        Self {
            channel,
            answer: Mutex::new(ProviderAnswer::Order(OrderState::Waiting)),
            hangs: AtomicBool::new(false),
            asked: AtomicUsize::new(0),
            bills: Mutex::default(),
            key: hmac::Key::new(hmac::HMAC_SHA256, b"the provider's"),
        }
    }

    /// From now on.
    pub fn answers(&self, answer: ProviderAnswer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// The bill of a day is there.
    #[allow(dead_code, reason = "the tests of the running service fetch bills")]
    pub fn bills(&self, date: Date, rows: Vec<BillRow>) {
        self.bills.lock().unwrap().insert(date, rows);
    }

    /// It answers nothing any more.
    pub fn hangs(&self) {
        self.hangs.store(true, Ordering::Relaxed);
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// The headers of a notification that it would send itself.
    pub fn sign(&self, at: Timestamp, body: &[u8]) -> HeaderMap {
        let at = at.as_second().to_string();
        let tag = hmac::sign(&self.key, &[at.as_bytes(), b"\n", body].concat());
        let mut headers = HeaderMap::new();
        headers.insert("x-timestamp", at.parse().unwrap());
        headers.insert("x-signature", STANDARD.encode(tag).parse().unwrap());
        headers
    }

    /// Whoever makes orders knows them.
    async fn answer_about_an_order(&self, state: OrderState) -> ProviderAnswer {
        match self.answer().await {
            ProviderAnswer::Created(_) => ProviderAnswer::Order(state),
            other => other,
        }
    }

    async fn answer(&self) -> ProviderAnswer {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        self.answer.lock().unwrap().clone()
    }
}

#[async_trait]
impl Provider for Scripted {
    fn channel(&self) -> Channel {
        self.channel
    }

    async fn create(&self, _: &Order, _: Option<&str>) -> ProviderAnswer {
        self.answer().await
    }

    async fn query(&self, _: OrderNo) -> ProviderAnswer {
        self.answer_about_an_order(OrderState::Waiting).await
    }

    async fn close(&self, _: OrderNo) -> ProviderAnswer {
        self.answer_about_an_order(OrderState::Closed).await
    }

    async fn refund(&self, _: &RefundOrder) -> ProviderAnswer {
        self.answer().await
    }

    async fn query_refund(&self, _: OrderNo, _: RefundNo) -> ProviderAnswer {
        self.answer().await
    }

    fn sheet(&self, presented: &Presented, _: Timestamp) -> anyhow::Result<PaySheet> {
        match presented {
            Presented::Code(code) => Ok(PaySheet::Code(code.clone())),
            _ => anyhow::bail!("not presented here"),
        }
    }

    fn notice(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Notice, Forged> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let at = text("x-timestamp").ok_or(Forged::Malformed("x-timestamp"))?;
        let signature = text("x-signature").ok_or(Forged::Malformed("x-signature"))?;
        let signature = STANDARD.decode(signature).map_err(|_| Forged::Signature)?;
        let signed = [at.as_bytes(), b"\n", body].concat();
        hmac::verify(&self.key, &signed, &signature).map_err(|_| Forged::Signature)?;
        let at: i64 = at.parse().map_err(|_| Forged::Malformed("x-timestamp"))?;
        if at.abs_diff(now.as_second()) >= 300 {
            return Err(Forged::Skew);
        }
        let told: Told = serde_json::from_slice(body).map_err(|_| Forged::Malformed("body"))?;
        if told.merchant != Self::MERCHANT {
            return Err(Forged::OtherMerchant);
        }
        let Ok(order_no) = told.order_no.parse() else {
            return Ok(Notice::Other {
                what: "another order".to_owned(),
            });
        };
        let paid = Paid {
            transaction_id: told.transaction_id,
            amount: Fen(told.fen),
            paid_at: Timestamp::from_second(told.paid_at_second).map_err(|_| Forged::Malformed("paid_at_second"))?,
        };
        let state = OrderState::Paid(paid);
        Ok(Notice::Order { order_no, state })
    }

    fn acknowledgement(&self, taken: bool) -> Acknowledgement {
        Acknowledgement {
            status: if taken { 200 } else { 500 },
            content_type: "text/plain",
            body: if taken { "success" } else { "fail" },
        }
    }

    async fn bill(&self, date: Date) -> Result<Vec<BillRow>, BillError> {
        let bill = self.bills.lock().unwrap().get(&date).cloned();
        bill.ok_or(BillError::NotYet)
    }
}
