//! What is sent to WeChat Pay and what its answers mean.
//!
//! Orders <https://pay.weixin.qq.com/doc/v3/merchant/4012791874>, <https://pay.weixin.qq.com/doc/v3/merchant/4013070356>,
//! refunds <https://pay.weixin.qq.com/doc/v3/merchant/4013070371>; each page ends with its error codes, which are the table in [`super`].

use baize_domain::Fen;
use baize_domain::payment::{Decline, Order, OrderState, Paid, ProviderAnswer, RefundOrder, RefundState};
use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use serde::Deserialize;
use serde_json::{Value, json};

use super::options::WechatPayOptions;

/// What was asked, as far as the meaning of a refusal depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Create,
    Query,
    Close,
    Refund,
    QueryRefund,
}

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// For good.
    Declined(Decline),
    /// There is no such order or refund.
    NotFound,
    /// The payer is at it.
    Paying,
    /// Later perhaps.
    Again,
}

/// The body of a refusal.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) message: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Created {
    pub(super) prepay_id: Option<String>,
    pub(super) code_url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Transaction {
    pub(super) appid: Option<String>,
    pub(super) mchid: String,
    pub(super) out_trade_no: String,
    pub(super) trade_state: String,
    pub(super) transaction_id: Option<String>,
    pub(super) success_time: Option<Timestamp>,
    pub(super) amount: Option<Amount>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Amount {
    pub(super) total: i64,
    pub(super) currency: Option<String>,
}

/// An answer about a refund; notifications say `refund_status`.
#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    pub(super) mchid: Option<String>,
    pub(super) out_refund_no: String,
    #[serde(alias = "refund_status")]
    pub(super) status: String,
    pub(super) success_time: Option<Timestamp>,
    pub(super) amount: RefundAmount,
}

#[derive(Debug, Deserialize)]
pub(super) struct RefundAmount {
    pub(super) refund: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct BillAddress {
    pub(super) hash_type: String,
    pub(super) hash_value: String,
    pub(super) download_url: String,
}

impl Refusal {
    /// What it means; the status is what holds when the code is not known.
    pub(super) fn meaning(&self, asked: Asked, status: u16) -> Meaning {
        use Decline::{Merchant, MerchantShort, NumberUsed, PayerCannot, TooMuch, WrongState};
        let declined = match self.code.as_str() {
            "USERPAYING" => return Meaning::Paying,
            "SYSTEM_ERROR"
            | "BANK_ERROR"
            | "BANKERROR"
            | "FREQUENCY_LIMITED"
            | "FREQUENCY_LIMIT_EXCEED"
            | "RATELIMIT_EXCEEDED" => {
                return Meaning::Again;
            }
            "ORDER_NOT_EXIST" | "ORDERNOTEXIST" => return Meaning::NotFound,
            "RESOURCE_NOT_EXISTS" if asked != Asked::Refund => return Meaning::NotFound,
            "RESOURCE_NOT_EXISTS" => WrongState,
            "OUT_TRADE_NO_USED" => NumberUsed,
            "ORDER_CLOSED" | "ORDERCLOSED" | "ORDERPAID" | "ORDER_PAID" => WrongState,
            "NOT_ENOUGH" | "NOTENOUGH" if asked == Asked::Refund => MerchantShort,
            "NOT_ENOUGH" | "NOTENOUGH" | "ACCOUNT_ERROR" | "ACCOUNTERROR" | "TRADE_ERROR" | "USER_ACCOUNT_ABNORMAL" => {
                PayerCannot
            }
            // One code for several things: only its text tells them apart.
            "INVALID_REQUEST" if asked == Asked::Refund && self.message.contains("不一致") => NumberUsed,
            "INVALID_REQUEST" if asked == Asked::Refund && self.message.contains("可退金额") => TooMuch,
            "INVALID_REQUEST" if asked == Asked::Refund => WrongState,
            "INVALID_REQUEST" if asked == Asked::Create && self.message.contains("201") => NumberUsed,
            _ if status >= 500 || status == 429 => return Meaning::Again,
            _ => Merchant,
        };
        Meaning::Declined(declined)
    }
}

/// The body of a new order; `payer` is an openid.
pub(super) fn create(options: &WechatPayOptions, order: &Order, payer: Option<&str>) -> Value {
    let mut body = json!({
        "appid": options.app_id,
        "mchid": options.mch_id,
        "description": order.description,
        "out_trade_no": order.order_no.to_string(),
        "time_expire": time(order.expires_at),
        "notify_url": options.notify_url,
        "amount": { "total": order.amount.0, "currency": "CNY" },
    });
    if let Some(openid) = payer {
        body["payer"] = json!({ "openid": openid });
    }
    body
}

/// The body of a refund.
pub(super) fn refund(options: &WechatPayOptions, refund: &RefundOrder) -> Value {
    json!({
        "out_trade_no": refund.order_no.to_string(),
        "out_refund_no": refund.refund_no.to_string(),
        "reason": refund.reason,
        "notify_url": options.notify_url,
        "amount": { "refund": refund.amount.0, "total": refund.paid.0, "currency": "CNY" },
    })
}

impl Transaction {
    /// How the order stands; an error names what is missing or strange.
    pub(super) fn state(&self) -> Result<OrderState, &'static str> {
        match self.trade_state.as_str() {
            // "REFUND" says that money went back; it was paid all the same.
            "SUCCESS" | "REFUND" => self.paid().map(OrderState::Paid),
            // A payment that failed can be tried again until the order ends.
            "NOTPAY" | "USERPAYING" | "PAYERROR" => Ok(OrderState::Waiting),
            "CLOSED" | "REVOKED" => Ok(OrderState::Closed),
            _ => Err("trade_state"),
        }
    }

    fn paid(&self) -> Result<Paid, &'static str> {
        let amount = self.amount.as_ref().ok_or("amount")?;
        if amount.currency.as_deref().is_some_and(|currency| currency != "CNY") {
            return Err("amount.currency");
        }
        Ok(Paid {
            transaction_id: self.transaction_id.clone().ok_or("transaction_id")?,
            amount: Fen(amount.total),
            paid_at: self.success_time.ok_or("success_time")?,
        })
    }
}

impl Refund {
    /// How the refund stands; an error names what is missing or strange.
    pub(super) fn state(&self) -> Result<RefundState, &'static str> {
        Ok(match self.status.as_str() {
            "PROCESSING" => RefundState::Processing,
            "SUCCESS" => RefundState::Succeeded {
                amount: Fen(self.amount.refund),
                at: self.success_time.ok_or("success_time")?,
            },
            "CLOSED" => RefundState::Closed,
            "ABNORMAL" => RefundState::Abnormal,
            _ => return Err("status"),
        })
    }
}

/// An answer that says what nobody expects leaves everything open.
pub(super) fn strange(what: &str) -> ProviderAnswer {
    ProviderAnswer::Unknown {
        why: format!("the answer cannot be read: {what}"),
    }
}

fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::fixed(offset(8)))
        .strftime("%Y-%m-%dT%H:%M:%S+08:00")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_documented_code_has_its_meaning() {
        use Asked::{Close, Create, Query, QueryRefund, Refund as AskedRefund};
        use Decline::{Merchant, MerchantShort, NumberUsed, PayerCannot, TooMuch, WrongState};
        let declined = Meaning::Declined;
        for (asked, status, code, message, meaning) in [
            (Create, 403, "OUT_TRADE_NO_USED", "", declined(NumberUsed)),
            (
                Create,
                400,
                "INVALID_REQUEST",
                "201 商户订单号重复",
                declined(NumberUsed),
            ),
            (Create, 400, "INVALID_REQUEST", "无效请求", declined(Merchant)),
            (Create, 400, "ORDER_CLOSED", "", declined(WrongState)),
            (Create, 400, "ORDERPAID", "", declined(WrongState)),
            (Create, 400, "PARAM_ERROR", "", declined(Merchant)),
            (Create, 400, "APPID_MCHID_NOT_MATCH", "", declined(Merchant)),
            (Create, 400, "MCH_NOT_EXISTS", "", declined(Merchant)),
            (Create, 401, "SIGN_ERROR", "", declined(Merchant)),
            (Create, 403, "NO_AUTH", "", declined(Merchant)),
            (Create, 403, "RULE_LIMIT", "", declined(Merchant)),
            (Create, 403, "ACCOUNT_ERROR", "", declined(PayerCannot)),
            (Create, 403, "TRADE_ERROR", "", declined(PayerCannot)),
            (Create, 403, "NOT_ENOUGH", "", declined(PayerCannot)),
            (Create, 429, "FREQUENCY_LIMITED", "", Meaning::Again),
            (Create, 500, "SYSTEM_ERROR", "", Meaning::Again),
            (Create, 500, "BANK_ERROR", "", Meaning::Again),
            (Create, 502, "", "", Meaning::Again),
            (Create, 418, "SOMETHING_NEW", "", declined(Merchant)),
            (Query, 404, "ORDER_NOT_EXIST", "", Meaning::NotFound),
            (Query, 202, "USERPAYING", "", Meaning::Paying),
            (Close, 404, "ORDER_NOT_EXIST", "", Meaning::NotFound),
            (Close, 400, "ORDERPAID", "", declined(WrongState)),
            (AskedRefund, 403, "NOT_ENOUGH", "", declined(MerchantShort)),
            (AskedRefund, 403, "USER_ACCOUNT_ABNORMAL", "", declined(PayerCannot)),
            (AskedRefund, 404, "RESOURCE_NOT_EXISTS", "", declined(WrongState)),
            (
                AskedRefund,
                400,
                "INVALID_REQUEST",
                "订单金额或退款金额与之前请求不一致",
                declined(NumberUsed),
            ),
            (
                AskedRefund,
                400,
                "INVALID_REQUEST",
                "申请退款金额超过订单可退金额",
                declined(TooMuch),
            ),
            (
                AskedRefund,
                400,
                "INVALID_REQUEST",
                "订单已全额退款",
                declined(WrongState),
            ),
            (AskedRefund, 403, "REQUEST_BLOCKED", "", declined(Merchant)),
            (QueryRefund, 404, "RESOURCE_NOT_EXISTS", "", Meaning::NotFound),
        ] {
            let refusal = Refusal {
                code: code.to_owned(),
                message: message.to_owned(),
            };
            assert_eq!(refusal.meaning(asked, status), meaning, "{asked:?} {code} {message}");
        }
    }

    #[test]
    fn every_state_of_an_order_is_understood_and_no_other() {
        let state = |state: &str| {
            let text = json!({
                "mchid": "1900000001", "out_trade_no": "x", "trade_state": state, "transaction_id": "42",
                "success_time": "2026-11-22T20:00:00+08:00", "amount": { "total": 3000, "payer_total": 2900, "currency": "CNY" },
            });
            serde_json::from_value::<Transaction>(text).unwrap().state()
        };
        let paid = Paid {
            transaction_id: "42".to_owned(),
            amount: Fen(3_000),
            paid_at: "2026-11-22T12:00:00Z".parse().unwrap(),
        };
        assert_eq!(state("SUCCESS"), Ok(OrderState::Paid(paid.clone())));
        assert_eq!(state("REFUND"), Ok(OrderState::Paid(paid)));
        for waiting in ["NOTPAY", "USERPAYING", "PAYERROR"] {
            assert_eq!(state(waiting), Ok(OrderState::Waiting));
        }
        for closed in ["CLOSED", "REVOKED"] {
            assert_eq!(state(closed), Ok(OrderState::Closed));
        }
        assert_eq!(state("ACCEPT"), Err("trade_state"));
    }
}
