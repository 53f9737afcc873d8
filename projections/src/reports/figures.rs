//! What happened in a period, and in the one before: read from the views, each as of the same or a later position than the end of the period.

use std::collections::BTreeMap;

use baize_domain::hall::business_day_start;
use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::{Period, Scope};
use crate::kpis::Figures;
use crate::query::{Deadline, Error, Found, Reader, Selection, Value};
use crate::store::{Row as _, TableNames};
use crate::views::bills::{BillRow, PaymentRow as BillPayment};
use crate::views::indicators::{HallRow, HourRow};
use crate::views::members::MemberRow;
use crate::views::payments::PaymentRow;

/// Halls of a chain in one report.
const HALLS_MAX: usize = 1_000;
/// Players of one period whose levels are looked up.
const PLAYERS_MAX: usize = 100_000;
const HOUR_MS: f64 = 3_600_000.0;

/// What a report tells.
#[derive(Debug, Clone, Default)]
pub(super) struct Report {
    /// The halls, by name.
    pub(super) halls: Vec<String>,
    pub(super) now: Total,
    pub(super) before: Total,
    pub(super) days: Vec<Day>,
    /// By the hour of the halls' clocks.
    pub(super) hours: [Hour; 24],
    pub(super) tables: Vec<TableLine>,
    pub(super) lines: Vec<BillLines>,
    pub(super) paid: Vec<Paid>,
    pub(super) providers: Vec<Provider>,
    pub(super) levels: Vec<Level>,
    /// Up to which event of the log.
    pub(super) position: u64,
}

/// A whole period.
#[derive(Debug, Clone, Default)]
pub(super) struct Total {
    pub(super) figures: Figures,
    pub(super) occupied_ms: i64,
    /// How many hours tables could have been taken.
    pub(super) table_hours: f64,
}

/// A day.
#[derive(Debug, Clone)]
pub(super) struct Day {
    pub(super) date: Date,
    pub(super) revenue_fen: i64,
    pub(super) sessions: i64,
    pub(super) occupied_ms: i64,
}

/// An hour of the day, over all days.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hour {
    pub(super) revenue_fen: i64,
    pub(super) sessions: i64,
    pub(super) occupied_ms: i64,
}

/// A table.
#[derive(Debug, Clone)]
pub(super) struct TableLine {
    pub(super) hall: String,
    pub(super) label: String,
    pub(super) sessions: i64,
    pub(super) revenue_fen: i64,
}

/// Lines of bills of one sort: a band of the tariff, a package, goods, a discount.
#[derive(Debug, Clone)]
pub(super) struct BillLines {
    /// As the log calls it: `Time`, `Prepaid`, `Package`, `Goods`, `Discount`, …
    pub(super) sort: String,
    pub(super) name: String,
    pub(super) lines: i64,
    pub(super) amount_fen: i64,
}

/// Money that went from wallets to sessions in one way, or back.
#[derive(Debug, Clone)]
pub(super) struct Paid {
    pub(super) kind: String,
    pub(super) principal_fen: i64,
    pub(super) bonus_fen: i64,
}

/// What came in through a provider.
#[derive(Debug, Clone)]
pub(super) struct Provider {
    pub(super) channel: String,
    pub(super) payments: i64,
    pub(super) amount_fen: i64,
}

/// Players of a level.
#[derive(Debug, Clone)]
pub(super) struct Level {
    pub(super) level: String,
    pub(super) players: i64,
    /// Of them, those who came for the first time.
    pub(super) new: i64,
}

/// A hall, and from when to when it is about.
struct Stretch<'h> {
    hall: &'h HallRow,
    from: Timestamp,
    to: Timestamp,
}

impl Report {
    /// Reads everything about a period.
    ///
    /// # Errors
    /// There is no such hall or chain, or the database did not answer in time.
    pub(super) async fn read(reader: &Reader, scope: Scope, period: Period, deadline: Deadline) -> Result<Self, Error> {
        let halls = halls(reader, scope, deadline).await?;
        let mut report = Self {
            halls: halls.rows.iter().map(|hall| hall.name.clone()).collect(),
            position: halls.position,
            days: period.days().map(Day::of).collect(),
            ..Self::default()
        };
        report.add_hours(reader, &halls.rows, period, deadline).await?;
        let stretches: Vec<_> = halls.rows.iter().map(|hall| stretch(hall, period)).collect();
        let mut players = BTreeMap::new();
        for of in &stretches {
            report.add_tables(reader, of, deadline).await?;
            report.add_lines(reader, of, deadline).await?;
            report.add_paid(reader, of, deadline).await?;
            add_players(reader, of, &mut players, deadline).await?;
        }
        report.add_providers(reader, scope, &stretches, deadline).await?;
        let since = stretches.iter().map(|of| of.from).min().unwrap_or(Timestamp::MAX);
        report.add_levels(reader, &players, since, deadline).await?;
        Ok(report)
    }

    async fn add_hours(
        &mut self,
        reader: &Reader,
        halls: &[HallRow],
        period: Period,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let before = period.previous();
        let (ids, first, last) = (ids(halls), before.first.to_string(), period.last.to_string());
        let tail = "hall_id = ANY(string_to_array($3, ',')::uuid[]) AND business_date >= $4 AND business_date <= $5";
        let values = &[Value::Text(&ids), Value::Text(&first), Value::Text(&last)];
        let found: Found<HourRow> = reader
            .read(&reader.indicators, Selection { tail, values }, deadline)
            .await?;
        for row in &found.rows {
            let Ok(date) = row.business_date.parse::<Date>() else {
                continue;
            };
            if date < period.first {
                self.before.add(row);
                continue;
            }
            self.now.add(row);
            if let Some(day) = self.days.iter_mut().find(|day| day.date == date) {
                day.revenue_fen += row.revenue_fen;
                day.sessions += row.sessions;
                day.occupied_ms += row.occupied_ms;
            }
            let zone = halls
                .iter()
                .find(|hall| hall.hall_id == row.hall_id)
                .map(|hall| hall.clock().0);
            let clock = zone.map_or(0, |zone| zone.to_datetime(row.starts_at.timestamp()).hour());
            if let Some(hour) = self.hours.get_mut(usize::from(clock.unsigned_abs())) {
                hour.revenue_fen += row.revenue_fen;
                hour.sessions += row.sessions;
                hour.occupied_ms += row.occupied_ms;
            }
        }
        let values = &[Value::Text(&ids)];
        let inner = |names: &TableNames| {
            format!(
                "SELECT count(*) AS tables FROM {} WHERE hall_id = ANY(string_to_array($3, ',')::uuid[]) AND NOT retired",
                names.of(&crate::views::indicators::TableRow::TABLE)
            )
        };
        let tables = reader.read_as(&reader.indicators, &inner, values, deadline, |row| {
            row.try_get::<i64, _>(1)
        });
        let tables = tables.await?.rows.first().copied().unwrap_or_default();
        self.now.table_hours = tables as f64 * 24.0 * period.days().count() as f64;
        self.before.table_hours = tables as f64 * 24.0 * before.days().count() as f64;
        Ok(())
    }

    async fn add_tables(&mut self, reader: &Reader, of: &Stretch<'_>, deadline: Deadline) -> Result<(), Error> {
        let inner = |names: &TableNames| {
            format!(
                "SELECT table_id, count(*) AS sessions, coalesce(sum(total_fen), 0)::bigint AS revenue FROM {} WHERE {CLOSED} GROUP BY table_id",
                names.of(&BillRow::TABLE)
            )
        };
        let decode = |row: &PgRow| Ok((row.try_get(1)?, row.try_get(2)?, row.try_get(3)?));
        let played: Found<(Uuid, i64, i64)> = of.read_as(reader, &reader.bills, &inner, deadline, decode).await?;
        let values = &[Value::Id(of.hall.hall_id)];
        let inner = |names: &TableNames| {
            format!(
                "SELECT table_id, label FROM {} WHERE hall_id = $3",
                names.of(&crate::views::directory::TableRow::TABLE)
            )
        };
        let decode = |row: &PgRow| Ok((row.try_get(1)?, row.try_get(2)?));
        let labels: Found<(Uuid, String)> = reader
            .read_as(&reader.directory, &inner, values, deadline, decode)
            .await?;
        let labels: BTreeMap<_, _> = labels.rows.into_iter().collect();
        let lines = played
            .rows
            .into_iter()
            .map(|(table_id, sessions, revenue_fen)| TableLine {
                hall: of.hall.name.clone(),
                label: labels.get(&table_id).cloned().unwrap_or_default(),
                sessions,
                revenue_fen,
            });
        self.tables.extend(lines);
        self.tables
            .sort_by(|a, b| b.revenue_fen.cmp(&a.revenue_fen).then_with(|| a.label.cmp(&b.label)));
        Ok(())
    }

    /// Goods cost what their quantity does; every other line says its amount.
    async fn add_lines(&mut self, reader: &Reader, of: &Stretch<'_>, deadline: Deadline) -> Result<(), Error> {
        let inner = |names: &TableNames| {
            format!(
                "SELECT sort, coalesce(body->>'band', body->>'name', body->>'name_zh', body->>'level', '') AS name, count(*) AS lines,
                        sum(coalesce((body->>'amount')::bigint, (body->>'price')::bigint * (body->>'quantity')::bigint))::bigint AS amount
                   FROM {} CROSS JOIN LATERAL jsonb_array_elements(lines) AS line CROSS JOIN LATERAL jsonb_each(line) AS part(sort, body)
                  WHERE {CLOSED} GROUP BY 1, 2 ORDER BY 4 DESC",
                names.of(&BillRow::TABLE)
            )
        };
        let decode = |row: &PgRow| {
            Ok(BillLines {
                sort: row.try_get(1)?,
                name: row.try_get(2)?,
                lines: row.try_get(3)?,
                amount_fen: row.try_get(4)?,
            })
        };
        let found = of.read_as(reader, &reader.bills, &inner, deadline, decode).await?;
        for line in found.rows {
            let same = self
                .lines
                .iter_mut()
                .find(|other| other.sort == line.sort && other.name == line.name);
            match same {
                Some(other) => {
                    other.lines += line.lines;
                    other.amount_fen += line.amount_fen;
                }
                None => self.lines.push(line),
            }
        }
        Ok(())
    }

    async fn add_paid(&mut self, reader: &Reader, of: &Stretch<'_>, deadline: Deadline) -> Result<(), Error> {
        let inner = |names: &TableNames| {
            format!(
                "SELECT paid.kind, sum(paid.principal_fen)::bigint AS principal, sum(paid.bonus_fen)::bigint AS bonus
                   FROM {} AS paid JOIN {} AS bill USING (session_id)
                  WHERE bill.hall_id = $3 AND paid.at >= $4::timestamptz AND paid.at < $5::timestamptz GROUP BY paid.kind ORDER BY paid.kind",
                names.of(&BillPayment::TABLE),
                names.of(&BillRow::TABLE)
            )
        };
        let decode = |row: &PgRow| {
            Ok(Paid {
                kind: row.try_get(1)?,
                principal_fen: row.try_get(2)?,
                bonus_fen: row.try_get(3)?,
            })
        };
        for paid in of.read_as(reader, &reader.bills, &inner, deadline, decode).await?.rows {
            match self.paid.iter_mut().find(|other| other.kind == paid.kind) {
                Some(other) => {
                    other.principal_fen += paid.principal_fen;
                    other.bonus_fen += paid.bonus_fen;
                }
                None => self.paid.push(paid),
            }
        }
        Ok(())
    }

    /// Of a hall what was paid for play there; of a chain top-ups too.
    async fn add_providers(
        &mut self,
        reader: &Reader,
        scope: Scope,
        stretches: &[Stretch<'_>],
        deadline: Deadline,
    ) -> Result<(), Error> {
        let (column, id) = match scope {
            Scope::Hall(id) => ("hall_id", id),
            Scope::Chain(id) => ("chain_id", id),
        };
        let inner = |names: &TableNames| {
            format!(
                "SELECT channel, count(*) AS payments, coalesce(sum((payment->'intent'->>'amount')::bigint), 0)::bigint AS amount FROM {}
                  WHERE {column} = $3 AND status = 'succeeded' AND channel IS NOT NULL
                    AND started_at >= $4::timestamptz AND started_at < $5::timestamptz GROUP BY channel ORDER BY channel",
                names.of(&PaymentRow::TABLE)
            )
        };
        let from = stretches.iter().map(|of| of.from).min().unwrap_or_default().to_string();
        let to = stretches.iter().map(|of| of.to).max().unwrap_or_default().to_string();
        let values = &[Value::Id(id), Value::Text(&from), Value::Text(&to)];
        let decode = |row: &PgRow| {
            Ok(Provider {
                channel: row.try_get(1)?,
                payments: row.try_get(2)?,
                amount_fen: row.try_get(3)?,
            })
        };
        self.providers = reader
            .read_as(&reader.payments, &inner, values, deadline, decode)
            .await?
            .rows;
        Ok(())
    }

    async fn add_levels(
        &mut self,
        reader: &Reader,
        players: &BTreeMap<Uuid, i64>,
        since: Timestamp,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let inner = |names: &TableNames| {
            format!(
                "SELECT level, count(*) AS players, count(*) FILTER (WHERE joined_at >= $4::timestamptz) AS new FROM {}
                  WHERE member_id = ANY(string_to_array($3, ',')::uuid[]) GROUP BY level ORDER BY level",
                names.of(&MemberRow::TABLE)
            )
        };
        let players: Vec<_> = players.keys().map(Uuid::to_string).collect();
        let (players, since) = (players.join(","), since.to_string());
        let values = &[Value::Text(&players), Value::Text(&since)];
        let decode = |row: &PgRow| {
            Ok(Level {
                level: row.try_get(1)?,
                players: row.try_get(2)?,
                new: row.try_get(3)?,
            })
        };
        self.levels = reader
            .read_as(&reader.members, &inner, values, deadline, decode)
            .await?
            .rows;
        Ok(())
    }

    /// Those who played, and of them those who came for the first time.
    pub(super) fn players(&self) -> (i64, i64) {
        let players = self.levels.iter().map(|level| level.players).sum();
        (players, self.levels.iter().map(|level| level.new).sum())
    }
}

/// Bills of the hall `$3` whose play ended within `$4` and `$5`.
const CLOSED: &str =
    "hall_id = $3 AND closed_at >= $4::timestamptz AND closed_at < $5::timestamptz AND status <> 'cancelled'";

async fn add_players(
    reader: &Reader,
    of: &Stretch<'_>,
    players: &mut BTreeMap<Uuid, i64>,
    deadline: Deadline,
) -> Result<(), Error> {
    let inner = |names: &TableNames| {
        format!(
            "SELECT member_id, count(*) AS sessions FROM {} WHERE {CLOSED} GROUP BY member_id LIMIT {PLAYERS_MAX}",
            names.of(&BillRow::TABLE)
        )
    };
    let decode = |row: &PgRow| Ok((row.try_get(1)?, row.try_get(2)?));
    let found: Found<(Uuid, i64)> = of.read_as(reader, &reader.bills, &inner, deadline, decode).await?;
    for (member_id, sessions) in found.rows {
        *players.entry(member_id).or_default() += sessions;
    }
    Ok(())
}

/// The halls of a scope.
pub(super) async fn halls(reader: &Reader, scope: Scope, deadline: Deadline) -> Result<Found<HallRow>, Error> {
    let (tail, kind, id) = match scope {
        Scope::Hall(id) => ("hall_id = $3".to_owned(), "hall", id),
        Scope::Chain(id) => (
            format!("chain_id = $3 AND NOT retired ORDER BY name LIMIT {HALLS_MAX}"),
            "chain",
            id,
        ),
    };
    let values = &[Value::Id(id)];
    let found: Found<HallRow> = reader
        .read(&reader.indicators, Selection { tail: &tail, values }, deadline)
        .await?;
    if found.rows.is_empty() {
        let id = id.to_string();
        return Err(Error::NotFound { kind, id });
    }
    Ok(found)
}

fn stretch(hall: &HallRow, period: Period) -> Stretch<'_> {
    let (zone, cutoff) = hall.clock();
    Stretch {
        hall,
        from: business_day_start(&zone, cutoff, period.first),
        to: business_day_start(&zone, cutoff, period.next().first),
    }
}

fn ids(halls: &[HallRow]) -> String {
    let ids: Vec<_> = halls.iter().map(|hall| hall.hall_id.to_string()).collect();
    ids.join(",")
}

impl Stretch<'_> {
    async fn read_as<V: crate::engine::View, R>(
        &self,
        reader: &Reader,
        view: &crate::engine::Shared<V>,
        inner: &(dyn Fn(&TableNames) -> String + Sync),
        deadline: Deadline,
        decode: impl Fn(&PgRow) -> sqlx::Result<R> + Sync,
    ) -> Result<Found<R>, Error> {
        let (from, to) = (self.from.to_string(), self.to.to_string());
        let values = &[Value::Id(self.hall.hall_id), Value::Text(&from), Value::Text(&to)];
        reader.read_as(view, inner, values, deadline, decode).await
    }
}

impl Total {
    fn add(&mut self, hour: &HourRow) {
        self.figures.add(hour);
        self.occupied_ms += hour.occupied_ms;
    }

    /// How long tables were taken, in hours.
    pub(super) fn taken_hours(&self) -> f64 {
        self.occupied_ms as f64 / HOUR_MS
    }

    /// The part of the time for which tables were taken, 0–1.
    pub(super) fn utilisation(&self) -> f64 {
        if self.table_hours > 0.0 {
            self.taken_hours() / self.table_hours
        } else {
            0.0
        }
    }
}

impl Day {
    const fn of(date: Date) -> Self {
        Self {
            date,
            revenue_fen: 0,
            sessions: 0,
            occupied_ms: 0,
        }
    }

    pub(super) fn taken_hours(&self) -> f64 {
        self.occupied_ms as f64 / HOUR_MS
    }
}

impl Hour {
    pub(super) fn taken_hours(&self) -> f64 {
        self.occupied_ms as f64 / HOUR_MS
    }
}
