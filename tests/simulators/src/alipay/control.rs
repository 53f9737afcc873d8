//! What payers do and what goes wrong, over HTTP, for who runs this as a program of its own.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::SignedDuration;
use serde::Deserialize;

use super::{Fault, Shared, Trade};

type Answer = Result<StatusCode, (StatusCode, String)>;

pub fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/control/scan", post(scan))
        .route("/control/pay", post(pay))
        .route("/control/agree", post(agree))
        .route("/control/fault", post(fault))
        .route("/control/advance", post(advance))
        .route("/control/book", get(book))
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct OfOrder {
    order_no: String,
}

#[derive(Deserialize)]
struct Faults {
    order_no: String,
    faults: Vec<Fault>,
}

#[derive(Deserialize)]
struct Ahead {
    seconds: i64,
}

/// A payer scans a code; the answer is the number of the order.
async fn scan(
    State(shared): State<Arc<Shared>>,
    Json(Code { code }): Json<Code>,
) -> Result<String, (StatusCode, String)> {
    let now = shared.now();
    shared.with(|state| state.book.scan(&code, now)).map_err(refused)
}

/// A payer pays an order.
async fn pay(State(shared): State<Arc<Shared>>, Json(OfOrder { order_no }): Json<OfOrder>) -> Answer {
    shared.pay(&order_no).map(|()| StatusCode::NO_CONTENT).map_err(refused)
}

/// A payer agrees to a freeze by its code.
async fn agree(State(shared): State<Arc<Shared>>, Json(Code { code }): Json<Code>) -> Answer {
    shared.agree(&code).map(|()| StatusCode::NO_CONTENT).map_err(refused)
}

/// Something is to go wrong with an order.
async fn fault(State(shared): State<Arc<Shared>>, Json(Faults { order_no, faults }): Json<Faults>) -> StatusCode {
    shared.fault(&order_no, &faults);
    StatusCode::NO_CONTENT
}

/// The clock jumps ahead.
async fn advance(State(shared): State<Arc<Shared>>, Json(Ahead { seconds }): Json<Ahead>) -> StatusCode {
    shared.with(|state| state.ahead += SignedDuration::from_secs(seconds));
    StatusCode::NO_CONTENT
}

/// Everything in the book.
async fn book(State(shared): State<Arc<Shared>>) -> Json<Vec<Trade>> {
    Json(shared.with(|state| state.book.trades.values().cloned().collect()))
}

fn refused(code: &'static str) -> (StatusCode, String) {
    (StatusCode::CONFLICT, code.to_owned())
}
