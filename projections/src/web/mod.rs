//! Pages for people: the halls, the live board and the wall screen of each, and receipts to be printed.

mod board;
mod cards;
pub(crate) mod chart;
mod console;
mod guard;
mod halls;
mod language;
pub(crate) mod money;
mod ready;
mod receipt;
mod receipt_texts;
mod screen;
mod security;
mod texts;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use baize_eventlog::Clock;
use baize_proto::access::Verifier;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::engine::{FeedSource, ViewStatus};
use crate::query::{Error, Reader};
pub(crate) use console::Console;
pub(crate) use guard::guarded;
pub(crate) use language::Language;
use security::Nonce;

/// What handlers share.
pub(crate) struct Site {
    reader: Arc<Reader>,
    /// Looks at the tickets of pages that are not for everybody.
    verifier: Verifier,
    clock: Clock,
    statuses: Vec<watch::Receiver<ViewStatus>>,
    source: watch::Receiver<FeedSource>,
}

pub(crate) fn router(
    reader: Arc<Reader>,
    verifier: Verifier,
    clock: Clock,
    statuses: Vec<watch::Receiver<ViewStatus>>,
    source: watch::Receiver<FeedSource>,
    console: Console,
) -> Router {
    let site = Arc::new(Site {
        reader,
        verifier,
        clock,
        statuses,
        source,
    });
    Router::new()
        .route("/", get(halls::page))
        .route("/halls/{hall_id}/board", get(board::page))
        .route("/halls/{hall_id}/board/events", get(board::events))
        .route("/screen", get(screen::page))
        .route("/screen/events", get(screen::events))
        .route("/receipts/{session_id}", get(receipt::page))
        .route("/healthz", get(ready::alive))
        .route("/readyz", get(ready::ready))
        .fallback(not_found)
        .with_state(site)
        .merge(console::router(console))
        .layer(axum::middleware::from_fn(security::headers))
}

pub(crate) async fn serve(router: Router, listener: TcpListener, stopping: CancellationToken) {
    let listener = listener.tap_io(|connection| {
        // An update is one small packet: it must not wait for a second one.
        let _still_works = connection.set_nodelay(true);
    });
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(stopping.cancelled_owned())
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the web server ended");
    }
}

/// Something that could not be shown, in the reader's language.
pub(crate) struct Failure {
    status: StatusCode,
    language: Language,
    nonce: Nonce,
}

impl Failure {
    fn new(error: Error, language: Language, nonce: Nonce) -> Self {
        let status = match &error {
            Error::NotFound { .. } | Error::CodeRetired | Error::NoReceipt(_) | Error::Invalid(_) => {
                StatusCode::NOT_FOUND
            }
            Error::Denied(_) => StatusCode::FORBIDDEN,
            Error::Internal(reason) => {
                tracing::error!(reason, "a page failed");
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Error::TooMany(_) | Error::TooEarly { .. } | Error::Stopped { .. } | Error::Unavailable(_) => {
                tracing::warn!(?error, "a page could not be shown");
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        Self {
            status,
            language,
            nonce,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let texts = self.language.texts();
        let message = match self.status {
            StatusCode::NOT_FOUND => texts.not_found,
            StatusCode::FORBIDDEN => texts.not_shown,
            _ => texts.unavailable,
        };
        let page = FailurePage {
            t: texts,
            language: self.language,
            nonce: self.nonce,
            message,
        };
        (self.status, render(&page)).into_response()
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage {
    t: &'static texts::Texts,
    language: Language,
    nonce: Nonce,
    message: &'static str,
}

async fn not_found(language: Language, nonce: Nonce) -> Failure {
    Failure {
        status: StatusCode::NOT_FOUND,
        language,
        nonce,
    }
}

/// A page, or a bare failure if its template cannot be filled, which nothing but a fault of ours can cause.
fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a template failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
