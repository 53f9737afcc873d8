//! What is said to Alipay and what its answers mean: amounts, times, states, codes. No network, no cryptography.
//!
//! Amounts are yuan with at most two decimals, times are Beijing's. Pages: `alipay.trade.create` <https://opendocs.alipay.com/mini/05x9ku>,
//! `alipay.trade.precreate` <https://opendocs.alipay.com/open/02ekfg>, `alipay.trade.query` <https://opendocs.alipay.com/open/02ekfh>, `alipay.trade.close`
//! <https://opendocs.alipay.com/open/02o6e7>, `alipay.trade.refund` <https://opendocs.alipay.com/open/02ekfk>, `alipay.trade.fastpay.refund.query`
//! <https://opendocs.alipay.com/open/02ekfl>; shapes compared with smartwalle/alipay and go-pay/gopay.

use baize_domain::Fen;
use baize_domain::payment::{Decline, Order, OrderNo, OrderState, Paid, RefundNo, RefundOrder, RefundState};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use serde::Deserialize;
use serde_json::{Value, json};

/// Beijing, all the year.
const BEIJING: Offset = Offset::constant(8);
const TIME: &str = "%Y-%m-%d %H:%M:%S";

/// `2026-11-20 18:00:00`
pub fn beijing(at: Timestamp) -> String {
    BEIJING.to_datetime(at).strftime(TIME).to_string()
}

/// The zone in which a day of the bill is a day.
pub fn zone() -> TimeZone {
    BEIJING.to_time_zone()
}

/// Reads what [`beijing`] writes; fractions of a second, which some fields have, are left out.
pub fn instant(text: &str) -> Option<Timestamp> {
    let whole = text.trim().split('.').next()?;
    let at = DateTime::strptime(TIME, whole).ok()?;
    BEIJING.to_timestamp(at).ok()
}

/// `12.05`
pub fn yuan(amount: Fen) -> String {
    let sign = if amount.0 < 0 { "-" } else { "" };
    let fen = amount.0.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}

/// Reads yuan exactly: digits with at most two decimals and perhaps a sign, nothing else.
pub fn fen(text: &str) -> Option<Fen> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "00"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(decimals) || whole.len() > 12 || decimals.len() > 2 {
        return None;
    }
    let decimals: i64 = format!("{decimals:0<2}").parse().ok()?;
    let fen = whole.parse::<i64>().ok()? * 100 + decimals;
    Some(Fen(if negative { -fen } else { fen }))
}

/// To `alipay.trade.create`: an order for the payment sheet of our mini program.
pub fn create(order: &Order, app_id: &str, payer: &str) -> Value {
    let mut body = common(order, "JSAPI_PAY");
    // Applications from before 2024 know people by user ids, later ones by open ids.
    let user_id = payer.len() == 16 && payer.starts_with("2088") && payer.bytes().all(|byte| byte.is_ascii_digit());
    body[if user_id { "buyer_id" } else { "buyer_open_id" }] = json!(payer);
    body["op_app_id"] = json!(app_id);
    body
}

/// To `alipay.trade.precreate`: a code that anybody may scan.
pub fn precreate(order: &Order) -> Value {
    common(order, "QR_CODE_OFFLINE")
}

fn common(order: &Order, product: &str) -> Value {
    json!({
        "out_trade_no": order.order_no.to_string(),
        "total_amount": yuan(order.amount),
        "subject": title(&order.description),
        "product_code": product,
        "time_expire": beijing(order.expires_at),
    })
}

/// Alipay refuses `/`, `=` and `&` in titles; a comma would break the bill's rows.
pub fn title(text: &str) -> String {
    let replaced = |letter: char| match letter {
        '/' | '=' | '&' | ',' | '"' => ' ',
        letter if letter.is_control() => ' ',
        letter => letter,
    };
    text.chars().map(replaced).collect()
}

/// To everything that only needs to know which order.
pub fn about(order_no: OrderNo) -> Value {
    json!({ "out_trade_no": order_no.to_string() })
}

/// To `alipay.trade.refund`.
pub fn refund(refund: &RefundOrder) -> Value {
    json!({
        "out_trade_no": refund.order_no.to_string(),
        "out_request_no": refund.refund_no.to_string(),
        "refund_amount": yuan(refund.amount),
        "refund_reason": title(&refund.reason),
    })
}

/// To `alipay.trade.fastpay.refund.query`.
pub fn refund_query(order_no: OrderNo, refund_no: RefundNo) -> Value {
    json!({
        "out_trade_no": order_no.to_string(),
        "out_request_no": refund_no.to_string(),
        "query_options": ["gmt_refund_pay"],
    })
}

/// What every answer begins with.
#[derive(Debug, Deserialize)]
pub struct Outcome {
    /// `10000` is yes.
    pub code: String,
    /// Of a `40004`: which rule.
    pub sub_code: Option<String>,
}

/// What an answer's codes mean; <https://opendocs.alipay.com/common/02km9f>.
#[derive(Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It was done, or is being done.
    Done,
    /// Nobody knows, or not now: to be repeated unchanged.
    Again,
    /// No, for good.
    No(Decline),
    /// There is no such order.
    NoSuchOrder,
}

impl Outcome {
    /// What is told to whoever looks into it: the provider's code.
    pub fn code(&self) -> String {
        self.sub_code.clone().unwrap_or_else(|| self.code.clone())
    }

    /// The table of [`super`].
    pub fn meaning(&self) -> Meaning {
        match self.code.as_str() {
            "10000" | "10003" => Meaning::Done,
            "20000" | "40005" => Meaning::Again,
            "40004" => self.rule(),
            _ => Meaning::No(Decline::Merchant),
        }
    }

    fn rule(&self) -> Meaning {
        let sub_code = self.sub_code.as_deref().unwrap_or_default();
        let rule = sub_code.strip_prefix("ACQ.").unwrap_or(sub_code);
        Meaning::No(match rule {
            // Written so on some of Alipay's pages, and by its servers.
            "SYSTEM_ERROR" | "AQC.SYSTEM_ERROR" | "aop.ACQ.SYSTEM_ERROR" => return Meaning::Again,
            "TRADE_NOT_EXIST" => return Meaning::NoSuchOrder,
            "CONTEXT_INCONSISTENT" | "DISCORDANT_REPEAT_REQUEST" => Decline::NumberUsed,
            "TRADE_HAS_SUCCESS"
            | "TRADE_HAS_CLOSE"
            | "TRADE_HAS_FINISHED"
            | "TRADE_STATUS_ERROR"
            | "TRADE_NOT_ALLOW_REFUND"
            | "REASON_TRADE_STATUS_INVALID"
            | "REASON_ILLEGAL_STATUS"
            | "REASON_TRADE_BEEN_FREEZEN" => Decline::WrongState,
            "SELLER_BALANCE_NOT_ENOUGH" => Decline::MerchantShort,
            "REFUND_AMT_NOT_EQUAL_TOTAL" | "REASON_TRADE_REFUND_FEE_ERR" => Decline::TooMuch,
            payer if payer.starts_with("BUYER_") => Decline::PayerCannot,
            "RISK_CONTROL_BLOCK"
            | "ERROR_BALANCE_PAYMENT_DISABLE"
            | "ERROR_BUYER_CERTIFY_LEVEL_LIMIT"
            | "PAYMENT_FAIL" => Decline::PayerCannot,
            _ => Decline::Merchant,
        })
    }
}

/// To `alipay.trade.create` and `alipay.trade.precreate`.
#[derive(Debug, Deserialize)]
pub struct Made {
    /// Of `create`.
    pub trade_no: Option<String>,
    /// Of `precreate`.
    pub qr_code: Option<String>,
}

/// An order as `alipay.trade.query`, `alipay.trade.pay` and notifications show it.
#[derive(Debug, Default, Deserialize)]
pub struct Trade {
    /// Alipay's number.
    pub trade_no: Option<String>,
    /// `WAIT_BUYER_PAY`, `TRADE_SUCCESS`, …
    pub trade_status: Option<String>,
    /// What was asked for.
    pub total_amount: Option<String>,
    /// When it was paid: `send_pay_date` where it is asked for, `gmt_payment` where it is told.
    #[serde(alias = "gmt_payment")]
    pub send_pay_date: Option<String>,
}

impl Trade {
    /// How the order stands; nothing if Alipay's words make no sense.
    ///
    /// `TRADE_CLOSED` is both an order that nobody paid in time and one that was refunded wholly; the latter knows when it was paid.
    pub fn state(&self) -> Option<OrderState> {
        match (self.trade_status.as_deref()?, &self.send_pay_date) {
            ("WAIT_BUYER_PAY", _) => Some(OrderState::Waiting),
            ("TRADE_CLOSED", None) => Some(OrderState::Closed),
            ("TRADE_SUCCESS" | "TRADE_FINISHED" | "TRADE_CLOSED", Some(_)) => self.paid().map(OrderState::Paid),
            _ => None,
        }
    }

    /// The payment in it.
    pub fn paid(&self) -> Option<Paid> {
        Some(Paid {
            transaction_id: self.trade_no.clone().filter(|number| !number.is_empty())?,
            amount: fen(self.total_amount.as_deref()?).filter(|amount| amount.is_positive())?,
            paid_at: instant(self.send_pay_date.as_deref()?)?,
        })
    }
}

/// To `alipay.trade.refund`.
#[derive(Debug, Deserialize)]
pub struct Refunded {
    /// `Y` if this very call moved money.
    pub fund_change: Option<String>,
    /// When.
    pub gmt_refund_pay: Option<String>,
}

/// To `alipay.trade.fastpay.refund.query`.
#[derive(Debug, Deserialize)]
pub struct RefundFound {
    /// Absent if the request never came or failed.
    pub refund_status: Option<String>,
    /// What went back.
    pub refund_amount: Option<String>,
    /// When.
    pub gmt_refund_pay: Option<String>,
}

impl RefundFound {
    /// How the refund stands; `now` where Alipay leaves out when. Nothing if its words make no sense.
    pub fn state(&self, now: Timestamp) -> Option<RefundState> {
        match self.refund_status.as_deref() {
            None | Some("") => Some(RefundState::NotFound),
            Some("REFUND_PROCESSING") => Some(RefundState::Processing),
            Some("REFUND_FAIL") => Some(RefundState::Abnormal),
            Some("REFUND_SUCCESS") => Some(RefundState::Succeeded {
                amount: fen(self.refund_amount.as_deref()?).filter(|amount| amount.is_positive())?,
                at: self.gmt_refund_pay.as_deref().map_or(Some(now), instant)?,
            }),
            Some(_) => None,
        }
    }
}

/// To `alipay.data.dataservice.bill.downloadurl.query`.
#[derive(Debug, Deserialize)]
pub struct BillAddress {
    /// Good for half a minute.
    pub bill_download_url: String,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn yuan_and_fen_are_the_same_amount(amount in -1_000_000_000..=1_000_000_000i64) {
            prop_assert_eq!(fen(&yuan(Fen(amount))), Some(Fen(amount)));
        }

        #[test]
        fn times_are_beijings_to_the_second(second in 0..4_000_000_000i64) {
            let at = Timestamp::from_second(second).unwrap();
            prop_assert_eq!(instant(&beijing(at)), Some(at));
        }

        #[test]
        fn no_text_makes_the_readers_stumble(text in "\\PC{0,24}") {
            let _ = (fen(&text), instant(&text), title(&text));
        }
    }

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        for (text, amount) in [
            ("12.05", 1_205),
            ("0.1", 10),
            ("88", 8_800),
            ("-3000.00", -300_000),
            ("0.00", 0),
        ] {
            assert_eq!(fen(text), Some(Fen(amount)), "{text}");
        }
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "1.005",
            "1e2",
            "1,000.00",
            " 1.00",
            "--1",
            "+-1",
            "１.00",
            "NaN",
            "99999999999999",
        ] {
            assert_eq!(fen(text), None, "{text}");
        }
    }

    #[test]
    fn six_in_the_evening_in_beijing_is_ten_in_the_morning() {
        let at: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        assert_eq!(beijing(at), "2026-11-20 18:00:00");
        assert_eq!(instant("2026-11-20 18:00:00.123"), Some(at));
    }

    fn meaning(code: &str, sub_code: &str) -> Meaning {
        let sub_code = Some(sub_code.to_owned()).filter(|code| !code.is_empty());
        let code = code.to_owned();
        Outcome { code, sub_code }.meaning()
    }

    #[test]
    fn each_code_has_its_meaning() {
        for (code, sub_code, expected) in [
            ("10000", "", Meaning::Done),
            ("10003", "", Meaning::Done),
            ("20000", "isp.unavailable", Meaning::Again),
            ("40005", "isv.app-call-limited", Meaning::Again),
            ("40004", "ACQ.SYSTEM_ERROR", Meaning::Again),
            ("40004", "ACQ.TRADE_NOT_EXIST", Meaning::NoSuchOrder),
            ("40004", "ACQ.CONTEXT_INCONSISTENT", Meaning::No(Decline::NumberUsed)),
            (
                "40004",
                "ACQ.DISCORDANT_REPEAT_REQUEST",
                Meaning::No(Decline::NumberUsed),
            ),
            ("40004", "ACQ.TRADE_HAS_SUCCESS", Meaning::No(Decline::WrongState)),
            ("40004", "ACQ.TRADE_HAS_CLOSE", Meaning::No(Decline::WrongState)),
            ("40004", "ACQ.TRADE_STATUS_ERROR", Meaning::No(Decline::WrongState)),
            ("40004", "ACQ.TRADE_HAS_FINISHED", Meaning::No(Decline::WrongState)),
            (
                "40004",
                "ACQ.SELLER_BALANCE_NOT_ENOUGH",
                Meaning::No(Decline::MerchantShort),
            ),
            ("40004", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", Meaning::No(Decline::TooMuch)),
            (
                "40004",
                "ACQ.BUYER_BALANCE_NOT_ENOUGH",
                Meaning::No(Decline::PayerCannot),
            ),
            ("40004", "ACQ.INVALID_PARAMETER", Meaning::No(Decline::Merchant)),
            ("40004", "", Meaning::No(Decline::Merchant)),
            ("40002", "isv.invalid-signature", Meaning::No(Decline::Merchant)),
            (
                "40006",
                "isv.insufficient-isv-permissions",
                Meaning::No(Decline::Merchant),
            ),
            ("20001", "aop.invalid-auth-token", Meaning::No(Decline::Merchant)),
        ] {
            assert_eq!(meaning(code, sub_code), expected, "{code} {sub_code}");
        }
    }

    fn state(trade: &str) -> Option<OrderState> {
        serde_json::from_str::<Trade>(trade).unwrap().state()
    }

    #[test]
    fn an_order_that_was_refunded_wholly_is_still_paid() {
        let paid = Paid {
            transaction_id: "2026112022001".to_owned(),
            amount: Fen(8_888),
            paid_at: "2026-11-20T10:00:00Z".parse().unwrap(),
        };
        for status in ["TRADE_SUCCESS", "TRADE_FINISHED", "TRADE_CLOSED"] {
            let trade = format!(
                r#"{{"trade_status":"{status}","trade_no":"2026112022001","total_amount":"88.88","send_pay_date":"2026-11-20 18:00:00"}}"#
            );
            assert_eq!(state(&trade), Some(OrderState::Paid(paid.clone())), "{status}");
        }
        let unpaid = r#"{"trade_status":"TRADE_CLOSED","trade_no":"2026112022001","total_amount":"88.88"}"#;
        assert_eq!(state(unpaid), Some(OrderState::Closed));
    }

    #[test]
    fn half_an_answer_says_nothing() {
        for trade in [
            "{}",
            r#"{"trade_status":"TRADE_SUCCESS","trade_no":"1","total_amount":"88.88"}"#,
            r#"{"trade_status":"TRADE_SUCCESS","trade_no":"1","send_pay_date":"2026-11-20 18:00:00"}"#,
            r#"{"trade_status":"TRADE_SUCCESS","trade_no":"1","total_amount":"0.00","send_pay_date":"2026-11-20 18:00:00"}"#,
            r#"{"trade_status":"TRADE_SUCCESS","trade_no":"","total_amount":"1.00","send_pay_date":"2026-11-20 18:00:00"}"#,
            r#"{"trade_status":"SOMETHING","trade_no":"1","total_amount":"1.00","send_pay_date":"2026-11-20 18:00:00"}"#,
        ] {
            assert_eq!(state(trade), None, "{trade}");
        }
    }

    #[test]
    fn a_refund_counts_only_when_it_says_so() {
        let now = "2026-11-20T10:00:00Z".parse().unwrap();
        let state = |found: &str| serde_json::from_str::<RefundFound>(found).unwrap().state(now);
        assert_eq!(state("{}"), Some(RefundState::NotFound));
        assert_eq!(state(r#"{"refund_amount":"1.00"}"#), Some(RefundState::NotFound));
        assert_eq!(
            state(r#"{"refund_status":"REFUND_PROCESSING"}"#),
            Some(RefundState::Processing)
        );
        assert_eq!(state(r#"{"refund_status":"REFUND_FAIL"}"#), Some(RefundState::Abnormal));
        let amount = Fen(100);
        let done = r#"{"refund_status":"REFUND_SUCCESS","refund_amount":"1.00"}"#;
        assert_eq!(state(done), Some(RefundState::Succeeded { amount, at: now }));
        assert_eq!(state(r#"{"refund_status":"REFUND_SUCCESS"}"#), None);
    }
}
