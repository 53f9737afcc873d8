//! The end of the evening: everything that everybody saw, side by side.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use baize_domain::Fen;
use baize_domain::session::{BillLine, CloseCause};
use baize_eventlog::{Clock, EventLog};
use baize_projections::Database;
use jiff::{SignedDuration, Timestamp};

use super::evening::Records;
use super::told::Told;
use super::truth;
use crate::checks::{self, Book, Check, Lit, TrialBalance};
use crate::ready::Ready;

/// How late a light may be in real seconds: a busy machine runs the evening fast, and its own slowness with it.
const LATE_SECONDS: f64 = 2.0;
/// But at least this by the clock.
const LATE_MIN: SignedDuration = SignedDuration::from_secs(30);

/// Reads the log and the records, and checks all there is to check.
///
/// # Errors
/// A server is away, or a record cannot be read.
pub async fn inspect(log: &EventLog, ready: &Ready, records: &Records, clock: &Clock) -> anyhow::Result<Vec<Check>> {
    let book = Book::read(log, Timestamp::MAX).await?;
    let told = Told::read(&records.told)?;
    let lit = records
        .truths
        .iter()
        .map(|path: &PathBuf| truth::read(path))
        .collect::<anyhow::Result<Vec<_>>>()?
        .concat();
    let late = SignedDuration::from_secs_f64(LATE_SECONDS * clock.speed()).max(LATE_MIN);
    tell(&told, &book);

    let mut checks = told.checks(&book);
    checks.push(book.people.check());
    checks.push(somebody_played(&book, &lit));
    checks.push(quiet(records));
    checks.extend(checks::lights_in_truth(&book, &lit, clock.now(), late));
    checks.extend(checks::of_the_log(&book));
    checks.push(no_effect_is_owed(log).await?);
    let nats_url = ready.nats_url.as_deref().context("all services run")?;
    checks.push(checks::stream::equals_log(log, nats_url).await?);
    let database = Database::new(ready.database_url.as_deref().context("all services run")?)?;
    for view in baize_projections::VIEWS {
        checks.push(checks::views::reaches_and_equals_log(&database, view, book.head).await?);
    }
    Ok(checks)
}

/// Checks of many things pass if there are none; then they have shown nothing.
fn somebody_played(book: &Book, lit: &[Lit]) -> Check {
    let played = book
        .sessions
        .values()
        .filter(|session| !session.settlements.is_empty())
        .count();
    let faults = match (played, lit.len()) {
        (0, _) => vec!["no session was played and paid".to_owned()],
        (_, 0) => vec!["no lamp was ever on".to_owned()],
        _ => Vec::new(),
    };
    let actual = format!("{played} and {}", lit.len());
    Check {
        name: "sessions played and paid, times a lamp was on".to_owned(),
        expected: "≥ 1".to_owned(),
        actual,
        faults,
    }
}

fn quiet(records: &Records) -> Check {
    let left = records.tally.open.len() + records.tally.unsettled.len() + records.tally.lights_on();
    let mut check = Check::equal("sessions open, bills unsettled, lights not known to be off", 0, left);
    if !records.is_quiet && check.ok() {
        check.faults.push("the hall did not become quiet in time".to_owned());
    }
    check
}

/// What processes owe must be done by now.
async fn no_effect_is_owed(log: &EventLog) -> anyhow::Result<Check> {
    let owed: Vec<String> = sqlx::query_scalar(
        "SELECT process || ' ' || instance || ' owes ' || step FROM process_effects ORDER BY number",
    )
    .fetch_all(log.pool())
    .await
    .context("reading what processes owe")?;
    Ok(Check {
        faults: owed.clone(),
        ..Check::equal("effects that processes still owe", 0, owed.len())
    })
}

/// Phones got what was sent, each message once, and nothing was left lying.
///
/// # Errors
/// The database is away.
pub async fn texts_arrived(log: &EventLog, arrived: usize) -> anyhow::Result<Check> {
    let (sent, left): (i64, i64) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE state = 'sent'),
                count(*) FILTER (WHERE state IN ('waiting', 'sending', 'unclear', 'refused')) FROM messages",
    )
    .fetch_one(log.pool())
    .await
    .context("reading what was sent to customers")?;
    let name = "text messages to customers: sent = arrived";
    let mut check = Check::equal(name, sent, i64::try_from(arrived).unwrap_or(i64::MAX));
    if left > 0 {
        check.faults.push(format!("{left} are neither sent nor given up"));
    }
    Ok(check)
}

/// What happened, for people.
fn tell(told: &Told, book: &Book) {
    let counted = |counts: BTreeMap<&str, usize>| {
        let parts: Vec<_> = counts
            .iter()
            .map(|(what, count)| format!("{count} {}", what.replace('_', " ")))
            .collect();
        if parts.is_empty() {
            "none".to_owned()
        } else {
            parts.join(", ")
        }
    };
    println!("\nvisitors: {}", counted(told.visits()));
    println!("openings refused: {}", counted(told.refused_openings()));
    println!("sessions: {}", counted(endings(book)));
    println!("{}", trade(book));
    println!("light on after opening, by the hall's clock: {}", light_times(book));
    println!("\n{}", trial_balance(&checks::trial_balance(book)));
}

/// How sessions ended, counted.
fn endings(book: &Book) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for session in book.sessions.values() {
        let ending = match (&session.closed, &session.cancelled) {
            (Some((_, CloseCause::Customer, _)), _) => "closed by the customer",
            (Some((_, CloseCause::Staff, _)), _) => "closed by staff",
            (Some((_, CloseCause::PrepaidEnd, _)), _) => "closed at their prepaid end",
            (Some((_, CloseCause::HoldExhausted, _)), _) => "closed when the money was used up",
            (Some((_, CloseCause::Fault, _)), _) => "ended by a fault of the light",
            (None, Some(_)) => "cancelled for want of light",
            (None, None) => "still open",
        };
        *counts.entry(ending).or_default() += 1;
    }
    counts
}

/// What was sold beside play, and what was not paid at once.
fn trade(book: &Book) -> String {
    let bills = book.sessions.values().filter_map(|session| session.closed.as_ref());
    let (mut pieces, mut worth) = (0, Fen::ZERO);
    for (.., bill) in bills {
        for line in &bill.lines {
            if let BillLine::Goods(goods) = line {
                pieces += goods.quantity;
                worth += goods.amount();
            }
        }
    }
    let owed: usize = book.wallets.values().map(|wallet| wallet.debts.len()).sum();
    let left_open = book.incurred.len();
    format!("goods sold: {pieces} for {worth}; bills left open: {left_open}, of which {owed} are still owed")
}

fn light_times(book: &Book) -> String {
    let mut seconds: Vec<f64> = checks::light_times(book).map(|time| time.as_secs_f64()).collect();
    seconds.sort_by(f64::total_cmp);
    let at = |share: f64| seconds.get(((seconds.len().saturating_sub(1)) as f64 * share).round() as usize);
    match (at(0.5), at(0.99), at(1.0)) {
        (Some(median), Some(p99), Some(longest)) => {
            format!("median {median:.1} s, p99 {p99:.1} s, longest {longest:.1} s")
        }
        _ => "never".to_owned(),
    }
}

fn trial_balance(accounts: &TrialBalance) -> String {
    let mut table = comfy_table::Table::new();
    table
        .load_preset(comfy_table::presets::UTF8_BORDERS_ONLY)
        .set_header(["Account", "Debit", "Credit", "Balance"]);
    for (account, (debit, credit)) in accounts {
        table.add_row([
            format!("{account:?}"),
            debit.to_string(),
            credit.to_string(),
            (*debit - *credit).to_string(),
        ]);
    }
    let debits: Fen = accounts.values().map(|(debit, _)| *debit).sum();
    let credits: Fen = accounts.values().map(|(_, credit)| *credit).sum();
    table.add_row([
        "Sum".to_owned(),
        debits.to_string(),
        credits.to_string(),
        (debits - credits).to_string(),
    ]);
    for column in 1..4 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(comfy_table::CellAlignment::Right);
        }
    }
    table.to_string()
}
