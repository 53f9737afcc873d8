//! Payments through providers: what waits for somebody, the newest, and one of them with its attempts and refunds.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use baize_domain::Fen;
use baize_proto::access::Role;
use baize_proto::hall::view::v1::payment_service_server::PaymentService as _;
use baize_proto::hall::view::v1::{
    GetPaymentRequest, ListManualReviewRequest, ListPaymentsRequest, ManualReview, ProviderPayment,
};
use serde::Deserialize;

use super::super::render;
use super::Console;
use super::halls::theirs;
use super::pages::{Layout, Problem};
use super::visitor::Visitor;
use super::words::{Words, some_fen};

const LIST: &str = "/hall.view.v1.PaymentService/ListPayments";
const REVIEW: &str = "/hall.view.v1.PaymentService/ListManualReview";

#[derive(Deserialize)]
pub(super) struct Wish {
    /// Of this hall; staff see one hall at a time.
    #[serde(default)]
    hall: String,
    #[serde(default)]
    page: String,
}

#[derive(Template)]
#[template(path = "console/payments.html")]
struct PaymentsPage {
    l: Layout,
    /// Halls to choose from: their ids and names.
    halls: Vec<(String, String)>,
    hall: String,
    reviews: Vec<ReviewLine>,
    payments: Vec<PaymentLine>,
    next: String,
}

/// Something that waits for somebody.
struct ReviewLine {
    intent_id: String,
    since: String,
    why: String,
    amount: String,
    actions: String,
}

/// A payment in a list.
struct PaymentLine {
    intent_id: String,
    started: String,
    purpose: &'static str,
    channel: &'static str,
    amount: String,
    refunded: String,
    state: String,
    tone: &'static str,
}

pub(super) async fn list(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let halls = theirs(&console, &visitor).await?;
    let claims = visitor.claims();
    let zone = halls.first().map_or("UTC", |hall| hall.time_zone.as_str());
    let words = Words::new(visitor.language, zone);
    let chosen = halls.iter().find(|hall| hall.hall_id == wish.hall);
    let hall = match claims.role {
        Role::Staff => chosen.or(halls.first()),
        _ => chosen,
    };
    let hall_id = hall.map(|hall| hall.hall_id.clone()).unwrap_or_default();
    let chain_id = match (hall, claims.chain) {
        (None, Some(chain)) => chain.to_string(),
        _ => String::new(),
    };
    let request = ListPaymentsRequest {
        hall_id: hall_id.clone(),
        chain_id,
        page_token: wish.page,
        ..ListPaymentsRequest::default()
    };
    let listed = console
        .services
        .payments
        .list_payments(visitor.call(LIST, request)?)
        .await;
    let listed = listed.map_err(|status| visitor.problem(status))?.into_inner();
    let reviews = match visitor.may(REVIEW) {
        true => reviews(&console, &visitor).await?,
        false => Vec::new(),
    };
    Ok(render(&PaymentsPage {
        l: visitor.layout("/console/payments"),
        hall: hall_id,
        reviews: reviews.iter().map(|review| review_line(review, &words)).collect(),
        payments: listed
            .payments
            .iter()
            .map(|payment| payment_line(payment, &words))
            .collect(),
        next: listed.next_page_token,
        halls: halls.into_iter().map(|hall| (hall.hall_id, hall.name)).collect(),
    }))
}

async fn reviews(console: &Console, visitor: &Visitor) -> Result<Vec<ManualReview>, Problem> {
    let request = ListManualReviewRequest {
        chain_id: visitor
            .claims()
            .chain
            .map(|chain| chain.to_string())
            .unwrap_or_default(),
        page_size: 200,
        ..ListManualReviewRequest::default()
    };
    let listed = console
        .services
        .payments
        .list_manual_review(visitor.call(REVIEW, request)?)
        .await;
    Ok(listed.map_err(|status| visitor.problem(status))?.into_inner().reviews)
}

fn review_line(review: &ManualReview, words: &Words) -> ReviewLine {
    let payment = review.payment.clone().unwrap_or_default();
    let actions: Vec<_> = review.actions().map(|action| words.action(action)).collect();
    ReviewLine {
        intent_id: payment.intent_id,
        since: words.short(review.since.as_ref()),
        why: words.why(review.why()),
        amount: Fen(payment.amount_fen).to_string(),
        actions: actions.join(" · "),
    }
}

fn payment_line(payment: &ProviderPayment, words: &Words) -> PaymentLine {
    let (state, tone) = words.payment_state(payment.state());
    PaymentLine {
        intent_id: payment.intent_id.clone(),
        started: words.short(payment.started_at.as_ref()),
        purpose: words.purpose(payment.purpose()),
        channel: payment
            .attempts
            .last()
            .map_or("", |attempt| words.channel(attempt.channel())),
        amount: Fen(payment.amount_fen).to_string(),
        refunded: some_fen(payment.refunded_fen),
        state,
        tone,
    }
}

#[derive(Template)]
#[template(path = "console/payment.html")]
struct PaymentPage {
    l: Layout,
    intent_id: String,
    member_id: String,
    session_id: String,
    purpose: &'static str,
    state: String,
    tone: &'static str,
    amount: String,
    bonus: String,
    paid: String,
    refunded: String,
    started: String,
    changed: String,
    attempts: Vec<AttemptLine>,
    refunds: Vec<RefundLine>,
}

/// An order at a provider.
struct AttemptLine {
    number: u32,
    channel: &'static str,
    order_no: String,
    transaction_id: String,
    state: String,
    paid: String,
    paid_at: String,
}

/// Money that goes back.
struct RefundLine {
    amount: String,
    reason: String,
    state: String,
    requested: String,
    changed: String,
}

pub(super) async fn page(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Path(intent_id): Path<String>,
) -> Result<Response, Problem> {
    let request = GetPaymentRequest {
        intent_id,
        min_position: 0,
    };
    let call = visitor.call("/hall.view.v1.PaymentService/GetPayment", request)?;
    let found = console.services.payments.get_payment(call).await;
    let found = found.map_err(|status| visitor.problem(status))?.into_inner();
    let payment = found.payment.unwrap_or_default();
    let halls = theirs(&console, &visitor).await?;
    let home = halls
        .iter()
        .find(|hall| hall.hall_id == payment.hall_id)
        .or(halls.first());
    let words = Words::new(visitor.language, home.map_or("UTC", |hall| hall.time_zone.as_str()));
    Ok(render(&drawn(payment, visitor.layout("/console/payments"), &words)))
}

fn drawn(payment: ProviderPayment, l: Layout, words: &Words) -> PaymentPage {
    let (state, tone) = words.payment_state(payment.state());
    let attempts = payment.attempts.iter().map(|attempt| AttemptLine {
        number: attempt.attempt,
        channel: words.channel(attempt.channel()),
        order_no: attempt.order_no.clone(),
        transaction_id: attempt.transaction_id.clone(),
        state: words.attempt_state(attempt.state()),
        paid: some_fen(attempt.paid_fen),
        paid_at: words.instant(attempt.paid_at.as_ref()),
    });
    let refunds = payment.refunds.iter().map(|refund| RefundLine {
        amount: Fen(refund.amount_fen).to_string(),
        reason: refund.reason.clone(),
        state: words.refund_state(refund.state()),
        requested: words.instant(refund.requested_at.as_ref()),
        changed: words.instant(refund.changed_at.as_ref()),
    });
    PaymentPage {
        purpose: words.purpose(payment.purpose()),
        state,
        tone,
        amount: Fen(payment.amount_fen).to_string(),
        bonus: some_fen(payment.bonus_fen),
        paid: some_fen(payment.paid_fen),
        refunded: some_fen(payment.refunded_fen),
        started: words.instant(payment.started_at.as_ref()),
        changed: words.instant(payment.changed_at.as_ref()),
        attempts: attempts.collect(),
        refunds: refunds.collect(),
        l,
        intent_id: payment.intent_id,
        member_id: payment.member_id,
        session_id: payment.session_id,
    }
}
