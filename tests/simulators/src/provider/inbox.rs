//! Where a merchant's notifications come in, for tests that have no service to take them.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::listener::Listener;

type Take = dyn Fn(&HeaderMap, &[u8]) -> (u16, String) + Send + Sync;

/// A listener for notifications.
pub struct Inbox {
    listener: Listener,
}

impl Inbox {
    /// Starts to listen; `take` gives status and body of the answer.
    ///
    /// # Errors
    /// There is no port.
    pub async fn open(
        take: impl Fn(&HeaderMap, &[u8]) -> (u16, String) + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let take: Arc<Take> = Arc::new(take);
        let listener = Listener::start(Router::new().fallback(taken).with_state(take)).await?;
        Ok(Self { listener })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("{}/notifications", self.listener.base_url())
    }
}

async fn taken(State(take): State<Arc<Take>>, headers: HeaderMap, body: Bytes) -> Response {
    let (status, body) = take(&headers, &body);
    (
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        body,
    )
        .into_response()
}
