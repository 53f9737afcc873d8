//! What payers do and what goes wrong, over HTTP, for who runs this as a program of its own: as [`crate::provider::control`], and
//! `/control/scan` and `/control/agree {"code"}` for codes and freezes.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{Fault, Shared, Trade};

type Answer = Result<StatusCode, (StatusCode, String)>;

pub fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/control/scan", post(scan))
        .route("/control/pay", post(pay))
        .route("/control/agree", post(agree))
        .route("/control/fault", post(fault))
        .route("/control/skew", post(skew))
        .route("/control/book", get(book))
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct OfOrder {
    /// Its number or its code.
    order: String,
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

/// The book, by the merchant's numbers.
#[derive(Serialize)]
struct Orders {
    orders: BTreeMap<String, Trade>,
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
async fn pay(State(shared): State<Arc<Shared>>, Json(OfOrder { order }): Json<OfOrder>) -> Answer {
    let found = shared.with(|state| state.book.find(&order).cloned());
    let order_no = found.ok_or((StatusCode::NOT_FOUND, order))?;
    shared.pay(&order_no).map(|()| StatusCode::NO_CONTENT).map_err(refused)
}

/// A payer agrees to a freeze by its code.
async fn agree(State(shared): State<Arc<Shared>>, Json(Code { code }): Json<Code>) -> Answer {
    shared.agree(&code).map(|()| StatusCode::NO_CONTENT).map_err(refused)
}

/// Something is to go wrong with an order.
async fn fault(State(shared): State<Arc<Shared>>, Json(Trouble { order, fault }): Json<Trouble>) -> StatusCode {
    shared.fault(&order, &[fault]);
    StatusCode::NO_CONTENT
}

/// The clock is off by so much.
async fn skew(State(shared): State<Arc<Shared>>, Json(Skew { seconds }): Json<Skew>) -> StatusCode {
    shared.with(|state| state.ahead = SignedDuration::from_secs(seconds));
    StatusCode::NO_CONTENT
}

/// Everything in the book.
async fn book(State(shared): State<Arc<Shared>>) -> Json<Orders> {
    Json(Orders {
        orders: shared.with(|state| state.book.trades.clone()),
    })
}

fn refused(code: &'static str) -> (StatusCode, String) {
    (StatusCode::CONFLICT, code.to_owned())
}
