//! Money that is frozen at payers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::book::{Book, Refusal};
use super::wire::{fen, time, yuan};

const INVALID: Refusal = "INVALID_PARAMETER";
const NOT_EXIST: Refusal = "AUTH_ORDER_NOT_EXIST";

/// All freezes of one merchant, by the merchant's number.
#[derive(Debug, Default)]
pub struct Freezes(BTreeMap<String, Freeze>);

#[derive(Debug)]
struct Freeze {
    code: Option<String>,
    auth_no: Option<String>,
    request_no: String,
    total_fen: i64,
    debited_fen: i64,
    /// What was let go, by the number of the operation.
    released: BTreeMap<String, i64>,
    completed: bool,
    at: Timestamp,
    asked: Value,
}

impl Freeze {
    fn rest_fen(&self) -> i64 {
        let released: i64 = self.released.values().sum();
        if self.auth_no.is_none() || self.completed {
            return 0;
        }
        self.total_fen - self.debited_fen - released
    }

    fn status(&self) -> &'static str {
        match (&self.auth_no, self.rest_fen(), self.debited_fen) {
            (None, ..) => "INIT",
            (Some(_), 1.., _) => "AUTHORIZED",
            (Some(_), _, 1..) => "FINISH",
            (Some(_), ..) => "CLOSED",
        }
    }
}

impl Freezes {
    /// `alipay.fund.auth.order.voucher.create`
    pub fn code(&mut self, asked: &Value, now: Timestamp) -> Result<Value, Refusal> {
        let order_no = self.insert(asked, "PRE_AUTH", now)?;
        let freeze = self.0.get_mut(&order_no).ok_or(NOT_EXIST)?;
        let code = freeze
            .code
            .get_or_insert_with(|| format!("https://qr.alipay.com/fpx{order_no}"));
        Ok(
            json!({ "out_order_no": order_no, "out_request_no": freeze.request_no, "code_type": "qr_code", "code_value": code }),
        )
    }

    /// `alipay.fund.auth.order.app.freeze`, which the payer's app brings; the payer agrees with it.
    pub fn agree_in_app(&mut self, asked: &Value, number: String, now: Timestamp) -> Result<(), Refusal> {
        let order_no = self.insert(asked, "PRE_AUTH_ONLINE", now)?;
        self.0
            .get_mut(&order_no)
            .ok_or(NOT_EXIST)?
            .auth_no
            .get_or_insert(number);
        Ok(())
    }

    /// The payer scans the code and agrees.
    pub fn agree(&mut self, code: &str, number: String, now: Timestamp) -> Result<(), Refusal> {
        let freeze = self
            .0
            .values_mut()
            .find(|freeze| freeze.code.as_deref() == Some(code))
            .ok_or(NOT_EXIST)?;
        freeze.auth_no.get_or_insert(number);
        freeze.at = now;
        Ok(())
    }

    /// `alipay.fund.auth.operation.detail.query`
    pub fn detail(&self, asked: &Value) -> Result<Value, Refusal> {
        let order_no = asked["out_order_no"].as_str().ok_or(INVALID)?;
        let freeze = self.0.get(order_no).ok_or(NOT_EXIST)?;
        let request_no = asked["out_request_no"].as_str().ok_or(INVALID)?;
        if request_no != freeze.request_no && !freeze.released.contains_key(request_no) {
            return Err(NOT_EXIST);
        }
        Ok(json!({
            "auth_no": freeze.auth_no,
            "out_order_no": order_no,
            "out_request_no": request_no,
            "order_status": freeze.status(),
            "total_freeze_amount": yuan(freeze.total_fen),
            "rest_amount": yuan(freeze.rest_fen()),
            "total_pay_amount": yuan(freeze.debited_fen),
            "gmt_trans": time(freeze.at),
        }))
    }

    /// `alipay.fund.auth.order.unfreeze`
    pub fn unfreeze(&mut self, asked: &Value) -> Result<Value, Refusal> {
        let freeze = self.by_number(asked)?;
        let amount = asked["amount"].as_str().and_then(fen).ok_or(INVALID)?;
        let request_no = asked["out_request_no"].as_str().ok_or(INVALID)?;
        match freeze.released.get(request_no) {
            Some(released) if *released != amount => return Err("REQUEST_AMOUNT_EXCEED"),
            Some(_) => {}
            None if amount > freeze.rest_fen() => return Err("REQUEST_AMOUNT_EXCEED"),
            None => {
                freeze.released.insert(request_no.to_owned(), amount);
            }
        }
        Ok(json!({ "auth_no": freeze.auth_no, "amount": yuan(amount), "status": "SUCCESS" }))
    }

    /// `alipay.trade.pay` with `auth_no`.
    pub fn debit(&mut self, book: &mut Book, asked: &Value, now: Timestamp) -> Result<Value, Refusal> {
        let amount = asked["total_amount"]
            .as_str()
            .and_then(fen)
            .ok_or("ACQ.INVALID_PARAMETER")?;
        let order_no = asked["out_trade_no"].as_str().ok_or("ACQ.INVALID_PARAMETER")?;
        if asked["product_code"] != "PREAUTH_PAY" {
            return Err("ACQ.INVALID_PARAMETER");
        }
        let freeze = self.by_number(asked).map_err(|_| "ACQ.PAYMENT_AUTH_NO_ERROR")?;
        if !book.has(order_no) {
            if amount > freeze.rest_fen() {
                return Err("ACQ.BUYER_BALANCE_NOT_ENOUGH");
            }
            freeze.debited_fen += amount;
            freeze.completed |= asked["auth_confirm_mode"] == "COMPLETE";
        }
        book.debit(asked, amount, now)
    }

    fn by_number(&mut self, asked: &Value) -> Result<&mut Freeze, Refusal> {
        let auth_no = asked["auth_no"].as_str().ok_or(INVALID)?;
        let found = self
            .0
            .values_mut()
            .find(|freeze| freeze.auth_no.as_deref() == Some(auth_no));
        found.ok_or(NOT_EXIST)
    }

    fn insert(&mut self, asked: &Value, product: &str, now: Timestamp) -> Result<String, Refusal> {
        let text = |name: &str| asked[name].as_str().filter(|text| !text.is_empty()).ok_or(INVALID);
        let order_no = text("out_order_no")?.to_owned();
        let total_fen = fen(text("amount")?).ok_or(INVALID)?;
        text("order_title")?;
        if text("product_code")? != product || !text("pay_timeout")?.ends_with('m') {
            return Err(INVALID);
        }
        let request_no = text("out_request_no")?.to_owned();
        let freeze = self.0.entry(order_no.clone()).or_insert_with(|| Freeze {
            code: None,
            auth_no: None,
            request_no,
            total_fen,
            debited_fen: 0,
            released: BTreeMap::new(),
            completed: false,
            at: now,
            asked: asked.clone(),
        });
        match freeze.asked == *asked {
            true => Ok(order_no),
            false => Err("ORDER_ALREADY_EXIST"),
        }
    }
}
