//! What the screen shows at one moment, and how it is drawn.

use std::collections::BTreeMap;

use askama::Template;
use baize_domain::hall::{business_day_start, time_zone_or_utc};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::super::Site;
use super::super::cards::{Card, Style};
use super::super::halls::READ_MAX;
use super::super::language::Language;
use super::super::money::{milliseconds, percent, thousands, yuan};
use super::charts::{Labels, Series, area, bars, meter, sparkline};
use super::texts::{self, ScreenTexts};
use crate::kpis::{Figures, Kpi};
use crate::query::{DayFigures, Deadline, Error, HourFigures, Of};
use crate::views::board::{TableRow, TableStatus};

const DAYS_BEFORE: i64 = 7;
const HOUR_MS: i64 = 3_600_000;
/// A share below this is at the left end of its meter: what matters is the last few in a hundred.
const SHARE_FROM: f64 = 9_800.0;
/// A latency's meter ends at so many times its target.
const LATENCY_TO: f64 = 1.5;

/// A hall at one moment.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) hall_name: String,
    pub(super) time_zone: String,
    pub(super) now: Timestamp,
    zone: TimeZone,
    starts_at: Timestamp,
    ends_at: Timestamp,
    day: DayFigures,
    /// The same weekday of the week before.
    before: DayFigures,
    tables: Vec<TableRow>,
}

impl Scene {
    /// Reads it. What `last` knows of a past day is not read again.
    pub(super) async fn of(site: &Site, hall_id: Uuid, last: Option<Self>) -> Result<Self, Error> {
        let (reader, deadline, now) = (&site.reader, Deadline::within(READ_MAX), site.clock.now());
        let hall = reader.figured_hall(hall_id, deadline).await?;
        let tables = reader.tables(hall_id, deadline).await?.rows;
        let day = reader.indicators(Of::Hall(hall_id), None, now, deadline).await?;
        let date = day.date.saturating_sub(jiff::Span::new().days(DAYS_BEFORE));
        let before = match last.map(|last| last.before).filter(|before| before.date == date) {
            Some(before) => before,
            None => reader.indicators(Of::Hall(hall_id), Some(date), now, deadline).await?,
        };
        let (zone, cutoff) = hall.clock();
        let start = |date: Date| business_day_start(&zone, cutoff, date);
        Ok(Self {
            starts_at: start(day.date),
            ends_at: start(day.date.tomorrow().unwrap_or(day.date)),
            zone: time_zone_or_utc(&hall.time_zone),
            hall_name: hall.name,
            time_zone: hall.time_zone,
            now,
            day,
            before,
            tables,
        })
    }

    /// The business day, with its weekday.
    pub(super) fn date(&self, language: Language) -> String {
        let weekday = self.day.date.weekday().to_monday_zero_offset();
        let weekday = texts::of(language).weekdays[usize::from(weekday.unsigned_abs()) % 7];
        format!("{} {weekday}", self.day.date)
    }

    /// The time of day in the hall.
    pub(super) fn local_time(&self) -> String {
        self.now.to_zoned(self.zone.clone()).strftime("%H:%M:%S").to_string()
    }

    /// Draws all parts.
    pub(super) fn drawn(&self, language: Language) -> Result<Parts, Error> {
        let s = texts::of(language);
        let kpis = KpisPart {
            s,
            heroes: self.heroes(s, language),
            tiles: self.tiles(s, language),
        };
        let style = Style {
            language,
            zone: self.zone.clone(),
        };
        let tables = TablesPart {
            s,
            density: density(self.tables.len()),
            columns: columns(self.tables.len()),
            cards: self.tables.iter().map(|row| Card::new(row.clone(), &style)).collect(),
        };
        let fill = |template: askama::Result<String>| template.map_err(|error| Error::Internal(error.to_string()));
        Ok(Parts {
            kpis: fill(kpis.render())?,
            charts: self.charts(s),
            tables: fill(tables.render())?,
        })
    }

    fn heroes(&self, s: &'static ScreenTexts, language: Language) -> Vec<Hero> {
        let (now, then) = (&self.day.figures, &self.before.figures);
        let taken = self
            .tables
            .iter()
            .filter(|row| row.status == TableStatus::Occupied)
            .count();
        let free = self.tables.iter().filter(|row| row.status == TableStatus::Idle).count();
        let share = taken as f64 / self.tables.len().max(1) as f64;
        let name = |kpi: Kpi| language.of(kpi.definition().name_zh, kpi.definition().name_en);
        vec![
            Hero {
                code: Kpi::Revenue.definition().code,
                name: name(Kpi::Revenue),
                value: yuan(now.revenue_fen),
                of: String::new(),
                note: format!("{} {}", s.week_ago, yuan(then.revenue_fen)),
                picture: sparkline(&self.each(&self.day, |hour| hour.revenue_fen as f64)),
            },
            Hero {
                code: Kpi::Sessions.definition().code,
                name: name(Kpi::Sessions),
                value: thousands(now.sessions.unsigned_abs()),
                of: String::new(),
                note: format!("{} {}", s.week_ago, thousands(then.sessions.unsigned_abs())),
                picture: sparkline(&self.each(&self.day, |hour| hour.sessions as f64)),
            },
            Hero {
                code: Kpi::OccupiedTables.definition().code,
                name: name(Kpi::OccupiedTables),
                value: taken.to_string(),
                of: format!("/ {}", self.tables.len()),
                note: format!("{} {free}", s.free_tables),
                picture: meter(share, None),
            },
        ]
    }

    fn tiles(&self, s: &'static ScreenTexts, language: Language) -> Vec<Tile> {
        let figures = &self.day.figures;
        let name = |kpi: Kpi| language.of(kpi.definition().name_zh, kpi.definition().name_en);
        vec![
            Tile::of_share(s, figures, Kpi::OpenSuccess, name(Kpi::OpenSuccess)),
            Tile::of_share(s, figures, Kpi::PaymentSuccess, name(Kpi::PaymentSuccess)),
            Tile::of_rate(s, figures, Kpi::ComplaintRate, name(Kpi::ComplaintRate)),
            Tile::of_latency(s, figures, [Kpi::OpenTimeP50, Kpi::OpenTimeP99], s.open_time),
            Tile::of_latency(
                s,
                figures,
                [Kpi::DeviceResponseP50, Kpi::DeviceResponseP99],
                s.device_response,
            ),
        ]
    }

    fn charts(&self, s: &'static ScreenTexts) -> String {
        let hours = self.hour_labels();
        let labels = |told: &'static str, scale| Labels {
            told,
            hours: &hours,
            scale,
        };
        let revenue = |day: &DayFigures| self.each(day, |hour| hour.revenue_fen as f64 / 100.0);
        let (today, before) = (revenue(&self.day), revenue(&self.before));
        let series = Series {
            today: &today,
            before: &before,
        };
        let revenue = bars(&series, &labels(s.revenue_by_hour, |yuan| format!("¥{yuan:.0}")), 100.0);
        let (today, before) = (self.occupancy(&self.day), self.occupancy(&self.before));
        let series = Series {
            today: &today,
            before: &before,
        };
        let occupancy = area(
            &series,
            &labels(s.occupancy_by_hour, |share| format!("{:.0}%", share * 100.0)),
            1.0,
        );
        let part = ChartsPart { s, revenue, occupancy };
        part.render().unwrap_or_else(|error| {
            tracing::error!(%error, "the charts could not be drawn");
            String::new()
        })
    }

    fn each(&self, day: &DayFigures, value: impl Fn(&HourFigures) -> f64) -> Vec<f64> {
        day.hours.values().map(value).collect()
    }

    /// Which part of the time each hour's tables were taken, counted with the tables there are now. Of the hour that runs, of its
    /// minutes so far.
    fn occupancy(&self, day: &DayFigures) -> Vec<f64> {
        let tables = self.tables.len().max(1) as f64;
        let shares = day.hours.iter().map(|(starts_at, hour)| {
            let from = (*starts_at).max(if day.date == self.day.date {
                self.starts_at
            } else {
                *starts_at
            });
            let ran = self
                .now
                .as_millisecond()
                .saturating_sub(from.as_millisecond())
                .clamp(1, HOUR_MS);
            (hour.occupied_ms as f64 / ran as f64 / tables).min(1.0)
        });
        shares.collect()
    }

    fn hour_labels(&self) -> Vec<String> {
        let first = self.day.hours.keys().next().copied().unwrap_or(self.starts_at);
        let next = |at: &Timestamp| at.checked_add(SignedDuration::from_hours(1)).ok();
        let hours = std::iter::successors(Some(first), next).take(26);
        hours
            .take_while(|at| *at < self.ends_at)
            .map(|at| at.to_zoned(self.zone.clone()).strftime("%H").to_string())
            .collect()
    }
}

/// The parts of the screen that change, as HTML.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) kpis: String,
    pub(super) charts: String,
    pub(super) tables: String,
}

impl Parts {
    /// The parts that are not as they were sent, by the id of their place.
    pub(super) fn changed_since(&self, sent: &Self) -> Json {
        let parts = [
            ("kpis", &self.kpis, &sent.kpis),
            ("charts", &self.charts, &sent.charts),
            ("tables", &self.tables, &sent.tables),
        ];
        let changed = parts.into_iter().filter(|(_, now, sent)| now != sent);
        let changed: BTreeMap<_, _> = changed
            .map(|(id, now, _)| (id.to_owned(), Json::from(now.as_str())))
            .collect();
        Json::Object(Map::from_iter(changed))
    }
}

/// A large figure.
struct Hero {
    code: &'static str,
    name: &'static str,
    value: String,
    of: String,
    note: String,
    picture: String,
}

/// A figure beside its target.
struct Tile {
    code: &'static str,
    name: &'static str,
    values: Vec<Shown>,
    target: String,
    /// Whether the target is met; `None` if there is nothing to tell it from.
    met: Option<bool>,
    verdict: &'static str,
    picture: String,
}

/// A figure, and what stands beside it.
struct Shown {
    label: &'static str,
    value: String,
    unit: &'static str,
}

impl Tile {
    fn of_share(s: &'static ScreenTexts, figures: &Figures, kpi: Kpi, name: &'static str) -> Self {
        let definition = kpi.definition();
        let value = figures.value(kpi).value;
        let target = definition.target.unwrap_or_default();
        let place = |points: i64| (points as f64 - SHARE_FROM) / (10_000.0 - SHARE_FROM);
        let shown = value.map(|value| Shown {
            label: "",
            value: percent(value),
            unit: "%",
        });
        Self::new(
            s,
            kpi,
            name,
            shown.into_iter().collect(),
            format!("≥ {} %", percent(target)),
            value.map(|value| value >= target),
            meter(value.map_or(0.0, place), Some(place(target))),
        )
    }

    /// A share that should be small.
    fn of_rate(s: &'static ScreenTexts, figures: &Figures, kpi: Kpi, name: &'static str) -> Self {
        let target = kpi.definition().target.unwrap_or_default();
        let value = figures.value(kpi).value;
        let full = target as f64 * LATENCY_TO;
        let shown = value.map(|value| Shown {
            label: "",
            value: percent(value),
            unit: "%",
        });
        Self::new(
            s,
            kpi,
            name,
            shown.into_iter().collect(),
            format!("≤ {} %", percent(target)),
            value.and_then(|value| kpi.met(value)),
            meter(
                value.map_or(0.0, |value| value as f64 / full),
                Some(target as f64 / full),
            ),
        )
    }

    /// By the second of them, the worse.
    fn of_latency(s: &'static ScreenTexts, figures: &Figures, kpis: [Kpi; 2], name: &'static str) -> Self {
        let target = kpis[1].definition().target.unwrap_or_default();
        let values = kpis.map(|kpi| figures.value(kpi).value);
        let shown = values.iter().zip([s.half, s.ninety_nine]).filter_map(|(value, label)| {
            let (value, unit) = milliseconds((*value)?);
            Some(Shown { label, value, unit })
        });
        let worse = values[1];
        let full = target as f64 * LATENCY_TO;
        let (number, unit) = milliseconds(target);
        let number = number.trim_end_matches(".0");
        Self::new(
            s,
            kpis[1],
            name,
            shown.collect(),
            format!("≤ {number} {unit}"),
            worse.and_then(|worse| kpis[1].met(worse)),
            meter(
                worse.map_or(0.0, |worse| worse as f64 / full),
                Some(target as f64 / full),
            ),
        )
    }

    fn new(
        s: &'static ScreenTexts,
        kpi: Kpi,
        name: &'static str,
        values: Vec<Shown>,
        target: String,
        met: Option<bool>,
        picture: String,
    ) -> Self {
        let verdict = match met {
            Some(true) => s.met,
            Some(false) => s.missed,
            None => s.nothing_yet,
        };
        Self {
            code: kpi.definition().code,
            name,
            values,
            target,
            met,
            verdict,
            picture,
        }
    }
}

#[derive(Template)]
#[template(path = "screen_kpis.html")]
struct KpisPart {
    s: &'static ScreenTexts,
    heroes: Vec<Hero>,
    tiles: Vec<Tile>,
}

#[derive(Template)]
#[template(path = "screen_charts.html")]
struct ChartsPart {
    s: &'static ScreenTexts,
    revenue: String,
    occupancy: String,
}

#[derive(Template)]
#[template(path = "screen_tables.html")]
struct TablesPart {
    s: &'static ScreenTexts,
    density: &'static str,
    columns: usize,
    cards: Vec<Card>,
}

/// How closely the tables stand, so that all of them are seen.
fn density(tables: usize) -> &'static str {
    match tables {
        0..=8 => "wide",
        9..=20 => "close",
        21..=56 => "closer",
        _ => "closest",
    }
}

/// In how many columns, so that the rows are full and none is too many.
fn columns(tables: usize) -> usize {
    let rows = match tables {
        0..=8 => 1,
        9..=20 => 2,
        21..=36 => 3,
        37..=56 => 4,
        _ => tables.div_ceil(16),
    };
    tables.div_ceil(rows).clamp(4, 16)
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn tables_stand_in_rows_that_are_full() {
        let of = [1, 8, 9, 12, 20, 24, 40, 56, 100].map(columns);
        assert_eq!(of, [4, 8, 5, 6, 10, 8, 10, 14, 15]);
    }
}
