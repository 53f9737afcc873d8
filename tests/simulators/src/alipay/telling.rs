//! One notification of a payment, written and signed apart from any book: for tests that tell what happened, or did not.

use jiff::Timestamp;

use super::keys;
use super::wire::{Form, Keys, content, time, yuan};

/// What is told.
#[derive(Clone, Debug)]
pub struct PaidNotice {
    /// The application it is for.
    pub app_id: String,
    /// The merchant it is for.
    pub seller_id: String,
    /// The merchant's number.
    pub order_no: String,
    /// Alipay's number.
    pub trade_no: String,
    /// What was paid.
    pub amount_fen: i64,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// When it is told.
    pub told_at: Timestamp,
}

impl PaidNotice {
    /// Its body, signed by Alipay, or wrongly.
    ///
    /// # Errors
    /// The keys of this program are none.
    pub fn body(&self, rightly: bool) -> anyhow::Result<String> {
        let keys = Keys::new(keys::ALIPAY_PRIVATE, keys::APP_PRIVATE)?;
        let mut form: Form = [
            ("notify_type", "trade_status_sync".to_owned()),
            ("notify_id", uuid::Uuid::new_v4().simple().to_string()),
            ("notify_time", time(self.told_at)),
            ("charset", "utf-8".to_owned()),
            ("version", "1.0".to_owned()),
            ("app_id", self.app_id.clone()),
            ("seller_id", self.seller_id.clone()),
            ("out_trade_no", self.order_no.clone()),
            ("trade_no", self.trade_no.clone()),
            ("total_amount", yuan(self.amount_fen)),
            ("trade_status", "TRADE_SUCCESS".to_owned()),
            ("gmt_payment", time(self.paid_at)),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into();
        let sign = keys.sign(&content(&form, &[]), rightly);
        form.insert("sign".to_owned(), sign);
        form.insert("sign_type".to_owned(), "RSA2".to_owned());
        let mut body = form_urlencoded::Serializer::new(String::new());
        Ok(body.extend_pairs(form).finish())
    }
}
