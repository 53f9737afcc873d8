//! The figures in memory: what a batch needs, and the hours that it may change.
//!
//! Which hours a batch changes is known only by folding it, so all hours of the days that it can reach are loaded before. An hour
//! of a day that was not loaded is refused: it may be in the tables.

use std::collections::HashSet;
use std::sync::Arc;

use baize_domain::Event;
use baize_domain::complaint::ComplaintEvent;
use baize_domain::device::DeviceEvent;
use baize_domain::hall::{HallEvent, business_date, time_zone_or_utc};
use baize_domain::payment::PaymentEvent;
use baize_domain::session::TableSessionEvent;
use baize_domain::table::TableEvent;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::engine::{Contradiction, Decoded, State, Visitor};
use crate::store::{Rows, TableNames};

use super::Buckets;
use super::fold::stream_id;
use super::rows::{DeviceRow, DisplayRow, HallRow, HourRow, PaymentRow, SessionRow, TableRow};

const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// Nobody has a table for longer; of what claims so, the end counts.
const STRETCH_MAX: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Rows of the view.
#[derive(Debug, Default)]
pub struct IndicatorsState {
    pub(super) halls: Rows<HallRow>,
    pub(super) displays: Rows<DisplayRow>,
    pub(super) tables: Rows<TableRow>,
    pub(super) devices: Rows<DeviceRow>,
    pub(super) sessions: Rows<SessionRow>,
    pub(super) payments: Rows<PaymentRow>,
    pub(super) hours: Rows<HourRow>,
    /// Days of halls of which all hours are held; `None` in a fold from nothing, which holds all there is.
    days_loaded: Option<HashSet<Uuid>>,
}

impl IndicatorsState {
    /// The row of the hour that holds an instant.
    ///
    /// # Errors
    /// The hall was never registered.
    pub(super) fn hour(&mut self, hall_id: Uuid, at: Timestamp, position: i64) -> Result<&mut HourRow, Contradiction> {
        let (zone, cutoff) = self.clock(hall_id)?;
        self.hour_of(hall_id, &zone, cutoff, at, position)
    }

    /// Adds the time that a table was taken to each hour of it.
    ///
    /// # Errors
    /// The hall was never registered.
    pub(super) fn occupied(
        &mut self,
        hall_id: Uuid,
        since: Timestamp,
        until: Timestamp,
        position: i64,
    ) -> Result<(), Contradiction> {
        let (zone, cutoff) = self.clock(hall_id)?;
        for (from, to) in stretches(&zone, cutoff, since, until) {
            let milliseconds = to.as_millisecond().saturating_sub(from.as_millisecond());
            self.hour_of(hall_id, &zone, cutoff, from, position)?.occupied_ms += milliseconds;
        }
        Ok(())
    }

    fn clock(&self, hall_id: Uuid) -> Result<(TimeZone, u16), Contradiction> {
        let hall = self.halls.get(hall_id);
        let hall = hall.ok_or_else(|| Contradiction(format!("hall {hall_id} was never registered")))?;
        Ok(hall.clock())
    }

    fn hour_of(
        &mut self,
        hall_id: Uuid,
        zone: &TimeZone,
        cutoff: u16,
        at: Timestamp,
        position: i64,
    ) -> Result<&mut HourRow, Contradiction> {
        let starts_at = hour_start(zone, at);
        let date = business_date(zone, cutoff, at);
        let name = format!("{date} {}", starts_at.as_second());
        let hour_id = Uuid::new_v5(&hall_id, name.as_bytes());
        if self.hours.get(hour_id).is_none() {
            let day_id = day_id(hall_id, utc_date(starts_at));
            if self.days_loaded.as_ref().is_some_and(|days| !days.contains(&day_id)) {
                return Err(Contradiction(format!(
                    "the hour {starts_at} of hall {hall_id} was not loaded"
                )));
            }
            self.hours.put(HourRow {
                hour_id,
                day_id,
                hall_id,
                business_date: date.to_string(),
                starts_at: starts_at.into(),
                sessions: 0,
                opened: 0,
                open_failed: 0,
                closed: 0,
                revenue_fen: 0,
                paid: 0,
                pay_failed: 0,
                complaints: 0,
                occupied_ms: 0,
                open_time: Json(Buckets::default()),
                response: Json(Buckets::default()),
                position,
            });
        }
        let missing = || Contradiction(format!("the hour {starts_at} of hall {hall_id} is missing"));
        let row = self.hours.change(hour_id).ok_or_else(missing)?;
        row.position = position;
        Ok(row)
    }

    /// The halls whose figures changed since they were last written.
    pub(super) fn changed_halls(&self) -> Arc<[Uuid]> {
        let of_hours = self.hours.changed().map(|row| row.hall_id);
        let of_tables = self.tables.changed().map(|row| row.hall_id);
        let of_halls = self.halls.changed().map(|row| row.hall_id);
        let of_displays = self.displays.changed().map(|row| row.hall_id);
        let halls: HashSet<_> = of_hours.chain(of_tables).chain(of_halls).chain(of_displays).collect();
        halls.into_iter().collect()
    }

    pub(super) async fn load(
        &mut self,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        let mut reach = Reach::of(events);
        let missing = |ids: &HashSet<Uuid>, held: &dyn Fn(Uuid) -> bool| -> Vec<Uuid> {
            ids.iter().copied().filter(|id| !held(*id)).collect()
        };
        let displays = missing(&reach.displays, &|id| self.displays.get(id).is_some());
        self.displays.load(connection, names, "display_id", displays).await?;
        let tables = missing(&reach.tables, &|id| self.tables.get(id).is_some());
        self.tables.load(connection, names, "table_id", tables).await?;
        let sessions = missing(&reach.sessions, &|id| self.sessions.get(id).is_some());
        self.sessions.load(connection, names, "session_id", sessions).await?;
        let devices = missing(&reach.devices, &|id| self.devices.get(id).is_some());
        self.devices.load(connection, names, "device_id", devices).await?;
        let payments = missing(&reach.payments, &|id| self.payments.get(id).is_some());
        self.payments.load(connection, names, "intent_id", payments).await?;
        reach.extend(self);
        let halls = missing(&reach.halls, &|id| self.halls.get(id).is_some());
        self.halls.load(connection, names, "hall_id", halls).await?;

        let loaded = self.days_loaded.get_or_insert_default();
        let days: Vec<_> = reach.days().filter(|day| !loaded.contains(day)).collect();
        self.hours.load(connection, names, "day_id", days.clone()).await?;
        loaded.extend(days);
        Ok(())
    }
}

impl HallRow {
    /// Time zone, and minutes after midnight at which a business day ends.
    pub fn clock(&self) -> (TimeZone, u16) {
        let cutoff = self.business_day_cutoff_minutes.unsigned_abs();
        (time_zone_or_utc(&self.time_zone), cutoff)
    }
}

/// When the hour of that clock began that holds an instant.
pub(crate) fn hour_start(zone: &TimeZone, at: Timestamp) -> Timestamp {
    let local = zone.to_datetime(at);
    let into = SignedDuration::from_secs(i64::from(local.minute()) * 60 + i64::from(local.second()))
        + SignedDuration::from_nanos(i64::from(local.subsec_nanosecond()));
    at.checked_sub(into).unwrap_or(at)
}

/// Cuts a stretch of time where hours and business days end.
pub(crate) fn stretches(
    zone: &TimeZone,
    cutoff_minutes: u16,
    since: Timestamp,
    until: Timestamp,
) -> Vec<(Timestamp, Timestamp)> {
    let mut from = since.max(until.checked_sub(STRETCH_MAX).unwrap_or(since));
    let mut cut = Vec::new();
    while from < until {
        let date = business_date(zone, cutoff_minutes, from);
        let day_ends = date.tomorrow().map_or(until, |next| {
            baize_domain::hall::business_day_start(zone, cutoff_minutes, next)
        });
        let hour_ends = hour_start(zone, from).checked_add(HOUR).unwrap_or(until);
        let to = hour_ends.min(day_ends).min(until);
        if to <= from {
            break;
        }
        cut.push((from, to));
        from = to;
    }
    cut
}

fn day_id(hall_id: Uuid, date: Date) -> Uuid {
    Uuid::new_v5(&hall_id, date.to_string().as_bytes())
}

fn utc_date(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

/// What a batch of events can touch.
#[derive(Default)]
struct Reach {
    halls: HashSet<Uuid>,
    displays: HashSet<Uuid>,
    tables: HashSet<Uuid>,
    sessions: HashSet<Uuid>,
    devices: HashSet<Uuid>,
    payments: HashSet<Uuid>,
    /// The instants that hours are sought by.
    span: Option<(Timestamp, Timestamp)>,
}

impl Reach {
    fn of(events: &[Decoded<'_>]) -> Self {
        let mut reach = Self::default();
        for decoded in events {
            // A stream whose id is no UUID has no rows; folding its event will say so.
            let Ok(id) = stream_id(decoded) else { continue };
            match &decoded.event {
                Event::Hall(event) => reach.hall(id, event),
                Event::Table(event) => reach.table(id, event),
                Event::TableSession(event) => reach.session(id, event),
                Event::Device(event) => reach.device(id, event),
                Event::Payment(event) => reach.payment(id, event),
                Event::Complaint(ComplaintEvent::ComplaintFiled { terms, at }) => {
                    reach.halls.insert(terms.hall_id.0);
                    reach.at(*at);
                }
                _ => {}
            }
        }
        reach
    }

    fn hall(&mut self, id: Uuid, event: &HallEvent) {
        self.halls.insert(id);
        if let HallEvent::DisplayLinkRevoked { display_id, .. } = event {
            self.displays.insert(display_id.0);
        }
    }

    fn table(&mut self, id: Uuid, event: &TableEvent) {
        self.tables.insert(id);
        match event {
            TableEvent::TableRegistered { hall_id, .. } => {
                self.halls.insert(hall_id.0);
            }
            TableEvent::TableOccupied { at, .. } | TableEvent::TableReleased { at, .. } => self.at(*at),
            _ => {}
        }
    }

    fn session(&mut self, id: Uuid, event: &TableSessionEvent) {
        self.sessions.insert(id);
        match event {
            TableSessionEvent::SessionOpened { hall_id, opened_at, .. } => {
                self.halls.insert(hall_id.0);
                self.at(*opened_at);
            }
            TableSessionEvent::SessionClosed { at, .. } | TableSessionEvent::SessionCancelled { at, .. } => {
                self.at(*at)
            }
            _ => {}
        }
    }

    fn device(&mut self, id: Uuid, event: &DeviceEvent) {
        self.devices.insert(id);
        match event {
            DeviceEvent::DeviceRegistered { hall_id, .. } => {
                self.halls.insert(hall_id.0);
            }
            DeviceEvent::LightConfirmed { session_id, at, .. } => {
                self.sessions.extend(session_id.map(|id| id.0));
                self.at(*at);
            }
            _ => {}
        }
    }

    fn payment(&mut self, id: Uuid, event: &PaymentEvent) {
        self.payments.insert(id);
        match event {
            PaymentEvent::PaymentStarted { intent, .. } => self.halls.extend(intent.hall_id.map(|id| id.0)),
            PaymentEvent::PaymentSucceeded { at, .. }
            | PaymentEvent::PaymentFailed { at, .. }
            | PaymentEvent::PaymentConflicted { at, .. } => self.at(*at),
            _ => {}
        }
    }

    fn at(&mut self, at: Timestamp) {
        self.span = Some(match self.span {
            Some((from, to)) => (from.min(at), to.max(at)),
            None => (at, at),
        });
    }

    /// Adds what the rows say that were there before the batch.
    fn extend(&mut self, state: &IndicatorsState) {
        let tables: Vec<_> = self.tables.iter().filter_map(|id| state.tables.get(*id)).collect();
        let sessions: Vec<_> = self.sessions.iter().filter_map(|id| state.sessions.get(*id)).collect();
        self.halls.extend(tables.iter().map(|row| row.hall_id));
        self.halls.extend(sessions.iter().map(|row| row.hall_id));
        let devices = self.devices.iter().filter_map(|id| state.devices.get(*id));
        self.halls.extend(devices.map(|row| row.hall_id));
        let payments = self.payments.iter().filter_map(|id| state.payments.get(*id));
        self.halls.extend(payments.filter_map(|row| row.hall_id));
        let Some((first, _)) = self.span else { return };
        let earliest = first.checked_sub(STRETCH_MAX).unwrap_or(Timestamp::MIN);
        let since = tables.iter().filter_map(|row| row.occupied_since);
        let since: Vec<_> = since.map(|at| at.timestamp().max(earliest)).collect();
        let opened: Vec<_> = sessions
            .iter()
            .filter(|row| !row.decided)
            .map(|row| row.opened_at.timestamp())
            .collect();
        for at in since.into_iter().chain(opened) {
            self.at(at);
        }
    }

    /// The days, in UTC, in which hours begin that may be changed.
    fn days(&self) -> impl Iterator<Item = Uuid> {
        let span = self.span.map(|(from, to)| {
            let first = from.checked_sub(HOUR).unwrap_or(from);
            (utc_date(first), utc_date(to))
        });
        let dates = span.into_iter().flat_map(|(first, last)| {
            let next = move |date: &Date| date.tomorrow().ok().filter(|next| *next <= last);
            std::iter::successors(Some(first), next)
        });
        dates.flat_map(|date| self.halls.iter().map(move |hall_id| day_id(*hall_id, date)))
    }
}

impl State for IndicatorsState {
    async fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.rows(&mut self.halls).await?;
        visitor.rows(&mut self.displays).await?;
        visitor.rows(&mut self.tables).await?;
        visitor.rows(&mut self.devices).await?;
        visitor.rows(&mut self.sessions).await?;
        visitor.rows(&mut self.payments).await?;
        visitor.rows(&mut self.hours).await
    }

    fn held(&self) -> usize {
        self.halls.count()
            + self.displays.count()
            + self.tables.count()
            + self.devices.count()
            + self.sessions.count()
            + self.payments.count()
            + self.hours.count()
    }
}
