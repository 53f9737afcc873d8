//! A session from its opening to its end: the bill and why it is what it is, what was paid, and every event behind it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use baize_domain::Fen;
use baize_proto::hall::view::v1::bill_service_server::BillService as _;
use baize_proto::hall::view::v1::timeline_service_server::TimelineService as _;
use baize_proto::hall::view::v1::{GetBillRequest, GetReceiptRequest, GetTimelineRequest, Receipt, SessionBill};
use tonic::Code;

use super::super::render;
use super::Console;
use super::day::hall;
use super::pages::{Layout, Problem};
use super::steps::Step;
use super::visitor::Visitor;
use super::words::{Words, some_fen};

#[derive(Template)]
#[template(path = "console/session.html")]
struct SessionPage {
    l: Layout,
    session_id: String,
    hall_id: String,
    hall_name: String,
    table: String,
    member_id: String,
    status: &'static str,
    tone: &'static str,
    opened: String,
    closed: String,
    tariff: String,
    lines: Vec<Line>,
    total: String,
    payments: Vec<Line>,
    owed: String,
    /// There is a receipt to be printed.
    receipt: bool,
    steps: Vec<Step>,
    cut_off: bool,
}

/// What, and how much.
struct Line {
    what: String,
    at: String,
    amount: String,
}

pub(super) async fn page(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Path(session_id): Path<String>,
) -> Result<Response, Problem> {
    let problem = |status| visitor.problem(status);
    let request = GetBillRequest {
        session_id: session_id.clone(),
        min_position: 0,
    };
    let call = visitor.call("/hall.view.v1.BillService/GetBill", request)?;
    let bill = console.services.bills.get_bill(call).await.map_err(problem)?;
    let bill = bill.into_inner().bill.unwrap_or_default();
    let hall = hall(&console, &visitor, &bill.hall_id).await?;
    let receipt = look(&console, &visitor, &session_id).await?;
    let request = GetTimelineRequest {
        session_id: session_id.clone(),
        min_position: 0,
    };
    let call = visitor.call("/hall.view.v1.TimelineService/GetTimeline", request)?;
    let timeline = console.services.timelines.get_timeline(call).await;
    let timeline = timeline.map_err(problem)?.into_inner();
    let words = Words::new(visitor.language, &hall.time_zone);
    let began = timeline.events.first().and_then(|event| event.recorded_at);
    let steps = timeline
        .events
        .iter()
        .map(|event| Step::new(event, began, visitor.language, &words));
    let (status, tone) = words.bill_status(bill.status());
    let shown = receipt.as_ref();
    Ok(render(&SessionPage {
        l: visitor.layout("/console"),
        session_id,
        hall_id: hall.hall_id,
        hall_name: hall.name,
        table: shown.map(|receipt| receipt.table_label.clone()).unwrap_or_default(),
        member_id: bill.member_id.clone(),
        status,
        tone,
        opened: words.instant(bill.opened_at.as_ref()),
        closed: words.instant(bill.closed_at.as_ref()),
        tariff: shown.map_or_else(
            || format!("v{}", bill.tariff_version),
            |receipt| format!("{} · v{}", receipt.tariff_name, bill.tariff_version),
        ),
        lines: lines(&bill, &words),
        total: bill
            .bill
            .as_ref()
            .map(|bill| Fen(bill.total_fen).to_string())
            .unwrap_or_default(),
        payments: shown.map_or_else(Vec::new, |receipt| payments(receipt, &words)),
        owed: some_fen(bill.outstanding_fen),
        receipt: receipt.is_some(),
        steps: steps.collect(),
        cut_off: timeline.cut_off,
    }))
}

/// Leads to the receipt as it is printed.
pub(super) async fn receipt(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Path(session_id): Path<String>,
) -> Result<Response, Problem> {
    let request = GetReceiptRequest {
        session_id,
        min_position: 0,
    };
    let call = visitor.call("/hall.view.v1.BillService/GetReceipt", request)?;
    let answer = console.services.bills.get_receipt(call).await;
    let path = answer.map_err(|status| visitor.problem(status))?.into_inner().page_path;
    Ok(Redirect::to(&format!("{path}&lang={}", visitor.language)).into_response())
}

/// The receipt, if the session is settled.
async fn look(console: &Console, visitor: &Visitor, session_id: &str) -> Result<Option<Receipt>, Problem> {
    let request = GetReceiptRequest {
        session_id: session_id.to_owned(),
        min_position: 0,
    };
    let call = visitor.call("/hall.view.v1.BillService/GetReceipt", request)?;
    match console.services.bills.get_receipt(call).await {
        Ok(answer) => Ok(answer.into_inner().receipt),
        Err(status) if status.code() == Code::FailedPrecondition => Ok(None),
        Err(status) => Err(visitor.problem(status)),
    }
}

fn lines(bill: &SessionBill, words: &Words) -> Vec<Line> {
    let lines = bill.bill.iter().flat_map(|bill| &bill.lines);
    lines
        .map(|line| Line {
            what: words.bill_line(line),
            at: String::new(),
            amount: Fen(line.amount_fen).to_string(),
        })
        .collect()
}

fn payments(receipt: &Receipt, words: &Words) -> Vec<Line> {
    let payments = receipt.payments.iter();
    payments
        .map(|payment| Line {
            what: words.bill_payment(payment.kind()).to_owned(),
            at: words.short(payment.at.as_ref()),
            amount: Fen(payment.principal_fen + payment.bonus_fen).to_string(),
        })
        .collect()
}
