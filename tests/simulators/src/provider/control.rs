//! What payers do, and what goes wrong, by HTTP: for programs that run beside a simulated provider.
//!
//! `POST /control/pay {"order": number or code, "payer": id}`, `/control/decline` and `/control/abandon {"order"}`, `/control/fault
//! {"order", "fault"}`, `/control/skew {"seconds"}`, `GET /control/book`. Alipay's are the same and a few more; [`super::Steering`] speaks to both.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::SignedDuration;
use serde::Deserialize;

use super::book::{Book, Refused};
use super::desk::Desk;
use super::faults::Fault;

/// Who pays, if nobody is named.
const ANYBODY: &str = "anybody";

#[derive(Deserialize)]
struct Payer {
    order: String,
    payer: Option<String>,
}

#[derive(Deserialize)]
struct Trouble {
    order: String,
    fault: Fault,
}

#[derive(Deserialize)]
struct Skew {
    seconds: i64,
}

type Done = Result<StatusCode, (StatusCode, String)>;

/// The routes under `/control`.
pub fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/control/pay", post(pay))
        .route("/control/decline", post(look))
        .route("/control/abandon", post(look))
        .route("/control/fault", post(fault))
        .route("/control/skew", post(skew))
        .route("/control/book", get(book))
        .with_state(desk)
}

async fn pay(State(desk): State<Arc<Desk>>, Json(Payer { order, payer }): Json<Payer>) -> Done {
    let only = desk.with(|book, _| {
        book.find(&order)
            .ok()
            .and_then(|no| book.orders.get(&no)?.made.payer.clone())
    });
    let payer = payer.or(only).unwrap_or_else(|| ANYBODY.to_owned());
    desk.pay(&order, &payer)
        .map(|_| StatusCode::NO_CONTENT)
        .map_err(refused)
}

async fn look(State(desk): State<Arc<Desk>>, Json(Payer { order, .. }): Json<Payer>) -> Done {
    desk.look(&order).map(|()| StatusCode::NO_CONTENT).map_err(refused)
}

async fn fault(State(desk): State<Arc<Desk>>, Json(Trouble { order, fault }): Json<Trouble>) -> StatusCode {
    desk.fault(&order, fault);
    StatusCode::NO_CONTENT
}

async fn skew(State(desk): State<Arc<Desk>>, Json(Skew { seconds }): Json<Skew>) -> StatusCode {
    desk.skew(SignedDuration::from_secs(seconds));
    StatusCode::NO_CONTENT
}

async fn book(State(desk): State<Arc<Desk>>) -> Json<Book> {
    Json(desk.book())
}

fn refused(why: Refused) -> (StatusCode, String) {
    let status = match why {
        Refused::NotFound => StatusCode::NOT_FOUND,
        _ => StatusCode::CONFLICT,
    };
    (status, format!("{why:?}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::listener::Listener;
    use crate::provider::courier::{Flaw, Letter, Letters, Told, http};
    use crate::provider::{DeskOptions, NewOrder};

    /// A provider that tells nobody anything.
    struct Silent;

    impl Letters for Silent {
        fn write(&self, _: &Told, _: jiff::Timestamp, _: Option<Flaw>) -> Letter {
            Letter {
                headers: Vec::new(),
                body: Vec::new(),
            }
        }

        fn taken(&self, _: u16, _: &[u8]) -> bool {
            true
        }

        fn pauses(&self) -> &'static [u32] {
            &[]
        }
    }

    #[tokio::test]
    async fn payers_and_faults_are_steered_from_outside() {
        let desk = Desk::open(DeskOptions::default(), Arc::new(Silent)).unwrap();
        let listener = Listener::start(routes(Arc::clone(&desk))).await.unwrap();
        let (http, base) = (http(Duration::from_secs(5)).unwrap(), listener.base_url());
        let post = |path: &'static str, body: Value| {
            let request = http.post(format!("{base}/control/{path}")).json(&body);
            async move { request.send().await.unwrap().status().as_u16() }
        };
        let new = NewOrder {
            order_no: "A1".to_owned(),
            amount_fen: 3_000,
            description: "台费".to_owned(),
            code: "weixin://1".to_owned(),
            payer: Some("openid".to_owned()),
            notify_url: "http://127.0.0.1:9/".to_owned(),
            expires_at: desk.now() + SignedDuration::from_hours(1),
        };
        desk.with(|book, now| book.create(new, now).map(drop)).unwrap();
        assert_eq!(post("decline", json!({ "order": "A1" })).await, 204);
        assert_eq!(post("abandon", json!({ "order": "A2" })).await, 404);
        assert_eq!(post("pay", json!({ "order": "A1", "payer": "another" })).await, 409);
        assert_eq!(post("pay", json!({ "order": "weixin://1" })).await, 204);
        assert_eq!(post("pay", json!({ "order": "A1" })).await, 409);
        assert_eq!(
            post("fault", json!({ "order": "A1", "fault": "reply_lost" })).await,
            204
        );
        assert!(desk.take_fault("A1", Fault::ReplyLost));
        let book = http.get(format!("{base}/control/book")).send().await.unwrap();
        let book: Value = serde_json::from_str(&book.text().await.unwrap()).unwrap();
        assert_eq!(book["orders"]["A1"]["state"]["paid"]["payer"], "openid");
        assert_eq!(book["orders"]["A1"]["amount_fen"], 3_000);
        assert_eq!(book["orders"]["A1"]["seen"], true);
    }
}
