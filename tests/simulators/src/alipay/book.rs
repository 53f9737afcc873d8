//! Alipay's own book: orders, what was paid for them, what went back. Everything that this program says of money, it says from here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::faults::Fault;
use super::wire::{fen, instant, time, yuan};
use crate::provider::Seeded;

/// A rule that says no: the `sub_code`.
pub type Refusal = &'static str;

const NOT_EXIST: Refusal = "ACQ.TRADE_NOT_EXIST";
const INVALID: Refusal = "ACQ.INVALID_PARAMETER";

/// How an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Waits for its payer.
    WaitBuyerPay,
    /// Nobody paid in time, it was closed, or all of it went back.
    TradeClosed,
    /// Paid.
    TradeSuccess,
    /// Paid, and too old to go back.
    TradeFinished,
}

/// An order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trade {
    /// The merchant's number.
    pub order_no: String,
    /// Alipay's; absent while nobody has scanned the code.
    pub trade_no: Option<String>,
    /// What is to be paid.
    pub amount_fen: i64,
    /// The text of its code.
    pub code: Option<String>,
    /// How it stands.
    pub status: Status,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends unpaid.
    pub expires_at: Timestamp,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// What went back, or is going.
    pub refunds: Vec<Refund>,
    pub(super) subject: String,
    pub(super) notify_url: String,
    /// What was asked: under one number always the same.
    asked: Value,
}

/// Money that goes back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refund {
    /// The merchant's number.
    pub refund_no: String,
    /// How much.
    pub amount_fen: i64,
    /// When it was asked for.
    pub at: Timestamp,
    /// How it ends.
    pub state: RefundStatus,
}

/// How a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefundStatus {
    /// The payer has it.
    Success,
    /// Under way, and will fail.
    Doomed,
    /// It failed.
    Failed,
}

/// All orders of one merchant.
#[derive(Debug, Default)]
pub struct Book {
    pub trades: BTreeMap<String, Trade>,
    pub faults: BTreeMap<String, VecDeque<Fault>>,
    /// Less than this the merchant cannot refund.
    pub merchant_short: bool,
    /// Payers with too little.
    pub poor: Vec<String>,
    made: u64,
    /// The number of the order with a code.
    codes: BTreeMap<String, String>,
    seeded: Option<Seeded>,
    drawn: BTreeSet<String>,
}

impl Trade {
    /// What went back or is going, without what failed.
    pub fn refunded_fen(&self) -> i64 {
        let gone = self
            .refunds
            .iter()
            .filter(|refund| refund.state != RefundStatus::Failed);
        gone.map(|refund| refund.amount_fen).sum()
    }

    fn lapse(&mut self, now: Timestamp) {
        if self.status == Status::WaitBuyerPay && now >= self.expires_at {
            self.status = Status::TradeClosed;
        }
    }

    fn shown(&self) -> Value {
        let mut shown = json!({
            "out_trade_no": self.order_no,
            "trade_no": self.trade_no,
            "total_amount": yuan(self.amount_fen),
            "trade_status": self.status,
            "buyer_logon_id": "pay***@example.com",
        });
        if let Some(at) = self.paid_at {
            shown["send_pay_date"] = json!(time(at));
        }
        shown
    }
}

impl Book {
    /// An empty one, whose orders meet faults that are drawn from a seed, or none but those that are set.
    pub fn drawing(seeded: Option<Seeded>) -> Self {
        Self {
            seeded,
            ..Self::default()
        }
    }

    /// Takes the first fault of the order that fits.
    pub fn fault(&mut self, order_no: &str, fits: impl Fn(Fault) -> bool) -> Option<Fault> {
        self.draw(order_no);
        let faults = self.faults.get_mut(order_no)?;
        let at = faults.iter().position(|fault| fits(*fault))?;
        faults.remove(at)
    }

    pub fn has_fault(&self, order_no: &str, fault: Fault) -> bool {
        self.faults.get(order_no).is_some_and(|faults| faults.contains(&fault))
    }

    fn draw(&mut self, order_no: &str) {
        let Some(seeded) = self.seeded.filter(|_| !order_no.is_empty()) else {
            return;
        };
        if self.drawn.insert(order_no.to_owned())
            && let Some(fault) = seeded.draw(order_no, &Fault::HEALING, &Fault::ALL)
        {
            self.faults.entry(order_no.to_owned()).or_default().push_back(fault);
        }
    }

    /// The number of the order with that number or code.
    pub fn find(&self, key: &str) -> Option<&String> {
        self.codes
            .get(key)
            .or_else(|| self.trades.get(key).map(|trade| &trade.order_no))
    }

    pub fn number(&mut self, now: Timestamp) -> String {
        self.made += 1;
        format!("{}220014{:010}", super::wire::day(now).strftime("%Y%m%d"), self.made)
    }

    /// `alipay.trade.create` and `alipay.trade.precreate`.
    pub fn make(&mut self, asked: &Value, notify_url: &str, scanned: bool, now: Timestamp) -> Result<Value, Refusal> {
        let text = |name: &str| asked[name].as_str().filter(|text| !text.is_empty()).ok_or(INVALID);
        let order_no = text("out_trade_no")?;
        let amount_fen = fen(text("total_amount")?).ok_or(INVALID)?;
        let subject = text("subject")?;
        if order_no.len() > 64 || subject.contains(['/', '=', '&']) || subject.chars().count() > 256 {
            return Err(INVALID);
        }
        let expires_at = instant(text("time_expire")?).ok_or(INVALID)?;
        match (scanned, text("product_code")?) {
            (true, "JSAPI_PAY") => {
                let payer = text("buyer_open_id").or_else(|_| text("buyer_id"))?;
                text("op_app_id")?;
                if self.poor.iter().any(|poor| poor == payer) {
                    return Err("ACQ.BUYER_BALANCE_NOT_ENOUGH");
                }
            }
            (false, "QR_CODE_OFFLINE") => {}
            _ => return Err(INVALID),
        }
        if let Some(trade) = self.trades.get_mut(order_no) {
            trade.lapse(now);
            return match trade.status {
                _ if trade.asked != *asked => Err("ACQ.CONTEXT_INCONSISTENT"),
                Status::WaitBuyerPay => Ok(json!({
                    "out_trade_no": order_no, "trade_no": trade.trade_no, "qr_code": trade.code,
                })),
                Status::TradeClosed => Err("ACQ.TRADE_HAS_CLOSE"),
                Status::TradeSuccess | Status::TradeFinished => Err("ACQ.TRADE_HAS_SUCCESS"),
            };
        }
        if expires_at <= now {
            return Err(INVALID);
        }
        let number = self.number(now);
        let trade = Trade {
            order_no: order_no.to_owned(),
            trade_no: scanned.then(|| number.clone()),
            amount_fen,
            code: (!scanned).then(|| format!("https://qr.alipay.com/bax{number}")),
            status: Status::WaitBuyerPay,
            created_at: now,
            expires_at,
            paid_at: None,
            refunds: Vec::new(),
            subject: subject.to_owned(),
            notify_url: notify_url.to_owned(),
            asked: asked.clone(),
        };
        let answer = json!({ "out_trade_no": order_no, "trade_no": trade.trade_no, "qr_code": trade.code });
        if let Some(code) = trade.code.clone() {
            self.codes.insert(code, order_no.to_owned());
        }
        self.trades.insert(order_no.to_owned(), trade);
        Ok(answer)
    }

    /// The order as Alipay knows it: one whose code nobody has scanned it does not know.
    pub fn known(&mut self, asked: &Value, now: Timestamp) -> Result<&mut Trade, Refusal> {
        let order_no = asked["out_trade_no"].as_str().ok_or(INVALID)?;
        let trade = self.trades.get_mut(order_no).filter(|trade| trade.trade_no.is_some());
        let trade = trade.ok_or(NOT_EXIST)?;
        trade.lapse(now);
        Ok(trade)
    }

    /// `alipay.trade.query`
    pub fn query(&mut self, asked: &Value, now: Timestamp) -> Result<Value, Refusal> {
        Ok(self.known(asked, now)?.shown())
    }

    /// `alipay.trade.close`
    pub fn close(&mut self, asked: &Value, now: Timestamp) -> Result<Value, Refusal> {
        let trade = self.known(asked, now)?;
        if trade.status != Status::WaitBuyerPay {
            return Err("ACQ.TRADE_STATUS_ERROR");
        }
        trade.status = Status::TradeClosed;
        Ok(json!({ "out_trade_no": trade.order_no, "trade_no": trade.trade_no }))
    }

    /// A payer scans a code; from then on the order is known.
    pub fn scan(&mut self, code: &str, now: Timestamp) -> Result<String, Refusal> {
        let number = self.number(now);
        let order_no = self.codes.get(code).ok_or(NOT_EXIST)?;
        let trade = self.trades.get_mut(order_no).ok_or(NOT_EXIST)?;
        trade.lapse(now);
        if trade.status != Status::WaitBuyerPay {
            return Err("ACQ.TRADE_HAS_CLOSE");
        }
        trade.trade_no.get_or_insert(number);
        Ok(trade.order_no.clone())
    }

    /// A payer pays an order.
    pub fn pay(&mut self, order_no: &str, now: Timestamp) -> Result<(), Refusal> {
        let number = self.number(now);
        let trade = self.trades.get_mut(order_no).ok_or(NOT_EXIST)?;
        trade.lapse(now);
        if trade.status != Status::WaitBuyerPay {
            return Err("ACQ.TRADE_HAS_CLOSE");
        }
        trade.trade_no.get_or_insert(number);
        trade.status = Status::TradeSuccess;
        trade.paid_at = Some(now);
        Ok(())
    }

    /// A debit from a freeze: an order that is paid as soon as it is made.
    pub fn debit(&mut self, asked: &Value, amount_fen: i64, now: Timestamp) -> Result<Value, Refusal> {
        let order_no = asked["out_trade_no"].as_str().ok_or(INVALID)?.to_owned();
        let number = self.number(now);
        let trade = self.trades.entry(order_no.clone()).or_insert_with(|| Trade {
            order_no,
            trade_no: Some(number),
            amount_fen,
            code: None,
            status: Status::TradeSuccess,
            created_at: now,
            expires_at: now,
            paid_at: Some(now),
            refunds: Vec::new(),
            subject: asked["subject"].as_str().unwrap_or_default().to_owned(),
            notify_url: String::new(),
            asked: asked.clone(),
        });
        let mut shown = trade.shown();
        shown["gmt_payment"] = shown["send_pay_date"].take();
        if let Some(shown) = shown.as_object_mut() {
            shown.remove("send_pay_date");
            shown.remove("trade_status");
        }
        match trade.asked == *asked {
            true => Ok(shown),
            false => Err("ACQ.CONTEXT_INCONSISTENT"),
        }
    }

    pub fn has(&self, order_no: &str) -> bool {
        self.trades.contains_key(order_no)
    }

    /// `alipay.trade.refund`
    pub fn refund(&mut self, asked: &Value, now: Timestamp) -> Result<Value, Refusal> {
        let order_no = asked["out_trade_no"].as_str().ok_or(INVALID)?.to_owned();
        let doomed = self.has_fault(&order_no, Fault::RefundFails);
        let short = self.merchant_short;
        let trade = self.known(asked, now)?;
        let amount_fen = asked["refund_amount"].as_str().and_then(fen).ok_or(INVALID)?;
        let refund_no = asked["out_request_no"]
            .as_str()
            .filter(|no| !no.is_empty())
            .ok_or(INVALID)?;
        if let Some(refund) = trade.refunds.iter().find(|refund| refund.refund_no == refund_no) {
            return match refund.amount_fen == amount_fen {
                true => Ok(refunded(trade, "N", None)),
                false => Err("ACQ.DISCORDANT_REPEAT_REQUEST"),
            };
        }
        match trade.status {
            Status::WaitBuyerPay => return Err("ACQ.TRADE_STATUS_ERROR"),
            Status::TradeFinished => return Err("ACQ.TRADE_HAS_FINISHED"),
            Status::TradeClosed if trade.paid_at.is_none() => return Err("ACQ.TRADE_STATUS_ERROR"),
            Status::TradeClosed | Status::TradeSuccess => {}
        }
        if trade.refunded_fen() + amount_fen > trade.amount_fen {
            return Err("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL");
        }
        if short {
            return Err("ACQ.SELLER_BALANCE_NOT_ENOUGH");
        }
        let state = if doomed {
            RefundStatus::Doomed
        } else {
            RefundStatus::Success
        };
        trade.refunds.push(Refund {
            refund_no: refund_no.to_owned(),
            amount_fen,
            at: now,
            state,
        });
        if trade.refunded_fen() == trade.amount_fen && !doomed {
            trade.status = Status::TradeClosed;
        }
        Ok(match doomed {
            true => refunded(trade, "N", None),
            false => refunded(trade, "Y", Some(now)),
        })
    }

    /// `alipay.trade.fastpay.refund.query`
    pub fn refund_query(&mut self, asked: &Value, now: Timestamp) -> Result<Value, Refusal> {
        let trade = self.known(asked, now)?;
        let refund_no = asked["out_request_no"].as_str().ok_or(INVALID)?;
        let (order_no, trade_no) = (trade.order_no.clone(), trade.trade_no.clone());
        let mut answer = json!({ "out_trade_no": order_no, "trade_no": trade_no });
        let Some(refund) = trade.refunds.iter_mut().find(|refund| refund.refund_no == refund_no) else {
            return Ok(answer);
        };
        answer["out_request_no"] = json!(refund_no);
        answer["refund_amount"] = json!(yuan(refund.amount_fen));
        answer["refund_status"] = json!(match refund.state {
            RefundStatus::Success => "REFUND_SUCCESS",
            RefundStatus::Doomed => "REFUND_PROCESSING",
            RefundStatus::Failed => "REFUND_FAIL",
        });
        match refund.state {
            RefundStatus::Success => answer["gmt_refund_pay"] = json!(time(refund.at)),
            RefundStatus::Doomed => refund.state = RefundStatus::Failed,
            RefundStatus::Failed => {}
        }
        Ok(answer)
    }
}

fn refunded(trade: &Trade, fund_change: &str, at: Option<Timestamp>) -> Value {
    let mut answer = json!({
        "out_trade_no": trade.order_no,
        "trade_no": trade.trade_no,
        "fund_change": fund_change,
        "refund_fee": yuan(trade.refunded_fen()),
    });
    if let Some(at) = at {
        answer["gmt_refund_pay"] = json!(time(at));
    }
    answer
}
