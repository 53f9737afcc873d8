//! The read side itself: each view, how far it is behind the log, and what to do about one that stands still.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use tonic::Status;

use super::super::render;
use super::Console;
use super::pages::{Layout, Problem};
use super::visitor::{Visitor, denied};
use crate::engine::{Condition, FeedSource};

#[derive(Template)]
#[template(path = "console/system.html")]
struct SystemPage {
    l: Layout,
    head: u64,
    /// Events come from the stream, not from the log itself.
    streamed: bool,
    views: Vec<ViewLine>,
}

/// A view.
struct ViewLine {
    name: &'static str,
    generation: i32,
    position: u64,
    behind: u64,
    condition: String,
    tone: &'static str,
    stopped: bool,
}

pub(super) async fn page(State(console): State<Arc<Console>>, visitor: Visitor) -> Result<Response, Problem> {
    // Whoever may see the books may see what they rest on.
    if !visitor.may("/hall.view.v1.BookService/GetTrialBalance") {
        return Err(visitor.problem(denied()));
    }
    let head = console.log.head().await;
    let head = head.map_err(|error| visitor.problem(Status::unavailable(error.to_string())))?;
    let views = console.statuses.iter().map(|status| {
        let status = status.borrow().clone();
        let stopped = matches!(status.condition, Condition::Stopped { .. });
        ViewLine {
            name: status.view,
            generation: status.generation,
            position: status.position,
            behind: head.saturating_sub(status.position),
            condition: status.condition.to_string(),
            tone: match (stopped, status.serving) {
                (true, _) => "bad",
                (false, true) => "good",
                (false, false) => "now",
            },
            stopped,
        }
    });
    Ok(render(&SystemPage {
        l: visitor.layout("/console/system"),
        head,
        streamed: *console.source.borrow() == FeedSource::Stream,
        views: views.collect(),
    }))
}
