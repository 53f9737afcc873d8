//! A report as a mail: HTML with its charts inside, the same in plain text, and the workbook attached.

use anyhow::Context as _;
use askama::Template;
use lettre::Message;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Body, Mailbox, MultiPart, SinglePart};

use super::figures::Report;
use super::ledger::Key;
use super::texts::{ReportTexts, named};
use super::{Kind, charts, workbook};
use crate::kpis::{Direction, Kpi, Unit};
use crate::reports::subscriptions::Subscription;
use crate::web::Language;
use crate::web::chart::{Bar, bars};
use crate::web::money::{milliseconds, percent, thousands, yuan};

/// Tables that a mail lists; the workbook has all.
const TABLES_MAX: usize = 10;
const LINES_MAX: usize = 12;
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// What happened in the time at hand is told by figures of its own; these have a target.
const INDICATORS: [Kpi; 7] = [
    Kpi::OpenSuccess,
    Kpi::PaymentSuccess,
    Kpi::ComplaintRate,
    Kpi::OpenTimeP50,
    Kpi::OpenTimeP99,
    Kpi::DeviceResponseP50,
    Kpi::DeviceResponseP99,
];

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'r> {
    t: &'static ReportTexts,
    lang: &'static str,
    title: &'r str,
    halls: String,
    headline: &'r [Compared],
    charts: Vec<Shown<'r>>,
    indicators: &'r [Indicator],
    parts: &'r [Part],
    position: u64,
}

/// A figure beside the one of the period before.
pub(super) struct Compared {
    pub(super) name: &'static str,
    pub(super) now: String,
    pub(super) before: String,
    pub(super) change: String,
}

/// An indicator beside its target.
pub(super) struct Indicator {
    pub(super) name: &'static str,
    pub(super) now: String,
    pub(super) target: String,
    pub(super) met: &'static str,
    pub(super) before: String,
}

/// A table of the mail.
struct Part {
    name: &'static str,
    heads: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// A chart of the mail.
struct Chart {
    cid: &'static str,
    name: &'static str,
    svg: String,
}

struct Shown<'c> {
    cid: &'static str,
    name: &'c str,
}

/// The mail for a subscription.
///
/// # Errors
/// A chart or the workbook cannot be made.
pub(super) fn write(report: &Report, key: Key, to: &Subscription, from: &Mailbox) -> anyhow::Result<Message> {
    let language = to.language;
    let t = ReportTexts::of(language);
    let title = title(report, key, t);
    let (headline, indicators) = (headline(report, t), indicators(report, language, t));
    let (charts, parts) = (drawn(report, key.period.kind, t), parts(report, language, t));
    let page = Page {
        t,
        lang: language.of("zh-CN", "en"),
        title: &title,
        halls: report.halls.join(language.of("、", ", ")),
        headline: &headline,
        charts: charts
            .iter()
            .map(|chart| Shown {
                cid: chart.cid,
                name: chart.name,
            })
            .collect(),
        indicators: &indicators,
        parts: &parts,
        position: report.position,
    };
    let html = page.render().context("a report's page")?;
    let plain = plain(&title, &page.halls, &headline, t);
    let mut related = MultiPart::related().singlepart(SinglePart::html(html));
    for chart in &charts {
        let png = Body::new(charts::png(&chart.svg)?);
        let inline = Attachment::new_inline(chart.cid.to_owned());
        related = related.singlepart(inline.body(png, ContentType::parse("image/png")?));
    }
    let told = MultiPart::alternative()
        .singlepart(SinglePart::plain(plain))
        .multipart(related);
    let book = workbook::write(report, &headline, &indicators, language)?;
    let book = Attachment::new(format!("baize-{}-{}.xlsx", key.period.kind.code(), key.period.first))
        .body(Body::new(book), ContentType::parse(XLSX)?);
    let mut message = Message::builder()
        .from(from.clone())
        .message_id(Some(format!("<{}@{}>", key.message_id(), from.email.domain())))
        .subject(title);
    for mailbox in &to.to {
        message = message.to(mailbox.clone());
    }
    message
        .multipart(MultiPart::mixed().multipart(told).singlepart(book))
        .context("a report's mail")
}

fn title(report: &Report, key: Key, t: &ReportTexts) -> String {
    let name = report.halls.first().map_or("", String::as_str);
    let name = match report.halls.len() {
        0 | 1 => name.to_owned(),
        halls => format!("{name} +{}", halls - 1),
    };
    let revision = match key.revision {
        1 => String::new(),
        revision => format!(" ({revision})"),
    };
    format!("{name} · {} {}{revision}", t.kind(key.period.kind), key.period)
}

fn headline(report: &Report, t: &ReportTexts) -> Vec<Compared> {
    let (now, before) = (&report.now, &report.before);
    let line = |name, (now, before): (f64, f64), written: &dyn Fn(f64) -> String| Compared {
        name,
        now: written(now),
        before: written(before),
        change: change(now, before),
    };
    let money = |fen: f64| yuan(fen as i64);
    let number = |number: f64| thousands(number as u64);
    let hours = |hours: f64| format!("{hours:.1}");
    let share = |share: f64| format!("{:.1}%", share * 100.0);
    let (players, new) = report.players();
    let alone = |name, now: i64| Compared {
        name,
        now: thousands(now.unsigned_abs()),
        before: String::new(),
        change: String::new(),
    };
    vec![
        line(
            t.revenue,
            (now.figures.revenue_fen as f64, before.figures.revenue_fen as f64),
            &money,
        ),
        line(
            t.sessions,
            (now.figures.sessions as f64, before.figures.sessions as f64),
            &number,
        ),
        line(t.taken, (now.taken_hours(), before.taken_hours()), &hours),
        line(t.utilisation, (now.utilisation(), before.utilisation()), &share),
        alone(t.players, players),
        alone(t.new_players, new),
        alone(t.returning_players, players - new),
    ]
}

/// In per cent of what was before; nothing if there was nothing.
fn change(now: f64, before: f64) -> String {
    match before > 0.0 {
        true => format!("{:+.1}%", (now - before) / before * 100.0),
        false => "–".to_owned(),
    }
}

fn indicators(report: &Report, language: Language, t: &ReportTexts) -> Vec<Indicator> {
    let none = || "–".to_owned();
    let line = |kpi: Kpi| {
        let is = kpi.definition();
        let written = |value: i64| match is.unit {
            Unit::BasisPoints => format!("{}%", percent(value)),
            Unit::Milliseconds => {
                let (number, unit) = milliseconds(value);
                format!("{number} {unit}")
            }
            Unit::Fen => yuan(value),
            Unit::Tables | Unit::Sessions => thousands(value.unsigned_abs()),
        };
        let bound = match is.direction {
            Direction::AtLeast => "≥",
            Direction::AtMost => "≤",
        };
        let now = report.now.figures.value(kpi).value;
        Indicator {
            name: language.of(is.name_zh, is.name_en),
            now: now.map_or_else(none, written),
            target: is
                .target
                .map(|target| format!("{bound} {}", written(target)))
                .unwrap_or_default(),
            met: match now.and_then(|now| kpi.met(now)) {
                Some(true) => t.met,
                Some(false) => t.missed,
                None => "",
            },
            before: report.before.figures.value(kpi).value.map_or_else(none, written),
        }
    };
    INDICATORS.into_iter().map(line).collect()
}

fn drawn(report: &Report, kind: Kind, t: &ReportTexts) -> Vec<Chart> {
    let days = report.days.iter().map(|day| Bar {
        label: day.date.strftime("%m-%d").to_string(),
        value: day.revenue_fen as f64 / 100.0,
        told: yuan(day.revenue_fen),
    });
    let hours = (0..).zip(&report.hours).map(|(hour, of)| Bar {
        label: format!("{hour:02}"),
        value: of.taken_hours(),
        told: format!("{:.1}", of.taken_hours()),
    });
    let mut charts = Vec::new();
    if kind != Kind::Daily {
        charts.push(Chart {
            cid: "revenue",
            name: t.revenue_by_day,
            svg: bars(&days.collect::<Vec<_>>(), t.revenue_by_day),
        });
    }
    charts.push(Chart {
        cid: "hours",
        name: t.taken_by_hour,
        svg: bars(&hours.collect::<Vec<_>>(), t.taken_by_hour),
    });
    charts
}

fn parts(report: &Report, language: Language, t: &'static ReportTexts) -> Vec<Part> {
    let tables = report.tables.iter().take(TABLES_MAX).map(|table| {
        let (sessions, revenue) = (table.sessions.to_string(), yuan(table.revenue_fen));
        vec![table.label.clone(), table.hall.clone(), sessions, revenue]
    });
    let lines = report.lines.iter().take(LINES_MAX).map(|line| {
        let name = format!("{} {}", named(language, &line.sort), line.name);
        vec![name, line.lines.to_string(), yuan(line.amount_fen)]
    });
    let paid = report.paid.iter().map(|paid| {
        let name = named(language, &paid.kind).to_owned();
        vec![name, yuan(paid.principal_fen), yuan(paid.bonus_fen)]
    });
    let providers = report.providers.iter().map(|provider| {
        let name = named(language, &provider.channel).to_owned();
        vec![name, provider.payments.to_string(), yuan(provider.amount_fen)]
    });
    let levels = report.levels.iter().map(|level| {
        let (players, new) = (level.players.to_string(), level.new.to_string());
        vec![level.level.clone(), players, new]
    });
    let parts = [
        Part {
            name: t.by_table,
            heads: vec![t.table, t.hall, t.sessions, t.revenue],
            rows: tables.collect(),
        },
        Part {
            name: t.by_line,
            heads: vec![t.item, t.count, t.amount],
            rows: lines.collect(),
        },
        Part {
            name: t.by_payment,
            heads: vec![t.item, t.principal, t.bonus],
            rows: paid.collect(),
        },
        Part {
            name: t.by_provider,
            heads: vec![t.item, t.count, t.amount],
            rows: providers.collect(),
        },
        Part {
            name: t.by_level,
            heads: vec![t.level, t.players, t.new_players],
            rows: levels.collect(),
        },
    ];
    parts.into_iter().filter(|part| !part.rows.is_empty()).collect()
}

fn plain(title: &str, halls: &str, headline: &[Compared], t: &ReportTexts) -> String {
    let mut text = format!("{title}\n{halls}\n\n");
    for line in headline {
        text += &match line.before.is_empty() {
            true => format!("{}: {}\n", line.name, line.now),
            false => format!(
                "{}: {} ({} {}, {})\n",
                line.name, line.now, t.before, line.before, line.change
            ),
        };
    }
    text + "\n" + t.attached + "\n"
}
