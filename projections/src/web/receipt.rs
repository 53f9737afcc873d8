//! A receipt to be printed: on A4, or on the 80 mm paper of a till.
//!
//! It shows what a person played and paid, so it is guarded by itself, on loopback too: by a ticket for this very page.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use baize_domain::Fen;
use baize_domain::session::BillLine;
use baize_proto::access::Denial;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use uuid::Uuid;

use super::halls::READ_MAX;
use super::language::Language;
use super::receipt_texts::ReceiptTexts;
use super::security::Nonce;
use super::texts::Texts;
use super::{Failure, Site, render};
use crate::query::{Deadline, Error, Receipt, receipt_path};
use crate::store::Instant;
use crate::views::bills::PaymentKind;

#[derive(Deserialize)]
pub(crate) struct Wish {
    #[serde(default)]
    ticket: String,
    /// `80mm`, else A4.
    #[serde(default)]
    paper: String,
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage {
    t: &'static Texts,
    r: &'static ReceiptTexts,
    language: Language,
    nonce: Nonce,
    narrow: bool,
    ticket: String,
    hall: String,
    table: String,
    session_id: Uuid,
    business_date: String,
    opened_at: String,
    closed_at: String,
    tariff: String,
    lines: Vec<Line>,
    total: String,
    payments: Vec<Line>,
    outstanding: Option<String>,
}

/// A row of the receipt.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    what: String,
    detail: String,
    amount: String,
}

pub(crate) async fn page(
    State(site): State<Arc<Site>>,
    Path(session_id): Path<String>,
    Query(wish): Query<Wish>,
    language: Language,
    nonce: Nonce,
) -> Result<Response, Failure> {
    let failed = |error| Failure::new(error, language, nonce);
    let session_id = Uuid::try_parse(&session_id).map_err(|_| failed(Error::Denied(Denial::NotYours)))?;
    let path = receipt_path(session_id);
    let checked = site.verifier.check_ticket(&wish.ticket, &path, Timestamp::now());
    checked.map_err(|_| failed(Error::Denied(Denial::NotYours)))?;
    let receipt = site.reader.receipt(session_id, Deadline::within(READ_MAX)).await;
    let receipt = receipt.map_err(failed)?;
    Ok(render(&drawn(receipt, wish, language, nonce)))
}

fn drawn(receipt: Receipt, wish: Wish, language: Language, nonce: Nonce) -> ReceiptPage {
    let Receipt {
        bill,
        payments,
        hall,
        table_label,
        business_date,
    } = receipt;
    let r = language.receipt_texts();
    let zone = TimeZone::get(&hall.time_zone).unwrap_or(TimeZone::UTC);
    let local = |at: Instant| {
        at.timestamp()
            .to_zoned(zone.clone())
            .strftime("%Y-%m-%d %H:%M")
            .to_string()
    };
    let paid = payments.into_iter().map(|payment| Line {
        what: match payment.kind {
            PaymentKind::Prepaid => r.paid_before,
            PaymentKind::Refund => r.paid_back,
            PaymentKind::Settlement => r.paid_after,
            PaymentKind::Debt => r.paid_later,
        }
        .to_owned(),
        detail: local(payment.at),
        amount: Fen(payment.principal_fen + payment.bonus_fen).to_string(),
    });
    ReceiptPage {
        t: language.texts(),
        r,
        language,
        nonce,
        narrow: wish.paper == "80mm",
        ticket: wish.ticket,
        hall: hall.name,
        table: table_label,
        session_id: bill.session_id,
        business_date: business_date.to_string(),
        opened_at: local(bill.billing_started_at.unwrap_or(bill.opened_at)),
        closed_at: bill.closed_at.map(local).unwrap_or_default(),
        tariff: format!("{} · v{}", bill.tariff_name, bill.tariff_version),
        lines: bill
            .lines
            .0
            .iter()
            .map(|line| drawn_line(line, language, &zone))
            .collect(),
        total: Fen(bill.total_fen).to_string(),
        payments: paid.collect(),
        outstanding: (bill.outstanding_fen > 0).then(|| Fen(bill.outstanding_fen).to_string()),
    }
}

fn drawn_line(line: &BillLine, language: Language, zone: &TimeZone) -> Line {
    let r = language.receipt_texts();
    let clock = |at: &Timestamp| at.to_zoned(zone.clone()).strftime("%H:%M").to_string();
    let minutes = |minutes: u32| format!("{minutes} {}", r.minutes);
    let (what, detail) = match line {
        BillLine::Time {
            band,
            from,
            to,
            minutes: billed,
            price_per_hour,
            ..
        } => {
            let detail = format!(
                "{}–{} · {} · {price_per_hour}{}",
                clock(from),
                clock(to),
                minutes(*billed),
                r.per_hour
            );
            (band.clone(), detail)
        }
        BillLine::MinimumCharge { .. } => (r.minimum.to_owned(), String::new()),
        BillLine::Cap { .. } => (r.cap.to_owned(), String::new()),
        BillLine::Overnight { name, .. } => (name.clone(), String::new()),
        BillLine::Package { name, from, to, .. } => (name.clone(), format!("{}–{}", clock(from), clock(to))),
        BillLine::Prepaid { minutes: bought, .. } => (r.prepaid.to_owned(), minutes(*bought)),
        BillLine::Discount { level, rate, .. } => {
            let percent = rate * rust_decimal::Decimal::ONE_HUNDRED;
            (format!("{} ({level})", r.discount), format!("{}%", percent.normalize()))
        }
        BillLine::Surcharge { .. } => (r.surcharge.to_owned(), String::new()),
        BillLine::Goods(goods) => {
            let name = match language {
                Language::ZhCn => &goods.name_zh,
                Language::En => &goods.name_en,
            };
            (name.clone(), format!("{} × {}", goods.quantity, goods.price))
        }
    };
    Line {
        what,
        detail,
        amount: line.amount().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_in_the_readers_language_and_the_halls_time() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let line = BillLine::Time {
            band: "夜场".to_owned(),
            from: "2026-03-02T12:00:00Z".parse().unwrap(),
            to: "2026-03-02T13:30:00Z".parse().unwrap(),
            minutes: 90,
            price_per_hour: Fen(6_000),
            amount: Fen(9_000),
        };
        let expected = |detail: &str| Line {
            what: "夜场".to_owned(),
            detail: detail.to_owned(),
            amount: "¥90.00".to_owned(),
        };
        let zh = drawn_line(&line, Language::ZhCn, &zone);
        assert_eq!(zh, expected("20:00–21:30 · 90 分钟 · ¥60.00/小时"));
        let en = drawn_line(&line, Language::En, &zone);
        assert_eq!(en, expected("20:00–21:30 · 90 min · ¥60.00/h"));
        let goods = BillLine::Goods(baize_domain::session::GoodsLine {
            code: "cola".to_owned(),
            name_zh: "可乐".to_owned(),
            name_en: "Cola".to_owned(),
            quantity: 2,
            price: Fen(600),
        });
        let en = drawn_line(&goods, Language::En, &zone);
        assert_eq!((&*en.what, &*en.detail, &*en.amount), ("Cola", "2 × ¥6.00", "¥12.00"));
        let discount = BillLine::Discount {
            level: baize_domain::LevelCode::member(),
            rate: "0.12".parse().unwrap(),
            amount: Fen(-108),
        };
        let zh = drawn_line(&discount, Language::ZhCn, &zone);
        assert_eq!(
            (&*zh.what, &*zh.detail, &*zh.amount),
            ("等级折扣 (member)", "12%", "-¥1.08")
        );
    }
}
