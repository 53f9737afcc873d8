//! A business day of a hall: its figures beside their targets, how it went hour by hour, and what was played.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use baize_domain::Fen;
use baize_proto::hall::view::v1::bill_service_server::BillService as _;
use baize_proto::hall::view::v1::directory_service_server::DirectoryService as _;
use baize_proto::hall::view::v1::indicator_service_server::IndicatorService as _;
use baize_proto::hall::view::v1::{
    DayIndicators, DirectoryHall, GetHallRequest, GetIndicatorsRequest, Indicator, IndicatorUnit, ListBillsRequest,
    SessionBill, TargetDirection, get_indicators_request,
};
use jiff::civil::Date;
use serde::Deserialize;

use super::super::chart::{self, Bar};
use super::super::money::{milliseconds, percent, thousands, yuan};
use super::super::render;
use super::Console;
use super::pages::{Layout, Problem};
use super::visitor::Visitor;
use super::words::{Words, some_fen};

#[derive(Deserialize)]
pub(super) struct Wish {
    /// A business day, such as 2026-11-22; that of now if empty.
    #[serde(default)]
    day: String,
    /// From the page before.
    #[serde(default)]
    page: String,
}

#[derive(Template)]
#[template(path = "console/day.html")]
struct DayPage {
    l: Layout,
    hall: DirectoryHall,
    date: String,
    before: String,
    after: String,
    figures: Vec<Figure>,
    revenue: String,
    bills: Vec<BillLine>,
    next: String,
}

/// A figure beside its target.
struct Figure {
    name: String,
    value: String,
    target: String,
    tone: &'static str,
}

/// A session in a list.
pub(super) struct BillLine {
    pub(super) session_id: String,
    pub(super) opened: String,
    pub(super) closed: String,
    pub(super) member_id: String,
    pub(super) status: &'static str,
    pub(super) tone: &'static str,
    pub(super) total: String,
    pub(super) owed: String,
}

impl BillLine {
    pub(super) fn new(bill: &SessionBill, words: &Words) -> Self {
        let (status, tone) = words.bill_status(bill.status());
        Self {
            session_id: bill.session_id.clone(),
            opened: words.short(bill.opened_at.as_ref()),
            closed: words.short(bill.closed_at.as_ref()),
            member_id: bill.member_id.clone(),
            status,
            tone,
            total: bill
                .bill
                .as_ref()
                .map(|bill| Fen(bill.total_fen).to_string())
                .unwrap_or_default(),
            owed: some_fen(bill.outstanding_fen),
        }
    }
}

pub(super) async fn page(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Path(hall_id): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let problem = |status| visitor.problem(status);
    let hall = hall(&console, &visitor, &hall_id).await?;
    let day = indicators(&console, &visitor, &hall_id, &wish.day).await?;
    let request = ListBillsRequest {
        hall_id: hall_id.clone(),
        page_token: wish.page,
        ..ListBillsRequest::default()
    };
    let call = visitor.call("/hall.view.v1.BillService/ListBills", request)?;
    let listed = console
        .services
        .bills
        .list_bills(call)
        .await
        .map_err(problem)?
        .into_inner();
    let words = Words::new(visitor.language, &hall.time_zone);
    let date: Option<Date> = day.business_date.parse().ok();
    let other = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
    let layout = visitor.layout("/console");
    let bars = day.hours.iter().map(|hour| Bar {
        label: words.short(hour.starts_at.as_ref()).split_off(6),
        value: hour.revenue_fen as f64 / 100.0,
        told: Fen(hour.revenue_fen).to_string(),
    });
    Ok(render(&DayPage {
        date: day.business_date.clone(),
        before: other(date.and_then(|date| date.yesterday().ok())),
        after: other(date.and_then(|date| date.tomorrow().ok())),
        figures: day.indicators.iter().map(|figure| drawn(figure, &visitor)).collect(),
        revenue: chart::bars(&bars.collect::<Vec<_>>(), layout.c.revenue_by_hour),
        bills: listed.bills.iter().map(|bill| BillLine::new(bill, &words)).collect(),
        next: listed.next_page_token,
        l: layout,
        hall,
    }))
}

pub(super) async fn hall(console: &Console, visitor: &Visitor, hall_id: &str) -> Result<DirectoryHall, Problem> {
    let request = GetHallRequest {
        hall_id: hall_id.to_owned(),
        min_position: 0,
    };
    let call = visitor.call("/hall.view.v1.DirectoryService/GetHall", request)?;
    let answer = console.services.directory.get_hall(call).await;
    let answer = answer.map_err(|status| visitor.problem(status))?;
    Ok(answer.into_inner().hall.unwrap_or_default())
}

pub(super) async fn indicators(
    console: &Console,
    visitor: &Visitor,
    hall_id: &str,
    date: &str,
) -> Result<DayIndicators, Problem> {
    let request = GetIndicatorsRequest {
        of: Some(get_indicators_request::Of::HallId(hall_id.to_owned())),
        business_date: date.to_owned(),
        min_position: 0,
    };
    let call = visitor.call("/hall.view.v1.IndicatorService/GetIndicators", request)?;
    let answer = console.services.indicators.get_indicators(call).await;
    let answer = answer.map_err(|status| visitor.problem(status))?;
    Ok(answer.into_inner().day.unwrap_or_default())
}

fn drawn(figure: &Indicator, visitor: &Visitor) -> Figure {
    let written = |value: i64| match figure.unit() {
        IndicatorUnit::Fen => yuan(value),
        IndicatorUnit::BasisPoints => format!("{}%", percent(value)),
        IndicatorUnit::Milliseconds => {
            let (number, unit) = milliseconds(value);
            format!("{number} {unit}")
        }
        _ => thousands(value.unsigned_abs()),
    };
    let bound = match figure.direction() {
        TargetDirection::AtMost => "≤",
        _ => "≥",
    };
    Figure {
        name: visitor.language.of(&figure.name_zh, &figure.name_en).to_owned(),
        value: figure.value.map_or_else(|| "–".to_owned(), written),
        target: figure
            .target
            .map(|target| format!("{bound} {}", written(target)))
            .unwrap_or_default(),
        tone: match figure.met {
            Some(true) => "good",
            Some(false) => "bad",
            None => "quiet",
        },
    }
}
