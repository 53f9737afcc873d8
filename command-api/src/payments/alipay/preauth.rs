//! Pre-authorisation: money is frozen at the payer's, debited up to what was frozen, and the rest is let go.
//!
//! <https://opendocs.alipay.com/open/20180417160701241302>; codes `alipay.fund.auth.order.voucher.create` <https://opendocs.alipay.com/open/02fkb5>, the app's sheet
//! `alipay.fund.auth.order.app.freeze` <https://opendocs.alipay.com/open/02f912>, `…unfreeze` <https://opendocs.alipay.com/open/02fkba>, `…operation.detail.query`
//! <https://opendocs.alipay.com/open/02fkbb>. A freeze cannot be raised: more needs another one. Every operation has a number of ours and is done
//! once under it.

use baize_domain::Fen;
use baize_domain::payment::{OrderNo, OrderState, ProviderAnswer};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::Alipay;
use super::wire::{Trade, fen, instant, title, yuan};

/// Money that is to be frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// Our number of the freeze; letters and digits, ≤ 64.
    pub order_no: String,
    /// Our number of the operation that freezes.
    pub request_no: String,
    /// How much, > 0.
    pub amount: Fen,
    /// What the payer reads; ≤ 50 characters.
    pub title: String,
    /// So long the payer has to agree, 1–21,600.
    pub minutes: u32,
}

/// A freeze, as Alipay shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// Alipay's number; debits and releases name it. Empty while the payer has not agreed.
    pub auth_no: String,
    /// Whether it holds.
    pub status: FreezeStatus,
    /// What was frozen in all.
    pub total: Fen,
    /// What is still frozen.
    pub rest: Fen,
    /// What was debited.
    pub debited: Fen,
    /// When the operation that was asked about was done.
    pub at: Option<Timestamp>,
}

/// Whether a freeze holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreezeStatus {
    /// The payer has not agreed yet.
    Waiting,
    /// Money is frozen.
    Holds,
    /// All of it was debited or let go.
    Finished,
    /// The payer did not agree in time, or all was let go.
    Closed,
}

/// A debit from a freeze.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Debit {
    /// Alipay's number of the freeze.
    pub auth_no: String,
    /// Our number of the payment.
    pub order_no: OrderNo,
    /// How much, > 0.
    pub amount: Fen,
    /// What the payer reads.
    pub title: String,
    /// Whether what is left is let go with it.
    pub completes: bool,
}

#[derive(Deserialize)]
struct Code {
    code_value: String,
}

#[derive(Deserialize)]
struct Detail {
    auth_no: Option<String>,
    order_status: Option<String>,
    total_freeze_amount: Option<String>,
    rest_amount: Option<String>,
    total_pay_amount: Option<String>,
    gmt_trans: Option<String>,
}

#[derive(Deserialize)]
struct Released {
    status: Option<String>,
}

impl Alipay {
    /// A code; whoever scans it agrees to the freeze.
    ///
    /// # Errors
    /// Alipay's refusal, or that nobody knows.
    pub async fn freeze_code(&self, freeze: &Freeze) -> Result<String, ProviderAnswer> {
        let body = self.freeze_body(freeze, "PRE_AUTH");
        let method = "alipay.fund.auth.order.voucher.create";
        let code: Code = self.gateway.call(method, &body).await.map_err(super::Trouble::answer)?;
        Ok(code.code_value)
    }

    /// The `orderStr` with which our mini program asks the payer in Alipay's own app, signed now.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn freeze_sheet(&self, freeze: &Freeze) -> anyhow::Result<String> {
        let body = self.freeze_body(freeze, "PRE_AUTH_ONLINE");
        self.gateway.form("alipay.fund.auth.order.app.freeze", &body)
    }

    /// How a freeze stands, by the number of one of its operations; nothing if Alipay knows none.
    ///
    /// # Errors
    /// Alipay's refusal, or that nobody knows.
    pub async fn frozen(&self, order_no: &str, request_no: &str) -> Result<Option<Frozen>, ProviderAnswer> {
        let body = json!({ "out_order_no": order_no, "out_request_no": request_no });
        let method = "alipay.fund.auth.operation.detail.query";
        match self.gateway.call::<Detail>(method, &body).await {
            Ok(detail) => detail.frozen().map(Some).ok_or_else(super::senseless),
            Err(super::Trouble::Refused(_, code)) if code.ends_with("AUTH_ORDER_NOT_EXIST") => Ok(None),
            Err(trouble) => Err(trouble.answer()),
        }
    }

    /// Lets frozen money go; `false` while Alipay is still at it.
    ///
    /// # Errors
    /// Alipay's refusal, or that nobody knows.
    pub async fn unfreeze(
        &self,
        auth_no: &str,
        request_no: &str,
        amount: Fen,
        remark: &str,
    ) -> Result<bool, ProviderAnswer> {
        let body = json!({
            "auth_no": auth_no,
            "out_request_no": request_no,
            "amount": yuan(amount),
            "remark": title(remark),
        });
        let method = "alipay.fund.auth.order.unfreeze";
        let released: Released = self.gateway.call(method, &body).await.map_err(super::Trouble::answer)?;
        match released.status.as_deref() {
            Some("SUCCESS") => Ok(true),
            Some("INIT" | "PROCESSING") => Ok(false),
            _ => Err(super::senseless()),
        }
    }

    /// Debits what was frozen.
    pub async fn debit(&self, debit: &Debit) -> ProviderAnswer {
        let body = json!({
            "out_trade_no": debit.order_no.to_string(),
            "total_amount": yuan(debit.amount),
            "subject": title(&debit.title),
            "product_code": "PREAUTH_PAY",
            "auth_no": debit.auth_no,
            "auth_confirm_mode": if debit.completes { "COMPLETE" } else { "NOT_COMPLETE" },
            "seller_id": self.gateway.options.seller_id,
        });
        match self.gateway.call::<Trade>("alipay.trade.pay", &body).await {
            // `10000` is a payment; with `10003` it is under way, and there is no time of it yet.
            Ok(trade) if trade.send_pay_date.is_none() => ProviderAnswer::Order(OrderState::Waiting),
            Ok(trade) => super::order(trade.paid().map(OrderState::Paid)),
            Err(trouble) => trouble.answer(),
        }
    }

    fn freeze_body(&self, freeze: &Freeze, product: &str) -> serde_json::Value {
        json!({
            "out_order_no": freeze.order_no,
            "out_request_no": freeze.request_no,
            "order_title": title(&freeze.title),
            "amount": yuan(freeze.amount),
            "product_code": product,
            "payee_user_id": self.gateway.options.seller_id,
            "pay_timeout": format!("{}m", freeze.minutes),
        })
    }
}

impl Detail {
    fn frozen(self) -> Option<Frozen> {
        let amount = |text: &Option<String>| text.as_deref().map_or(Some(Fen::ZERO), fen);
        Some(Frozen {
            status: match self.order_status.as_deref()? {
                "INIT" => FreezeStatus::Waiting,
                "AUTHORIZED" => FreezeStatus::Holds,
                "FINISH" => FreezeStatus::Finished,
                "CLOSED" => FreezeStatus::Closed,
                _ => return None,
            },
            total: amount(&self.total_freeze_amount)?,
            rest: amount(&self.rest_amount)?,
            debited: amount(&self.total_pay_amount)?,
            at: self.gmt_trans.as_deref().and_then(instant),
            auth_no: self.auth_no.unwrap_or_default(),
        })
    }
}
