//! How a hall went over the weeks: each day's revenue, and when in the week the tables are taken.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use baize_domain::Fen;
use baize_proto::hall::view::v1::{DayIndicators, DirectoryHall};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::civil::Date;
use serde::Deserialize;

use super::super::chart::{self, Bar, Heat};
use super::super::render;
use super::Console;
use super::day::{hall, indicators};
use super::pages::{Layout, Problem};
use super::visitor::Visitor;
use super::words::Words;

/// How many days can be looked at.
const SPANS: [u32; 4] = [7, 28, 56, 91];
/// Days that are read at once.
const READS: usize = 4;

#[derive(Deserialize)]
pub(super) struct Wish {
    days: Option<u32>,
}

#[derive(Template)]
#[template(path = "console/history.html")]
struct HistoryPage {
    l: Layout,
    hall: DirectoryHall,
    days: u32,
    spans: [u32; 4],
    revenue: String,
    heat: String,
    total: String,
    sessions: u64,
    rows: Vec<DayLine>,
}

/// A day in the table below the charts.
struct DayLine {
    date: String,
    revenue: String,
    sessions: u64,
    hours_taken: String,
}

pub(super) async fn page(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Path(hall_id): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let days = wish.days.filter(|days| SPANS.contains(days)).unwrap_or(28);
    let hall = hall(&console, &visitor, &hall_id).await?;
    let today = indicators(&console, &visitor, &hall_id, "").await?;
    let last: Option<Date> = today.business_date.parse().ok();
    let dates = (1..days)
        .rev()
        .filter_map(|back| last?.checked_sub(jiff::Span::new().days(back)).ok());
    let reads = dates.map(|date| {
        let (console, visitor, hall_id) = (&console, &visitor, &hall_id);
        async move { indicators(console, visitor, hall_id, &date.to_string()).await }
    });
    let mut read: Vec<DayIndicators> = stream::iter(reads).buffered(READS).try_collect().await?;
    read.push(today);
    let layout = visitor.layout("/console");
    let bars: Vec<_> = read.iter().map(bar).collect();
    let rows = read.iter().rev().map(|day| DayLine {
        date: day.business_date.clone(),
        revenue: Fen(revenue(day)).to_string(),
        sessions: sessions(day),
        hours_taken: format!("{:.1}", taken(day) as f64 / 3_600.0),
    });
    Ok(render(&HistoryPage {
        days,
        spans: SPANS,
        revenue: chart::bars(&bars, layout.c.revenue_by_day),
        heat: heat(&read, &layout, &Words::new(visitor.language, &hall.time_zone)),
        total: Fen(read.iter().map(revenue).sum()).to_string(),
        sessions: read.iter().map(sessions).sum(),
        rows: rows.collect(),
        l: layout,
        hall,
    }))
}

fn revenue(day: &DayIndicators) -> i64 {
    day.hours.iter().map(|hour| hour.revenue_fen).sum()
}

fn sessions(day: &DayIndicators) -> u64 {
    day.hours.iter().map(|hour| hour.sessions).sum()
}

fn taken(day: &DayIndicators) -> u64 {
    day.hours.iter().map(|hour| hour.occupied_seconds).sum()
}

fn bar(day: &DayIndicators) -> Bar {
    Bar {
        label: day.business_date.get(5..).unwrap_or_default().to_owned(),
        value: revenue(day) as f64 / 100.0,
        told: Fen(revenue(day)).to_string(),
    }
}

/// Table hours taken, on average over the days, by weekday and hour of the business day.
fn heat(days: &[DayIndicators], layout: &Layout, words: &Words) -> String {
    let hours = days.iter().map(|day| day.hours.len()).max().unwrap_or(0);
    let longest = days.iter().find(|day| day.hours.len() == hours);
    let columns: Vec<String> = longest.map_or_else(Vec::new, |day| {
        let label = |at: Option<&prost_types::Timestamp>| words.short(at).get(6..8).unwrap_or_default().to_owned();
        day.hours.iter().map(|hour| label(hour.starts_at.as_ref())).collect()
    });
    let rows = (0..7).map(|weekday: i8| {
        let of_it = |day: &&DayIndicators| {
            let date: Option<Date> = day.business_date.parse().ok();
            date.is_some_and(|date| date.weekday().to_monday_zero_offset() == weekday)
        };
        let those: Vec<_> = days.iter().filter(of_it).collect();
        let cell = |hour: usize| {
            let seconds = those
                .iter()
                .filter_map(|day| day.hours.get(hour))
                .map(|hour| hour.occupied_seconds);
            let average = seconds.sum::<u64>() as f64 / 3_600.0 / those.len().max(1) as f64;
            (average, format!("{average:.1}"))
        };
        Heat {
            name: layout.c.weekdays[usize::from(weekday.unsigned_abs()) % 7].to_owned(),
            cells: (0..hours).map(cell).collect(),
        }
    });
    chart::heat_map(&rows.collect::<Vec<_>>(), &columns, layout.c.taken_by_hour)
}
