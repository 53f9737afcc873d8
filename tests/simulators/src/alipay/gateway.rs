//! `gateway.do`: checks who asks, asks the book, signs what it says.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Shared;
use super::bill;
use super::book::Refusal;
use super::faults::Fault;
use super::wire::{Form, content, day, form, instant};

/// A request whose time is further off is refused.
const SKEW_MAX: SignedDuration = SignedDuration::from_mins(15);
/// How long the address of a bill is good: real time, for a file takes as long to fetch whatever the clock of the day shows.
const BILL_ADDRESS: Duration = Duration::from_secs(30);

/// Why a request is not carried out.
struct Refused {
    code: &'static str,
    sub_code: String,
}

impl From<Refusal> for Refused {
    fn from(sub_code: Refusal) -> Self {
        Self {
            code: "40004",
            sub_code: sub_code.to_owned(),
        }
    }
}

fn invalid(sub_code: &str) -> Refused {
    Refused {
        code: "40002",
        sub_code: sub_code.to_owned(),
    }
}

/// Takes a request.
pub async fn gateway(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let form = form(&body);
    let method = form.get("method").cloned().unwrap_or_default();
    let asked: Value = form
        .get("biz_content")
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let order_no = asked["out_trade_no"].as_str().unwrap_or_default().to_owned();
    let making = matches!(method.as_str(), "alipay.trade.create" | "alipay.trade.precreate");
    let fault = shared.with(|state| state.book.fault(&order_no, |fault| fault.of_call(making)));

    match fault {
        Some(Fault::ServerError) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Fault::Busy) => {
            let busy = Refused {
                code: "20000",
                sub_code: "isp.unavailable".to_owned(),
            };
            return shared.answer(&method, Err(busy), true);
        }
        _ => {}
    }
    let said = shared.carry_out(&form, &method, &asked, &headers);
    if matches!(fault, Some(Fault::ChargedReplyLost | Fault::NotificationFirst)) {
        let _ = shared.pay(&order_no);
    }
    match fault {
        Some(Fault::ReplyLost | Fault::ChargedReplyLost) => return cut_off(),
        Some(Fault::NotificationFirst) => shared.send_due().await,
        Some(Fault::Slow) => tokio::time::sleep(shared.slow).await,
        _ => {}
    }
    shared.answer(&method, said, fault != Some(Fault::AnswerForged))
}

/// The file of a bill.
pub async fn file(State(shared): State<Arc<Shared>>, Path(token): Path<String>) -> Response {
    let now = shared.now();
    let found = shared.with(|state| state.bills.remove(&token));
    let Some((date, _)) = found.filter(|(_, until)| Instant::now() < *until) else {
        return StatusCode::FORBIDDEN.into_response();
    };
    match shared.with(|state| bill::of(&state.book, date, &shared.seller_id, now)) {
        Ok(Some(zip)) => zip.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// An answer whose body ends before it should.
fn cut_off() -> Response {
    let broken = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("the reply is lost")) });
    Body::from_stream(broken).into_response()
}

impl Shared {
    fn carry_out(&self, form: &Form, method: &str, asked: &Value, headers: &HeaderMap) -> Result<Value, Refused> {
        self.check(form)?;
        let now = self.now();
        let notify_url = form.get("notify_url").map_or("", String::as_str);
        if method == "alipay.trade.close" {
            self.pays_while_closing(asked);
        }
        let said = self.with(|state| {
            let super::StateOf { book, freezes, .. } = state;
            match method {
                "alipay.trade.create" => book.make(asked, notify_url, true, now),
                "alipay.trade.precreate" => book.make(asked, notify_url, false, now),
                "alipay.trade.query" => book.query(asked, now),
                "alipay.trade.close" => book.close(asked, now),
                "alipay.trade.refund" => book.refund(asked, now),
                "alipay.trade.fastpay.refund.query" => book.refund_query(asked, now),
                "alipay.trade.pay" => freezes.debit(book, asked, now),
                "alipay.fund.auth.order.voucher.create" => freezes.code(asked, now),
                "alipay.fund.auth.order.unfreeze" => freezes.unfreeze(asked),
                "alipay.fund.auth.operation.detail.query" => freezes.detail(asked),
                "alipay.data.dataservice.bill.downloadurl.query" => self.bill_address(state, asked, headers, now),
                _ => Err("isv.invalid-method"),
            }
        })?;
        if method == "alipay.trade.refund" && said["fund_change"] == "Y" {
            let order_no = asked["out_trade_no"].as_str().unwrap_or_default();
            self.notify(order_no);
        }
        Ok(said)
    }

    /// That the request is the application's, of now, and that nobody changed it.
    pub fn check_form(&self, form: &Form) -> Result<(), String> {
        self.check(form).map_err(|refused| refused.sub_code)
    }

    fn check(&self, form: &Form) -> Result<(), Refused> {
        let is = |name: &str, value: &str| form.get(name).is_some_and(|text| text == value);
        if !is("app_id", &self.app_id) {
            return Err(invalid("isv.invalid-app-id"));
        }
        if !is("sign_type", "RSA2") {
            return Err(invalid("isv.invalid-signature-type"));
        }
        let sign = form.get("sign").map_or("", String::as_str);
        if !self.keys.holds(&content(form, &["sign"]), sign) {
            return Err(invalid("isv.invalid-signature"));
        }
        if let Some(serials) = &self.serials {
            if !is("app_cert_sn", serials.app) {
                return Err(invalid("isv.app-cert-not-match"));
            }
            if !is("alipay_root_cert_sn", serials.root) {
                return Err(invalid("isv.invalid-alipay-root-cert-sn"));
            }
        }
        if !is("version", "1.0") || !is("charset", "utf-8") {
            return Err(invalid("isv.invalid-parameter"));
        }
        let at = form.get("timestamp").and_then(|text| instant(text));
        match at.map(|at| self.now().duration_since(at).abs()) {
            Some(off) if off <= SKEW_MAX => Ok(()),
            _ => Err(invalid("isv.invalid-timestamp")),
        }
    }

    fn pays_while_closing(&self, asked: &Value) {
        let order_no = asked["out_trade_no"].as_str().unwrap_or_default();
        if self
            .with(|state| state.book.fault(order_no, |fault| fault == Fault::PaysWhileClosing))
            .is_some()
        {
            let _ = self.pay(order_no);
        }
    }

    fn bill_address(
        &self,
        state: &mut super::StateOf,
        asked: &Value,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        let date = asked["bill_date"]
            .as_str()
            .and_then(|text| text.parse().ok())
            .ok_or("isv.invalid-arguments")?;
        if asked["bill_type"] != "trade" || date >= day(now) || !bill::has_business(&state.book, date) {
            return Err("isp.bill_not_exist");
        }
        let token = uuid::Uuid::new_v4().simple().to_string();
        let host = headers
            .get("host")
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        let address = format!("http://{host}/bill/{token}?bizDates={}", date.strftime("%Y%m%d"));
        state.bills.insert(token, (date, Instant::now() + BILL_ADDRESS));
        Ok(json!({ "bill_download_url": address }))
    }

    fn answer(&self, method: &str, said: Result<Value, Refused>, rightly: bool) -> Response {
        let mut node = json!({ "code": "10000", "msg": "Success" });
        match said {
            Ok(Value::Object(said)) => {
                let fields = said.into_iter().filter(|(_, value)| !value.is_null());
                if let Some(node) = node.as_object_mut() {
                    node.extend(fields);
                }
            }
            Ok(_) => {}
            Err(Refused { code, sub_code }) => {
                node = json!({ "code": code, "msg": "Business Failed", "sub_code": sub_code, "sub_msg": "模拟" });
            }
        }
        // Alipay's servers write `/` as `\/`: whoever writes the node anew gets other bytes.
        let node = node.to_string().replace('/', "\\/");
        let sign = self.keys.sign(&node, rightly);
        let name = format!("{}_response", method.replace('.', "_"));
        let serial = self.serials.as_ref().map_or(String::new(), |serials| {
            format!(r#""alipay_cert_sn":"{}","#, serials.alipay)
        });
        let body = format!(r#"{{"{name}":{node},{serial}"sign":"{sign}"}}"#);
        ([("content-type", "text/html;charset=utf-8")], body).into_response()
    }
}
