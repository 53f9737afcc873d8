//! Notifications: eight sends over 25 hours of this program's own clock, until one is answered with exactly `success`.
//!
//! <https://opendocs.alipay.com/open/203/105286>. It speaks plain HTTP, which is what a program on the same machine needs.

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Shared;
use super::book::Trade;
use super::faults::Fault;
use super::wire::{Form, content, time, yuan};

/// Between one send and the next.
const PAUSES_MINUTES: [i64; 7] = [4, 10, 10, 60, 120, 360, 900];
const LATE: SignedDuration = SignedDuration::from_secs(3);
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// A notification that waits to be sent.
#[derive(Clone, Debug)]
pub struct Pending {
    pub due: Timestamp,
    url: String,
    form: Form,
    forged: bool,
    sends: usize,
}

/// The notifications of a change of an order, with what goes wrong with them.
pub fn of(trade: &Trade, fault: Option<Fault>, app_id: &str, seller_id: &str, now: Timestamp) -> Vec<Pending> {
    let mut form = Form::new();
    let mut set = |key: &str, value: String| form.insert(key.to_owned(), value);
    set("notify_type", "trade_status_sync".to_owned());
    set("notify_id", uuid::Uuid::new_v4().simple().to_string());
    set("charset", "utf-8".to_owned());
    set("version", "1.0".to_owned());
    set("app_id", app_id.to_owned());
    set("auth_app_id", app_id.to_owned());
    set("seller_id", seller_id.to_owned());
    set("out_trade_no", trade.order_no.clone());
    set("trade_no", trade.trade_no.clone().unwrap_or_default());
    set("subject", trade.subject.clone());
    set("total_amount", yuan(trade.amount_fen));
    set(
        "trade_status",
        serde_json::to_value(trade.status)
            .ok()
            .and_then(|status| Some(status.as_str()?.to_owned()))
            .unwrap_or_default(),
    );
    set("gmt_create", time(trade.created_at));
    if let Some(at) = trade.paid_at {
        set("gmt_payment", time(at));
    }
    if let Some(refund) = trade.refunds.last() {
        set("gmt_refund", time(refund.at));
        set("out_biz_no", refund.refund_no.clone());
        set("refund_fee", yuan(trade.refunded_fen()));
    }
    let pending = Pending {
        due: now,
        url: trade.notify_url.clone(),
        form,
        forged: false,
        sends: 0,
    };
    if pending.url.is_empty() {
        return Vec::new();
    }
    let with = |key: &str, value: String| {
        let mut other = pending.clone();
        other.form.insert(key.to_owned(), value);
        other
    };
    match fault {
        Some(Fault::NotificationDropped) => Vec::new(),
        Some(Fault::NotificationLate) => vec![Pending {
            due: now + LATE,
            ..pending
        }],
        Some(Fault::NotificationDoubled) => vec![pending.clone(), pending],
        Some(Fault::NotificationsOutOfOrder) => {
            let mut older = with("trade_status", "WAIT_BUYER_PAY".to_owned());
            older.form.remove("gmt_payment");
            vec![pending, older]
        }
        Some(Fault::NotificationForged) => vec![Pending {
            forged: true,
            ..pending
        }],
        Some(Fault::NotificationWrongAmount) => vec![with("total_amount", yuan(trade.amount_fen + 1))],
        Some(Fault::NotificationOtherMerchant) => vec![with("seller_id", "2088000000000000".to_owned())],
        _ => vec![pending],
    }
}

impl Shared {
    /// The body of a notification, as it is sent now.
    pub fn body(&self, pending: &Pending, now: Timestamp) -> String {
        let mut form = pending.form.clone();
        form.insert("notify_time".to_owned(), time(now));
        let sign = self.keys.sign(&content(&form, &[]), !pending.forged);
        form.insert("sign".to_owned(), sign);
        form.insert("sign_type".to_owned(), "RSA2".to_owned());
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish()
    }

    /// Sends what is due and sets when it is sent again.
    pub async fn send_due(&self) {
        let now = self.now();
        let due: Vec<_> = self.with(|state| {
            state
                .notifications
                .extract_if(.., |pending| pending.due <= now)
                .collect()
        });
        for mut pending in due {
            let body = self.body(&pending, now);
            let sent = tokio::time::timeout(self.delivery_max, post(&pending.url, &body)).await;
            let taken = matches!(sent, Ok(Ok(answer)) if answer == "success");
            let Some(pause) = PAUSES_MINUTES.get(pending.sends).filter(|_| !taken) else {
                continue;
            };
            pending.sends += 1;
            pending.due = now + SignedDuration::from_mins(*pause);
            self.with(|state| state.notifications.push(pending));
        }
    }
}

/// The body of the answer if its status is 200.
async fn post(url: &str, body: &str) -> anyhow::Result<String> {
    let rest = url.strip_prefix("http://").context("plain HTTP only")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).await?;
    let length = body.len();
    let request = format!(
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await?;
    let answer = String::from_utf8(answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("half an answer")?;
    anyhow::ensure!(head.split(' ').nth(1) == Some("200"), "not taken");
    Ok(body.to_owned())
}
