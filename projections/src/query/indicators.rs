//! `IndicatorService`: the figures of a hall or a chain, now and on any business day.

use std::collections::BTreeMap;
use std::sync::Arc;

use baize_domain::hall::{business_date, business_day_start};
use baize_eventlog::Clock;
use baize_proto::access::Belonging;
use baize_proto::hall::view::v1::{
    self as view, GetIndicatorsRequest, GetIndicatorsResponse, WatchIndicatorsRequest, WatchIndicatorsResponse,
    get_indicators_request, indicator_service_server, watch_indicators_request,
};
use futures::stream::{BoxStream, StreamExt as _};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::deadline::Deadline;
use super::encode::timestamp;
use super::error::Error;
use super::fields::Fields;
use super::reader::{Found, Reader, Selection, Value};
use super::rights::Asker;
use super::watch::watch_indicators;
use crate::kpis::{Definition, Direction, Figures, Kpi, Unit};
use crate::views::indicators::{DisplayRow, HallRow, HourRow, TableRow, hour_start, stretches};

/// Halls of a chain that are added up.
const HALLS_MAX: usize = 1_000;
/// Tables of a chain.
const TABLES_MAX: usize = 100_000;
/// A business day has 25 hours at most, and one more where it begins within an hour.
const HOURS_MAX: usize = 26;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// One hall.
    Hall(Uuid),
    /// All halls of a chain.
    Chain(Uuid),
}

/// The figures of a business day.
#[derive(Debug, Clone)]
pub(crate) struct DayFigures {
    /// The business day.
    pub(crate) date: Date,
    /// All of it.
    pub(crate) figures: Figures,
    /// Hour by hour, those that have begun, in order.
    pub(crate) hours: BTreeMap<Timestamp, HourFigures>,
    /// The halls whose figures they are.
    pub(crate) halls: Vec<Uuid>,
    pub(crate) position: u64,
}

/// The figures of an hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HourFigures {
    pub(crate) sessions: i64,
    pub(crate) revenue_fen: i64,
    /// How long tables were taken, all together.
    pub(crate) occupied_ms: i64,
}

/// The service.
pub(crate) struct IndicatorService {
    reader: Arc<Reader>,
    clock: Clock,
}

impl IndicatorService {
    pub(crate) fn new(reader: Arc<Reader>, clock: Clock) -> Self {
        Self { reader, clock }
    }
}

#[tonic::async_trait]
impl indicator_service_server::IndicatorService for IndicatorService {
    async fn get_indicators(
        &self,
        request: Request<GetIndicatorsRequest>,
    ) -> Result<Response<GetIndicatorsResponse>, Status> {
        let asker = Asker::of(&request, "IndicatorService/GetIndicators")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let mut fields = Fields::default();
        let of = match &request.of {
            Some(get_indicators_request::Of::HallId(id)) => Of::Hall(fields.id("hall_id", id)),
            Some(get_indicators_request::Of::ChainId(id)) => Of::Chain(fields.id("chain_id", id)),
            None => unnamed(&mut fields),
        };
        let date = date(&mut fields, &request.business_date);
        fields.finish()?;
        self.reader
            .wait(&self.reader.indicators, request.min_position, deadline)
            .await?;
        asker.may_ask(&self.reader, of.belonging(), deadline).await?;
        let day = self.reader.indicators(of, date, self.clock.now(), deadline).await?;
        let position = day.position;
        Ok(Response::new(GetIndicatorsResponse {
            day: Some(encoded(&day, self.clock.now())),
            position,
        }))
    }

    type WatchIndicatorsStream = BoxStream<'static, Result<WatchIndicatorsResponse, Status>>;

    async fn watch_indicators(
        &self,
        request: Request<WatchIndicatorsRequest>,
    ) -> Result<Response<Self::WatchIndicatorsStream>, Status> {
        let asker = Asker::of(&request, "IndicatorService/WatchIndicators")?;
        let deadline = Deadline::of(request.metadata());
        let mut fields = Fields::default();
        let of = match &request.get_ref().of {
            Some(watch_indicators_request::Of::HallId(id)) => Of::Hall(fields.id("hall_id", id)),
            Some(watch_indicators_request::Of::ChainId(id)) => Of::Chain(fields.id("chain_id", id)),
            None => unnamed(&mut fields),
        };
        fields.finish()?;
        asker.may_ask(&self.reader, of.belonging(), deadline).await?;
        let clock = self.clock.clone();
        let updates = watch_indicators(Arc::clone(&self.reader), of, self.clock.clone())?;
        let told = move |day: DayFigures| WatchIndicatorsResponse {
            position: day.position,
            day: Some(encoded(&day, clock.now())),
        };
        Ok(Response::new(
            updates.map(move |day| day.map(&told).map_err(Status::from)).boxed(),
        ))
    }
}

fn unnamed(fields: &mut Fields) -> Of {
    fields.refuse("of", "is required: hall_id or chain_id");
    Of::Hall(Uuid::nil())
}

fn date(fields: &mut Fields, text: &str) -> Option<Date> {
    if text.is_empty() {
        return None;
    }
    let date = text.parse().ok();
    if date.is_none() {
        fields.refuse("business_date", "is no date such as 2026-11-22");
    }
    date
}

impl Of {
    fn belonging(self) -> Belonging {
        match self {
            Self::Hall(hall_id) => Belonging::to_hall(hall_id),
            Self::Chain(chain_id) => Belonging::default().and_chain(Some(chain_id)),
        }
    }
}

impl Reader {
    /// The figures of a business day; of the one that `now` is in, in each hall, if none is named.
    pub(crate) async fn indicators(
        &self,
        of: Of,
        date: Option<Date>,
        now: Timestamp,
        deadline: Deadline,
    ) -> Result<DayFigures, Error> {
        let halls = self.figured_halls(of, deadline).await?;
        let days: Vec<_> = halls.rows.iter().map(|hall| HallDay::of(hall, date, now)).collect();
        let hours = self.figured_hours(&days, deadline).await?;
        let tables = self.figured_tables(&days, deadline).await?;
        let mut day = DayFigures {
            date: days.iter().map(|day| day.date).max().unwrap_or_default(),
            figures: Figures::default(),
            hours: days.iter().flat_map(|day| day.begun(now)).collect(),
            halls: days.iter().map(|day| day.hall.hall_id).collect(),
            position: halls.position.min(hours.position).min(tables.position),
        };
        for hour in &hours.rows {
            day.add(hour);
        }
        for table in &tables.rows {
            if let Some(of) = days.iter().find(|of| of.hall.hall_id == table.hall_id) {
                day.add_table(of, table, now);
            }
        }
        Ok(day)
    }

    /// A hall, with the clock of its days.
    pub(crate) async fn figured_hall(&self, hall_id: Uuid, deadline: Deadline) -> Result<HallRow, Error> {
        let found = self.one(&self.indicators, "hall", "hall_id", hall_id, deadline).await;
        found.map(|(hall, _)| hall)
    }

    /// A link to a wall screen.
    pub(crate) async fn display(&self, display_id: Uuid, deadline: Deadline) -> Result<DisplayRow, Error> {
        let found = self.one(&self.indicators, "display", "display_id", display_id, deadline);
        found.await.map(|(link, _)| link)
    }

    async fn figured_halls(&self, of: Of, deadline: Deadline) -> Result<Found<HallRow>, Error> {
        let (tail, kind, id) = match of {
            Of::Hall(id) => ("hall_id = $3".to_owned(), "hall", id),
            Of::Chain(id) => (format!("chain_id = $3 AND NOT retired LIMIT {HALLS_MAX}"), "chain", id),
        };
        let values = &[Value::Id(id)];
        let selection = Selection { tail: &tail, values };
        let found: Found<HallRow> = self.read(&self.indicators, selection, deadline).await?;
        if found.rows.is_empty() {
            let id = id.to_string();
            return Err(Error::NotFound { kind, id });
        }
        Ok(found)
    }

    async fn figured_hours(&self, days: &[HallDay<'_>], deadline: Deadline) -> Result<Found<HourRow>, Error> {
        let tail = format!(
            "hall_id = ANY(string_to_array($3, ',')::uuid[]) AND business_date = ANY(string_to_array($4, ',')) LIMIT {}",
            HALLS_MAX * HOURS_MAX
        );
        let mut dates: Vec<_> = days.iter().map(|day| day.date.to_string()).collect();
        dates.dedup();
        let (halls, dates) = (hall_ids(days), dates.join(","));
        let values = &[Value::Text(&halls), Value::Text(&dates)];
        let selection = Selection { tail: &tail, values };
        let mut found: Found<HourRow> = self.read(&self.indicators, selection, deadline).await?;
        // Where it is already another day elsewhere.
        found.rows.retain(|row| {
            let own = days.iter().find(|day| day.hall.hall_id == row.hall_id);
            own.is_some_and(|day| day.date.to_string() == row.business_date)
        });
        Ok(found)
    }

    async fn figured_tables(&self, days: &[HallDay<'_>], deadline: Deadline) -> Result<Found<TableRow>, Error> {
        let tail = format!("hall_id = ANY(string_to_array($3, ',')::uuid[]) AND NOT retired LIMIT {TABLES_MAX}");
        let halls = hall_ids(days);
        let values = &[Value::Text(&halls)];
        self.read(&self.indicators, Selection { tail: &tail, values }, deadline)
            .await
    }
}

fn hall_ids(days: &[HallDay<'_>]) -> String {
    let ids: Vec<_> = days.iter().map(|day| day.hall.hall_id.to_string()).collect();
    ids.join(",")
}

/// A business day of one hall.
struct HallDay<'h> {
    hall: &'h HallRow,
    date: Date,
    starts_at: Timestamp,
    ends_at: Timestamp,
}

impl<'h> HallDay<'h> {
    fn of(hall: &'h HallRow, date: Option<Date>, now: Timestamp) -> Self {
        let (zone, cutoff) = hall.clock();
        let date = date.unwrap_or_else(|| business_date(&zone, cutoff, now));
        let starts_at = business_day_start(&zone, cutoff, date);
        let next = date.tomorrow().unwrap_or(date);
        Self {
            hall,
            date,
            starts_at,
            ends_at: business_day_start(&zone, cutoff, next),
        }
    }

    /// The hours that have begun, still empty.
    fn begun(&self, now: Timestamp) -> Vec<(Timestamp, HourFigures)> {
        let first = hour_start(&self.hall.clock().0, self.starts_at);
        let next = |at: &Timestamp| at.checked_add(HOUR).ok();
        let hours = std::iter::successors(Some(first), next).take(HOURS_MAX);
        hours
            .take_while(|at| *at < self.ends_at && *at <= now)
            .map(|at| (at, HourFigures::default()))
            .collect()
    }
}

impl DayFigures {
    fn add(&mut self, row: &HourRow) {
        self.figures.add(row);
        let hour = self.hours.entry(row.starts_at.timestamp()).or_default();
        hour.sessions += row.sessions;
        hour.revenue_fen += row.revenue_fen;
        hour.occupied_ms += row.occupied_ms;
    }

    /// A table, with the time that it has been taken for and not left yet.
    fn add_table(&mut self, of: &HallDay<'_>, table: &TableRow, now: Timestamp) {
        self.figures.tables += 1;
        let Some(since) = table.occupied_since else { return };
        self.figures.occupied += 1;
        let (zone, cutoff) = of.hall.clock();
        let (from, until) = (since.timestamp().max(of.starts_at), now.min(of.ends_at));
        for (from, to) in stretches(&zone, cutoff, from, until) {
            let hour = self.hours.entry(hour_start(&zone, from)).or_default();
            hour.occupied_ms += to.as_millisecond().saturating_sub(from.as_millisecond());
        }
    }
}

fn encoded(day: &DayFigures, now: Timestamp) -> view::DayIndicators {
    let hours = day.hours.iter().map(|(starts_at, hour)| view::HourIndicators {
        starts_at: Some(timestamp(*starts_at)),
        sessions: hour.sessions.unsigned_abs(),
        revenue_fen: hour.revenue_fen,
        occupied_seconds: hour.occupied_ms.unsigned_abs() / 1_000,
    });
    view::DayIndicators {
        business_date: day.date.to_string(),
        indicators: Kpi::ALL.into_iter().map(|kpi| indicator(kpi, &day.figures)).collect(),
        hours: hours.collect(),
        as_of: Some(timestamp(now)),
    }
}

fn indicator(kpi: Kpi, figures: &Figures) -> view::Indicator {
    let Definition {
        code,
        name_zh,
        name_en,
        unit,
        target,
        direction,
        ..
    } = kpi.definition();
    let unit = match unit {
        Unit::Tables => view::IndicatorUnit::Tables,
        Unit::Fen => view::IndicatorUnit::Fen,
        Unit::Sessions => view::IndicatorUnit::Sessions,
        Unit::BasisPoints => view::IndicatorUnit::BasisPoints,
        Unit::Milliseconds => view::IndicatorUnit::Milliseconds,
    };
    let direction = target.map(|_| match direction {
        Direction::AtLeast => view::TargetDirection::AtLeast,
        Direction::AtMost => view::TargetDirection::AtMost,
    });
    let found = figures.value(kpi);
    view::Indicator {
        code: code.to_owned(),
        name_zh: name_zh.to_owned(),
        name_en: name_en.to_owned(),
        unit: unit.into(),
        value: found.value,
        numerator: found.share.map(|(numerator, _)| numerator),
        denominator: found.share.map(|(_, denominator)| denominator),
        target,
        direction: direction.unwrap_or_default().into(),
        met: found.value.and_then(|value| kpi.met(value)),
    }
}
