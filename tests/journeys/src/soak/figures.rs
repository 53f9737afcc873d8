//! What a soak showed: the log against the providers' own books, as one table for people and JSON for programs.

use std::collections::BTreeMap;

use baize_domain::Fen;
use baize_domain::ids::RefundId;
use baize_domain::journal::Account;
use baize_domain::payment::{Channel, OrderNo, Use};
use baize_domain::reconciliation::{Row, RowKind};
use baize_proto::hall::view::v1::book_service_client::BookServiceClient;
use baize_proto::hall::view::v1::{BookAccount, GetTrialBalanceRequest};
use baize_simulators::provider::Seeded;
use serde_json::{Value, json};

use super::books::{Books, Fault, Order};
use super::ledger::{End, Ledger, Refund, Stage};
use super::payer::{Manner, Visit};
use super::{Met, Soak};
use crate::check::{self, Broken};
use crate::clients::timed;
use crate::log::Log;
use crate::model::Model;

/// Payments that should succeed, in thousandths.
const SUCCESS_PER_MILLE: usize = 999;
/// WeChat Pay's simulator cuts the number of an order that it makes up.
const EXTRA: &str = "EXTRA";

/// What a soak showed.
#[derive(Debug)]
pub struct Report {
    /// What was done: a name and a figure each.
    pub figures: Vec<(&'static str, String)>,
    /// Faults that orders met, by name.
    pub faults: Vec<(&'static str, usize)>,
    /// What must hold.
    pub checks: Vec<Check>,
}

/// Something that must hold.
#[derive(Debug)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// The figure behind it.
    pub figure: String,
    /// What breaks it; empty if it holds.
    pub broken: Broken,
}

impl Report {
    /// Whether everything holds.
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.broken.is_empty())
    }

    /// As text for people.
    pub fn render(&self) -> String {
        let mut text = String::new();
        for (name, figure) in &self.figures {
            text += &format!("{name:<60} {figure}\n");
        }
        for (fault, orders) in &self.faults {
            text += &format!("  orders with the fault: {fault:<35} {orders}\n");
        }
        for Check { name, figure, broken } in &self.checks {
            let mark = if broken.is_empty() { "ok  " } else { "FAIL" };
            text += &format!("{mark} {name:<55} {figure}\n");
            for line in broken.iter().take(20) {
                text += &format!("       {line}\n");
            }
        }
        text
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let checks = self.checks.iter().map(|check| {
            json!({ "name": check.name, "figure": check.figure, "holds": check.broken.is_empty(), "broken": check.broken })
        });
        json!({
            "figures": self.figures.iter().map(|(name, figure)| (*name, figure)).collect::<BTreeMap<_, _>>(),
            "faults": self.faults.iter().copied().collect::<BTreeMap<_, _>>(),
            "checks": checks.collect::<Vec<_>>(),
        })
    }
}

/// What was done, and whether everything holds.
pub(super) async fn report(
    soak: &Soak<'_>,
    log: &Log,
    books: &Books,
    visits: &[anyhow::Result<Visit>],
) -> anyhow::Result<Report> {
    let (ledger, model, drawn) = (Ledger::of(log), Model::at(log, log.head()), soak.drawn());
    let mut met = Met::new();
    for (number, order) in books {
        if let Some(fault) = Fault::of(order.channel, number, &drawn) {
            *met.entry(fault.name()).or_default() += 1;
        }
    }
    let figures = figures(soak, log, &ledger, books, visits, &met);
    let complaints = visits
        .iter()
        .filter_map(|visit| Some(format!("{:#}", visit.as_ref().err()?)));
    let complaints: Broken = complaints.collect();
    let answered = format!("{} of {}", visits.len() - complaints.len(), visits.len());
    let mut checks = vec![
        check("every payer was answered", answered, complaints),
        charged_with_an_intent(&ledger, books),
        charged_once(&ledger, books),
        nothing_is_stuck(&ledger),
        success(&ledger, &drawn),
    ];
    checks.extend(clearing(&ledger, books));
    checks.push(refunds_arrived(&ledger, books));
    checks.push(reconciled(&ledger, books, &drawn));
    checks.push(trial_balance(soak, &model, log.head()).await?);
    let invariants = [
        ("positions are dense", check::log::positions_are_dense(log)),
        ("streams are dense", check::log::streams_are_dense(log)),
        (
            "requests are executed once",
            check::log::requests_are_executed_once(log),
        ),
        ("no event breaks a rule", check::money::no_event_breaks_a_rule(&model)),
        (
            "wallets agree with the books",
            check::money::wallets_agree_with_the_books(&model),
        ),
    ];
    let events = format!("{} events", log.head());
    checks.extend(invariants.map(|(name, broken)| check(name, events.clone(), broken)));
    Ok(Report {
        figures,
        faults: met.into_iter().collect(),
        checks,
    })
}

fn figures(
    soak: &Soak<'_>,
    log: &Log,
    ledger: &Ledger,
    books: &Books,
    visits: &[anyhow::Result<Visit>],
    met: &Met,
) -> Vec<(&'static str, String)> {
    let manner = |wished: Manner| {
        let visits = visits.iter().flatten();
        visits.filter(|visit| visit.manner == wished).count().to_string()
    };
    let ended = |end: End| {
        ledger
            .intents
            .values()
            .filter(|intent| intent.end == end)
            .count()
            .to_string()
    };
    let told = visits.iter().flatten().filter(|visit| visit.told.is_some()).count();
    let charged = books.values().filter(|order| order.paid.is_some()).count();
    let back = books
        .values()
        .flat_map(|order| &order.refunds)
        .filter(|refund| refund.arrived);
    let (met, orders) = (met.values().sum::<usize>(), books.len());
    vec![
        ("seed", soak.plan.seed.to_string()),
        ("payments begun", ledger.intents.len().to_string()),
        ("kills of command-api (-9)", soak.plan.kills.to_string()),
        ("events in the log", log.head().to_string()),
        ("orders at the providers", orders.to_string()),
        ("orders with a fault", met.to_string()),
        ("orders paid at the providers", charged.to_string()),
        ("refunds that arrived", back.count().to_string()),
        ("payers who heard an outcome", told.to_string()),
        (
            "payers who changed the provider while paying",
            manner(Manner::PaysAndChanges),
        ),
        (
            "payers who paid at both providers, if they could",
            manner(Manner::PaysTwice),
        ),
        (
            "payers who gave up in the moment of paying",
            manner(Manner::CancelsWhilePaying),
        ),
        ("payers who gave up before", manner(Manner::GivesUp)),
        ("payers who went away", manner(Manner::Abandons)),
        ("payments that succeeded", ended(End::Succeeded)),
        ("payments given up or expired", ended(End::GivenUp)),
        ("payments that failed", ended(End::Failed)),
        ("payments that somebody settled", ended(End::Resolved)),
    ]
}

fn check(name: &'static str, figure: String, broken: Broken) -> Check {
    Check { name, figure, broken }
}

/// Every order that was paid is of an attempt of ours that is known to be paid, with the same amount; and the other way round.
fn charged_with_an_intent(ledger: &Ledger, books: &Books) -> Check {
    let mut broken = Broken::new();
    let mut known = 0;
    for (number, order) in books {
        let Some(paid) = &order.paid else { continue };
        match attempt(ledger, number) {
            Some((_, _, Some((amount, _)))) if amount == Fen(paid.fen) => known += 1,
            found => broken.push(format!("{number} was paid with {}: {found:?}", paid.fen)),
        }
    }
    for attempt in ledger.intents.values().flat_map(|intent| intent.attempts.values()) {
        let number = attempt.order.order_no.to_string();
        if attempt.paid.is_some() && books.get(&number).is_none_or(|order| order.paid.is_none()) {
            broken.push(format!("{number} is paid by the log only"));
        }
    }
    check(
        "no charge without an intent",
        format!("{known} charges, all known"),
        broken,
    )
}

type Found = (baize_domain::ids::PaymentIntentId, u8, Option<(Fen, Use)>);

fn attempt(ledger: &Ledger, number: &str) -> Option<Found> {
    let order_no: OrderNo = number.parse().ok()?;
    let intent = ledger.intents.get(&order_no.intent_id)?;
    let attempt = intent.attempts.get(&order_no.attempt())?;
    Some((order_no.intent_id, order_no.attempt(), attempt.paid))
}

/// Of what was paid for one payment, one order is kept; the others go back, or somebody has them before them.
fn charged_once(ledger: &Ledger, books: &Books) -> Check {
    let mut broken = Broken::new();
    let (mut twice, mut returned, mut in_hand) = (0, 0, 0);
    for (id, intent) in &ledger.intents {
        let paid = intent
            .attempts
            .values()
            .filter_map(|attempt| Some((attempt, attempt.paid?)));
        let paid: Vec<_> = paid.collect();
        twice += usize::from(paid.len() > 1);
        let served = paid.iter().filter(|(_, (_, used))| *used == Use::Served).count();
        if served > 1 {
            broken.push(format!("{id} was served {served} times"));
        }
        for (attempt, (amount, _)) in paid.iter().filter(|(_, (_, used))| *used != Use::Served) {
            let number = attempt.order.order_no.to_string();
            let kept = books.get(&number).map_or(0, Order::kept);
            let of_order = |refund: &&Refund| refund.request.order.order_no == attempt.order.order_no;
            let seen_to = ledger
                .refunds
                .values()
                .filter(of_order)
                .any(|refund| refund.stage != Stage::UnderWay);
            match kept {
                0 => returned += 1,
                _ if seen_to || intent.end == End::Queue || intent.end == End::Resolved => in_hand += 1,
                _ => broken.push(format!("{number}: {kept} of {amount} was kept and nobody knows")),
            }
        }
    }
    let figure = format!("{twice} charged twice; {returned} charges went back, {in_hand} given back by hand");
    check("no double charge that is not refunded", figure, broken)
}

/// Every payment and every refund has its end, or somebody has it before them.
fn nothing_is_stuck(ledger: &Ledger) -> Check {
    let mut broken = Broken::new();
    for (id, intent) in &ledger.intents {
        let open = intent.attempts.values().filter(|attempt| !attempt.over).count();
        if intent.end == End::None || open > 0 {
            broken.push(format!("payment {id}: {:?}, {open} orders open", intent.end));
        }
    }
    let under_way = ledger
        .refunds
        .iter()
        .filter(|(_, refund)| refund.stage == Stage::UnderWay);
    broken.extend(under_way.map(|(id, _)| format!("refund {id} is under way")));
    let queued = ledger
        .intents
        .values()
        .filter(|intent| intent.end == End::Queue)
        .count();
    let waiting = ledger
        .refunds
        .values()
        .filter(|refund| refund.stage == Stage::Queue)
        .count();
    let figure = format!("{queued} payments and {waiting} refunds in the queue");
    check("nothing without an end but what is in the queue", figure, broken)
}

/// As the indicator counts: what the payer gave up or let expire is neither.
fn success(ledger: &Ledger, drawn: &Seeded) -> Check {
    let (mut succeeded, mut not) = (0, Broken::new());
    for (id, intent) in &ledger.intents {
        let lasting = intent.attempts.values().any(|attempt| {
            let order = &attempt.order;
            let fault = Fault::of(order.channel, &order.order_no.to_string(), drawn);
            matches!(fault, Some(Fault::Lasting(_)))
        });
        match intent.end {
            _ if lasting => {}
            End::Succeeded if !intent.queued => succeeded += 1,
            End::GivenUp => {}
            end => not.push(format!("payment {id}: {end:?}")),
        }
    }
    let all = succeeded + not.len();
    let figure = format!("{succeeded} of {all} that a repeat or a question can heal");
    let enough = succeeded * 1_000 >= all * SUCCESS_PER_MILLE;
    check(
        "payment success of at least 99.9 %",
        figure,
        if enough { Broken::new() } else { not },
    )
}

/// What each provider has of our payers' money is what the journal says.
fn clearing(ledger: &Ledger, books: &Books) -> [Check; 2] {
    let of = |name, channel: Channel| {
        let orders = books.values().filter(|order| order.channel == channel);
        let there: i64 = orders.map(Order::kept).sum();
        let here = ledger
            .clearing
            .get(&Account::clearing(channel))
            .copied()
            .unwrap_or_default();
        let wrong = (here != Fen(there)).then(|| format!("{here} in the journal"));
        check(
            name,
            format!("{there} fen at the provider"),
            wrong.into_iter().collect(),
        )
    };
    [
        of("WeChat Pay's book = its clearing account", Channel::WechatPay),
        of("Alipay's book = its clearing account", Channel::Alipay),
    ]
}

/// A refund has arrived by the log if and only if the provider has paid it.
fn refunds_arrived(ledger: &Ledger, books: &Books) -> Check {
    let there: BTreeMap<_, _> = books
        .values()
        .flat_map(|order| &order.refunds)
        .map(|refund| (refund.number.as_str(), refund))
        .collect();
    let mut broken = Broken::new();
    let mut arrived = 0;
    for (id, refund) in &ledger.refunds {
        let number = refund.request.order.refund_no.to_string();
        let paid = there.get(number.as_str()).filter(|there| there.arrived);
        let agree = paid.is_none_or(|there| Fen(there.fen) == refund.request.order.amount);
        match (refund.stage == Stage::Arrived, paid.is_some()) {
            (true, true) if agree => arrived += 1,
            (false, false) => {}
            _ => broken.push(format!("refund {id}: {:?}, {paid:?} at the provider", refund.stage)),
        }
    }
    check(
        "refunds arrived = refunds paid",
        format!("{arrived} of {}", ledger.refunds.len()),
        broken,
    )
}

/// Every row of every bill is the same in the books, or differs because the bill is wrong, which somebody said.
fn reconciled(ledger: &Ledger, books: &Books, drawn: &Seeded) -> Check {
    let mut broken = Broken::new();
    let (mut rows, mut matched, mut explained) = (0, 0, 0);
    for day in ledger.days.values() {
        let name = format!("{} {}", day.channel.code(), day.date);
        (rows, matched) = (rows + day.rows.0, matched + day.rows.1);
        for (difference, open) in day.differences.values() {
            let cause = cause(day.channel, &difference.row, books, &ledger.refunds, drawn);
            match cause {
                Some(_) if !open => explained += 1,
                _ => broken.push(format!("{name}: {:?} {:?}, {cause:?}", difference.kind, difference.row)),
            }
        }
    }
    let found: Vec<_> = ledger.days.values().flat_map(|day| day.differences.values()).collect();
    for (number, order) in books.iter().filter(|(_, order)| order.paid.is_some()) {
        let Some(Fault::OfBill(fault)) = Fault::of(order.channel, number, drawn) else {
            continue;
        };
        let seen = found.iter().any(|(difference, _)| {
            let row = difference.row.number.as_str();
            row == number || row.strip_prefix(EXTRA).is_some_and(|start| number.starts_with(start))
        });
        if !seen {
            broken.push(format!("{number}: {fault} was not noticed"));
        }
    }
    let figure = format!("{rows} rows, {matched} the same, {explained} differences explained");
    check("reconciliation explains every row", figure, broken)
}

/// What is wrong with the bill at that row; nothing, if the bill should be right.
pub(super) fn cause(
    channel: Channel,
    row: &Row,
    books: &Books,
    refunds: &BTreeMap<RefundId, Refund>,
    drawn: &Seeded,
) -> Option<&'static str> {
    let of = |number: &str| match Fault::of(channel, number, drawn)? {
        Fault::OfBill(name) => Some(name),
        Fault::Healing(_) | Fault::Lasting(_) => None,
    };
    match (row.kind, row.number.strip_prefix(EXTRA)) {
        // Several orders may begin like the one that was made up.
        (RowKind::Payment, Some(start)) => {
            let alike = books
                .range(start.to_owned()..)
                .take_while(|(number, _)| number.starts_with(start));
            let mut there = alike.filter(|(_, order)| order.channel == channel);
            there.find_map(|(number, _)| of(number))
        }
        (RowKind::Payment, None) => of(&row.number),
        (RowKind::Refund, _) => {
            let is_it = |refund: &&Refund| refund.request.order.refund_no.to_string() == row.number;
            let refund = refunds.values().find(is_it)?;
            of(&refund.request.order.order_no.to_string())
        }
    }
}

/// The view of the books says what the journal says.
async fn trial_balance(soak: &Soak<'_>, model: &Model, head: u64) -> anyhow::Result<Check> {
    let request = GetTrialBalanceRequest {
        min_position: head,
        ..GetTrialBalanceRequest::default()
    };
    let mut client = BookServiceClient::new(soak.street.queries.clone());
    let shown = client.get_trial_balance(timed(request)).await?.into_inner();
    let mut broken = Broken::new();
    if shown.debit_fen != shown.credit_fen {
        broken.push(format!("debits {} and credits {}", shown.debit_fen, shown.credit_fen));
    }
    for (name, account) in [
        (BookAccount::WechatPayClearing, Account::WechatPayClearing),
        (BookAccount::AlipayClearing, Account::AlipayClearing),
        (BookAccount::RefundsPayable, Account::RefundsPayable),
        (BookAccount::Suspense, Account::Suspense),
        (BookAccount::MemberPrincipal, Account::MemberPrincipal),
    ] {
        let row = shown.accounts.iter().find(|row| row.account() == name);
        let (shown, posted) = (row.map_or(0, |row| row.balance_fen), model.balance(account));
        if Fen(shown) != posted {
            broken.push(format!("{name:?}: {shown} in the view, {posted} in the journal"));
        }
    }
    Ok(check(
        "trial balance = journal",
        format!("{} fen debited and credited", shown.debit_fen),
        broken,
    ))
}
