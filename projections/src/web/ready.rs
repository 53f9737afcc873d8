//! For whoever watches the process: is it alive, is it of use?

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Site;

pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// Ready while every view is of use, also one that has to catch up for a moment.
pub(crate) async fn ready(State(site): State<Arc<Site>>) -> (StatusCode, Json<Value>) {
    let statuses: Vec<_> = site.statuses.iter().map(|status| status.borrow().clone()).collect();
    let ready = statuses.iter().all(|status| status.serving);
    let views: Vec<_> = statuses
        .iter()
        .map(|status| {
            json!({
                "view": status.view,
                "generation": status.generation,
                "position": status.position,
                "condition": status.condition.to_string(),
            })
        })
        .collect();
    let source = site.source.borrow().to_string();
    let code = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (code, Json(json!({ "ready": ready, "source": source, "views": views })))
}
