//! The calls of API v3. Every answer but a bill is signed, refusals too.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use jiff::SignedDuration;
use jiff::civil::Date;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::wire::{AskRefund, Close, Create};
use super::{Shared, bill, wire};
use crate::provider::{Book, Fault, NewOrder, NewRefund, Refused, Reply};

/// Status and body, or status, code and message.
type Answer = Result<(StatusCode, Value), Refusal>;

struct Refusal(StatusCode, &'static str, &'static str);

const NOT_FOUND: Refusal = Refusal(StatusCode::NOT_FOUND, "ORDER_NOT_EXIST", "订单不存在");
const MALFORMED: Refusal = Refusal(StatusCode::BAD_REQUEST, "PARAM_ERROR", "参数错误");
const FAILED: Refusal = Refusal(StatusCode::INTERNAL_SERVER_ERROR, "SYSTEM_ERROR", "系统错误");
/// Orders without an end of their own end after that.
const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

pub(super) async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let now = shared.desk.now();
    if let Err(why) = shared.keys.check(
        &shared.merchant,
        &shared.nonces,
        (method.as_str(), target, &headers, &body),
        now,
    ) {
        return shared.signed(Err(Refusal(StatusCode::UNAUTHORIZED, "SIGN_ERROR", why)));
    }
    let path: Vec<_> = uri.path().trim_matches('/').split('/').collect();
    let query = uri.query().unwrap_or("");
    let answer = match (method.as_str(), path.as_slice()) {
        ("POST", ["v3", "pay", "transactions", kind @ ("jsapi" | "native")]) => {
            shared.create(*kind == "jsapi", &body).await
        }
        ("GET", ["v3", "pay", "transactions", "out-trade-no", order_no]) => shared.query(order_no, query).await,
        ("POST", ["v3", "pay", "transactions", "out-trade-no", order_no, "close"]) => {
            shared.close(order_no, &body).await
        }
        ("POST", ["v3", "refund", "domestic", "refunds"]) => shared.refund(&body).await,
        ("GET", ["v3", "refund", "domestic", "refunds", refund_no]) => shared.query_refund(refund_no).await,
        ("GET", ["v3", "bill", "tradebill"]) => Reply::Answer(shared.bill(query, &headers)),
        ("GET", ["v3", "billdownload", "file"]) => return shared.download(query),
        _ => Reply::Answer(Err(Refusal(
            StatusCode::NOT_FOUND,
            "RESOURCE_NOT_EXISTS",
            "没有这个接口",
        ))),
    };
    match answer {
        Reply::Answer(answer) => shared.signed(answer),
        Reply::Failed => shared.signed(Err(FAILED)),
        Reply::Lost => broken(),
    }
}

impl Shared {
    async fn create(self: &Arc<Self>, in_app: bool, body: &[u8]) -> Reply<Answer> {
        let new = match self.new_order(in_app, body) {
            Ok(new) => new,
            Err(refusal) => return Reply::Answer(Err(refusal)),
        };
        let (order_no, payer) = (new.order_no.clone(), new.payer.clone());
        let shared = Arc::clone(self);
        let done = self.desk.call(&order_no, move || {
            shared.desk.with(|book, now| match book.create(new, now) {
                Ok(order) if in_app => Ok((StatusCode::OK, json!({ "prepay_id": order.made.code }))),
                Ok(order) => Ok((StatusCode::OK, json!({ "code_url": order.made.code }))),
                Err(Refused::Paid) => Err(Refusal(StatusCode::BAD_REQUEST, "ORDERPAID", "订单已支付")),
                Err(Refused::Closed) => Err(Refusal(StatusCode::BAD_REQUEST, "ORDER_CLOSED", "订单已关闭")),
                Err(_) => Err(Refusal(StatusCode::FORBIDDEN, "OUT_TRADE_NO_USED", "商户订单号重复")),
            })
        });
        let done = done.await;
        if matches!(done, Reply::Answer(Ok(_))) && self.desk.take_fault(&order_no, Fault::NoticeBeforeReply) {
            self.desk
                .pay_first(&order_no, payer.as_deref().unwrap_or("anybody"))
                .await;
        }
        done
    }

    fn new_order(&self, in_app: bool, body: &[u8]) -> Result<NewOrder, Refusal> {
        let asked: Create = parsed(body)?;
        let now = self.desk.now();
        let expires_at = asked.time_expire.unwrap_or(now + LIFETIME);
        if (asked.appid.as_str(), asked.mchid.as_str())
            != (self.merchant.app_id.as_str(), self.merchant.mch_id.as_str())
        {
            return Err(Refusal(
                StatusCode::BAD_REQUEST,
                "APPID_MCHID_NOT_MATCH",
                "appid和mch_id不匹配",
            ));
        }
        let number = asked.out_trade_no.as_bytes();
        let well = (6..=32).contains(&number.len())
            && number
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-|*@".contains(byte))
            && (1..=127).contains(&asked.description.len())
            && asked.amount.total > 0
            && asked
                .amount
                .currency
                .as_deref()
                .is_none_or(|currency| currency == "CNY")
            && asked.notify_url.starts_with("http")
            && !asked.notify_url.contains('?')
            && in_app == asked.payer.is_some()
            && expires_at.duration_since(now) >= SignedDuration::from_mins(1) - SignedDuration::from_secs(5);
        if !well {
            return Err(MALFORMED);
        }
        let code = Uuid::new_v4().simple().to_string();
        Ok(NewOrder {
            order_no: asked.out_trade_no,
            amount_fen: asked.amount.total,
            description: asked.description,
            code: match in_app {
                true => format!("wx{code}"),
                false => format!("weixin://wxpay/bizpayurl?pr={code}"),
            },
            payer: asked.payer.map(|payer| payer.openid),
            notify_url: asked.notify_url,
            expires_at,
        })
    }

    async fn query(self: &Arc<Self>, order_no: &str, query: &str) -> Reply<Answer> {
        if !query
            .split('&')
            .any(|pair| pair == format!("mchid={}", self.merchant.mch_id))
        {
            return Reply::Answer(Err(MALFORMED));
        }
        let (shared, number) = (Arc::clone(self), order_no.to_owned());
        let work = move || {
            shared.desk.with(|book, now| {
                let order = book.order(&number, now).ok_or(NOT_FOUND)?.clone();
                let refunded = book.refunds_of(&number).next().is_some();
                Ok((StatusCode::OK, wire::transaction(&shared.merchant, &order, refunded)))
            })
        };
        self.desk.call(order_no, work).await
    }

    async fn close(self: &Arc<Self>, order_no: &str, body: &[u8]) -> Reply<Answer> {
        match parsed::<Close>(body) {
            Ok(close) if close.mchid == self.merchant.mch_id => {}
            _ => return Reply::Answer(Err(MALFORMED)),
        }
        if self.desk.take_fault(order_no, Fault::PaidWhileClosing) {
            let only = self
                .desk
                .book()
                .orders
                .get(order_no)
                .and_then(|order| order.made.payer.clone());
            if self.desk.pay(order_no, only.as_deref().unwrap_or("anybody")).is_ok() {
                return Reply::Answer(Err(Refusal(
                    StatusCode::TOO_MANY_REQUESTS,
                    "FREQUENCY_LIMITED",
                    "频率限制",
                )));
            }
        }
        let (shared, number) = (Arc::clone(self), order_no.to_owned());
        let work = move || {
            shared.desk.with(|book, now| match book.close(&number, now) {
                Ok(()) => Ok((StatusCode::NO_CONTENT, Value::Null)),
                Err(Refused::NotFound) => Err(NOT_FOUND),
                Err(_) => Err(Refusal(StatusCode::BAD_REQUEST, "ORDERPAID", "订单已支付")),
            })
        };
        self.desk.call(order_no, work).await
    }

    async fn refund(self: &Arc<Self>, body: &[u8]) -> Reply<Answer> {
        let asked: AskRefund = match parsed(body) {
            Ok(asked) => asked,
            Err(refusal) => return Reply::Answer(Err(refusal)),
        };
        let (order_no, refund_no) = (asked.out_trade_no.clone(), asked.out_refund_no.clone());
        let shared = Arc::clone(self);
        let done = self.desk.call(&order_no, move || shared.take_refund(asked)).await;
        if matches!(done, Reply::Answer(Ok(_))) && self.desk.take_fault(&order_no, Fault::NoticeBeforeReply) {
            self.desk.settle_first(&refund_no).await;
        }
        done
    }

    fn take_refund(&self, asked: AskRefund) -> Answer {
        if asked.amount.currency != "CNY" || asked.reason.is_some_and(|reason| reason.len() > 80) {
            return Err(MALFORMED);
        }
        let order_no = asked.out_trade_no.clone();
        let new = NewRefund {
            refund_no: asked.out_refund_no,
            order_no: asked.out_trade_no,
            amount_fen: asked.amount.refund,
            notify_url: asked.notify_url.unwrap_or_default(),
        };
        let differs = Refusal(
            StatusCode::BAD_REQUEST,
            "INVALID_REQUEST",
            "订单金额或退款金额与之前请求不一致,请核实后再试",
        );
        let refund = self.desk.with(|book, now| {
            if book
                .orders
                .get(&order_no)
                .is_some_and(|order| order.made.amount_fen != asked.amount.total)
            {
                return Err(differs);
            }
            match book.refund(new, now) {
                Ok(refund) => Ok(refund.clone()),
                Err(Refused::NumberUsed) => Err(differs),
                Err(Refused::TooMuch) => Err(Refusal(
                    StatusCode::BAD_REQUEST,
                    "INVALID_REQUEST",
                    "申请退款金额超过订单可退金额",
                )),
                Err(_) => Err(Refusal(
                    StatusCode::NOT_FOUND,
                    "RESOURCE_NOT_EXISTS",
                    "订单不存在或未支付",
                )),
            }
        })?;
        self.desk.set_out(&refund);
        let order = self
            .desk
            .with(|book, _| book.orders.get(&order_no).cloned())
            .ok_or(NOT_FOUND)?;
        Ok((StatusCode::OK, wire::refund(&order, &refund)))
    }

    async fn query_refund(self: &Arc<Self>, refund_no: &str) -> Reply<Answer> {
        let missing = Refusal(StatusCode::NOT_FOUND, "RESOURCE_NOT_EXISTS", "退款单不存在");
        let of_order = |book: &mut Book| Some(book.refunds.get(refund_no)?.asked.order_no.clone());
        let Some(order_no) = self.desk.with(|book, _| of_order(book)) else {
            return Reply::Answer(Err(missing));
        };
        let (shared, number) = (Arc::clone(self), refund_no.to_owned());
        let order = order_no.clone();
        let work = move || {
            shared
                .desk
                .with(|book, _| match (book.refunds.get(&number), book.orders.get(&order)) {
                    (Some(refund), Some(order)) => Ok((StatusCode::OK, wire::refund(order, refund))),
                    _ => Err(NOT_FOUND),
                })
        };
        self.desk.call(&order_no, work).await
    }

    fn bill(&self, query: &str, headers: &HeaderMap) -> Answer {
        let date: Date = parameter(query, "bill_date")
            .and_then(|date| date.parse().ok())
            .ok_or(MALFORMED)?;
        let today = self.desk.now().to_zoned(crate::provider::book::beijing());
        let days = date.until(today.date()).map_or(0, |span| span.get_days());
        if days < 1 || parameter(query, "bill_type") != Some("ALL") {
            return Err(Refusal(StatusCode::BAD_REQUEST, "INVALID_REQUEST", "请检查 bill_date"));
        }
        if days == 1 && today.hour() < self.desk.bill_hour() {
            return Err(Refusal(StatusCode::BAD_REQUEST, "STATEMENT_CREATING", "账单生成中"));
        }
        let none = Refusal(StatusCode::BAD_REQUEST, "NO_STATEMENT_EXIST", "账单文件不存在");
        let file = bill::file(&self.merchant, &self.desk, date).ok_or(none)?;
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, file.as_bytes());
        let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        self.announced().insert(date, file);
        let host = headers
            .get("host")
            .and_then(|host| host.to_str().ok())
            .unwrap_or("localhost");
        let url = format!("http://{host}/v3/billdownload/file?token={date}");
        Ok((
            StatusCode::OK,
            json!({ "hash_type": "SHA1", "hash_value": hash, "download_url": url }),
        ))
    }

    /// Unsigned: whoever downloads compares the hash.
    fn download(&self, query: &str) -> Response {
        let date: Option<Date> = parameter(query, "token").and_then(|date| date.parse().ok());
        match date.and_then(|date| self.announced().get(&date).cloned()) {
            Some(file) => file.into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }

    fn announced(&self) -> MutexGuard<'_, BTreeMap<Date, String>> {
        self.announced.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signed(&self, answer: Answer) -> Response {
        let (status, body) = answer
            .unwrap_or_else(|Refusal(status, code, message)| (status, json!({ "code": code, "message": message })));
        let body = match body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        };
        let mut response = Response::builder()
            .status(status)
            .header("Content-Type", "application/json");
        for (name, value) in self.keys.answer_headers(&body, self.desk.now()) {
            response = response.header(name, value);
        }
        response.body(Body::from(body)).unwrap_or_default()
    }
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| MALFORMED)
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// An answer whose connection breaks before its end.
fn broken() -> Response {
    let end = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("lost")) });
    Body::from_stream(end).into_response()
}
