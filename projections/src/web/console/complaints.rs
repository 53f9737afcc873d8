//! The complaints of a hall. What was said is sealed, and read through the API.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use baize_proto::hall::complaint::v1::Category;
use baize_proto::hall::view::v1::complaint_queue_service_server::ComplaintQueueService as _;
use baize_proto::hall::view::v1::{Complaint, DirectoryHall, ListComplaintsRequest, complaint};

use super::super::render;
use super::Console;
use super::day::hall;
use super::pages::{Layout, Paging, Problem};
use super::visitor::Visitor;
use super::words::{Words, some_fen};

#[derive(Template)]
#[template(path = "console/complaints.html")]
struct ComplaintsPage {
    l: Layout,
    hall: DirectoryHall,
    complaints: Vec<Line>,
    next: String,
}

/// A complaint in a list.
struct Line {
    complaint_id: String,
    filed_at: String,
    category: &'static str,
    status: &'static str,
    tone: &'static str,
    assigned_to: String,
    answers: u32,
    promised: String,
    closed_at: String,
    session_id: String,
    reopened: bool,
}

pub(super) async fn list(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Path(hall_id): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let problem = |status| visitor.problem(status);
    let hall = hall(&console, &visitor, &hall_id).await?;
    let words = Words::new(visitor.language, &hall.time_zone);
    let request = ListComplaintsRequest {
        hall_id,
        page_token: paging.page,
        ..ListComplaintsRequest::default()
    };
    let call = visitor.call("/hall.view.v1.ComplaintQueueService/ListComplaints", request)?;
    let listed = console.services.complaints.list_complaints(call).await;
    let listed = listed.map_err(problem)?.into_inner();
    let layout = visitor.layout("/console");
    Ok(render(&ComplaintsPage {
        complaints: listed
            .complaints
            .iter()
            .map(|complaint| line(complaint, &visitor, &words))
            .collect(),
        next: listed.next_page_token,
        l: layout,
        hall,
    }))
}

fn line(complaint: &Complaint, visitor: &Visitor, words: &Words) -> Line {
    let status = complaint.status();
    let of = |zh_cn, en| visitor.language.of(zh_cn, en);
    Line {
        complaint_id: complaint.complaint_id.clone(),
        filed_at: words.short(complaint.filed_at.as_ref()),
        category: match complaint.category() {
            Category::Device => of("设备", "devices"),
            Category::Table => of("球台球具", "table, balls, cues"),
            Category::Billing => of("计费付款", "billing"),
            Category::Service => of("服务", "service"),
            Category::Surroundings => of("环境", "surroundings"),
            Category::Other | Category::Unspecified => of("其他", "other"),
        },
        status: match status {
            complaint::Status::Open => of("待回复", "waits for an answer"),
            complaint::Status::Answered => of("已回复", "answered"),
            complaint::Status::Closed | complaint::Status::Unspecified => of("已关闭", "closed"),
        },
        tone: match status {
            complaint::Status::Open => "bad",
            complaint::Status::Answered => "now",
            complaint::Status::Closed | complaint::Status::Unspecified => "quiet",
        },
        assigned_to: complaint.assigned_to.clone(),
        answers: complaint.answers,
        promised: some_fen(complaint.promised_fen),
        closed_at: words.short(complaint.closed_at.as_ref()),
        session_id: complaint.session_id.clone(),
        reopened: complaint.reopened,
    }
}
