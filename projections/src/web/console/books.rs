//! The books: what is in each account, and how the days of the providers were reconciled.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use baize_domain::Fen;
use baize_proto::hall::view::v1::book_service_server::BookService as _;
use baize_proto::hall::view::v1::reconciliation_service_server::ReconciliationService as _;
use baize_proto::hall::view::v1::{GetTrialBalanceRequest, ListReconciliationsRequest, Reconciliation};

use super::super::render;
use super::Console;
use super::pages::{Layout, Problem};
use super::visitor::Visitor;
use super::words::Words;

const RECONCILIATIONS: &str = "/hall.view.v1.ReconciliationService/ListReconciliations";

#[derive(Template)]
#[template(path = "console/books.html")]
struct BooksPage {
    l: Layout,
    accounts: Vec<AccountLine>,
    debit: String,
    credit: String,
    balanced: bool,
    position: u64,
    /// The days of the providers; nothing to those who may not see them, for a merchant's account is of all chains.
    days: Option<Vec<DayLine>>,
}

/// An account.
struct AccountLine {
    name: String,
    debit: String,
    credit: String,
    balance: String,
}

/// A day of a provider.
struct DayLine {
    date: String,
    channel: &'static str,
    billed: String,
    booked: String,
    matched: u32,
    open: u32,
    fees: String,
}

pub(super) async fn page(State(console): State<Arc<Console>>, visitor: Visitor) -> Result<Response, Problem> {
    let request = GetTrialBalanceRequest {
        chain_id: visitor
            .claims()
            .chain
            .map(|chain| chain.to_string())
            .unwrap_or_default(),
        ..GetTrialBalanceRequest::default()
    };
    let call = visitor.call("/hall.view.v1.BookService/GetTrialBalance", request)?;
    let balance = console.services.books.get_trial_balance(call).await;
    let balance = balance.map_err(|status| visitor.problem(status))?.into_inner();
    let words = Words::new(visitor.language, "Asia/Shanghai");
    let days = match visitor.may(RECONCILIATIONS) {
        true => Some(days(&console, &visitor, &words).await?),
        false => None,
    };
    let accounts = balance.accounts.iter().map(|account| AccountLine {
        name: words.account(account.account()),
        debit: Fen(account.debit_fen).to_string(),
        credit: Fen(account.credit_fen).to_string(),
        balance: Fen(account.balance_fen).to_string(),
    });
    Ok(render(&BooksPage {
        l: visitor.layout("/console/books"),
        accounts: accounts.collect(),
        debit: Fen(balance.debit_fen).to_string(),
        credit: Fen(balance.credit_fen).to_string(),
        balanced: balance.debit_fen == balance.credit_fen,
        position: balance.position,
        days,
    }))
}

async fn days(console: &Console, visitor: &Visitor, words: &Words) -> Result<Vec<DayLine>, Problem> {
    let call = visitor.call(RECONCILIATIONS, ListReconciliationsRequest::default())?;
    let listed = console.services.reconciliations.list_reconciliations(call).await;
    let listed = listed.map_err(|status| visitor.problem(status))?.into_inner();
    let line = |day: &Reconciliation| DayLine {
        date: day.date.clone(),
        channel: words.channel(day.channel()),
        billed: Fen(day.bill.unwrap_or_default().amount_fen).to_string(),
        booked: Fen(day.book.unwrap_or_default().amount_fen).to_string(),
        matched: day.matched.unwrap_or_default().rows,
        open: day.open,
        fees: Fen(day.fees_billed_fen).to_string(),
    };
    Ok(listed.reconciliations.iter().map(line).collect())
}
