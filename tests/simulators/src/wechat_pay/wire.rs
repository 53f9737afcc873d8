//! What orders and refunds look like on the wire.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Merchant;
use crate::provider::book::beijing;
use crate::provider::{Order, OrderState, Refund, RefundState};

#[derive(Deserialize)]
pub(super) struct Create {
    pub(super) appid: String,
    pub(super) mchid: String,
    pub(super) description: String,
    pub(super) out_trade_no: String,
    pub(super) time_expire: Option<Timestamp>,
    pub(super) notify_url: String,
    pub(super) amount: Total,
    pub(super) payer: Option<Payer>,
}

#[derive(Deserialize)]
pub(super) struct Total {
    pub(super) total: i64,
    pub(super) currency: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Payer {
    pub(super) openid: String,
}

#[derive(Deserialize)]
pub(super) struct Close {
    pub(super) mchid: String,
}

#[derive(Deserialize)]
pub(super) struct AskRefund {
    pub(super) out_trade_no: String,
    pub(super) out_refund_no: String,
    pub(super) reason: Option<String>,
    pub(super) notify_url: Option<String>,
    pub(super) amount: RefundAmount,
}

#[derive(Deserialize)]
pub(super) struct RefundAmount {
    pub(super) refund: i64,
    pub(super) total: i64,
    pub(super) currency: String,
}

/// <https://pay.weixin.qq.com/doc/v3/merchant/4013070356>
pub(super) fn transaction(merchant: &Merchant, order: &Order, refunded: bool) -> Value {
    let mut value = json!({
        "appid": merchant.app_id,
        "mchid": merchant.mch_id,
        "out_trade_no": order.made.order_no,
        "amount": { "total": order.made.amount_fen, "currency": "CNY" },
    });
    let state = match &order.state {
        OrderState::Waiting => "NOTPAY",
        OrderState::Closed => "CLOSED",
        OrderState::Paid(payment) => {
            value["transaction_id"] = json!(payment.transaction_id);
            value["trade_type"] = json!(trade_type(order));
            value["bank_type"] = json!("OTHERS");
            value["success_time"] = json!(time(payment.at));
            value["payer"] = json!({ "openid": payment.payer });
            value["amount"]["payer_total"] = json!(order.made.amount_fen);
            value["amount"]["payer_currency"] = json!("CNY");
            match refunded {
                true => "REFUND",
                false => "SUCCESS",
            }
        }
    };
    value["trade_state"] = json!(state);
    value["trade_state_desc"] = json!("simulated");
    value
}

/// <https://pay.weixin.qq.com/doc/v3/merchant/4013070371>
pub(super) fn refund(order: &Order, refund: &Refund) -> Value {
    let OrderState::Paid(payment) = &order.state else {
        return json!({});
    };
    let mut value = json!({
        "refund_id": refund.refund_id,
        "out_refund_no": refund.asked.refund_no,
        "transaction_id": payment.transaction_id,
        "out_trade_no": order.made.order_no,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": time(refund.made_at),
        "status": status(refund.state),
        "amount": {
            "total": order.made.amount_fen,
            "refund": refund.asked.amount_fen,
            "payer_total": order.made.amount_fen,
            "payer_refund": refund.asked.amount_fen,
            "currency": "CNY",
        },
    });
    if let RefundState::Succeeded(at) = refund.state {
        value["success_time"] = json!(time(at));
    }
    value
}

pub(super) fn status(state: RefundState) -> &'static str {
    match state {
        RefundState::Processing => "PROCESSING",
        RefundState::Succeeded(_) => "SUCCESS",
        RefundState::Closed(_) => "CLOSED",
        RefundState::Abnormal(_) => "ABNORMAL",
    }
}

pub(super) fn trade_type(order: &Order) -> &'static str {
    match order.made.payer {
        Some(_) => "JSAPI",
        None => "NATIVE",
    }
}

pub(super) fn time(at: Timestamp) -> String {
    at.to_zoned(beijing()).strftime("%Y-%m-%dT%H:%M:%S+08:00").to_string()
}
