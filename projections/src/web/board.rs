//! The live board of a hall: a page that is whole without its script, and a stream of events that keeps it so.
//!
//! Every event has the log position as its id. A browser that comes back sends the last one it saw, and gets the tables
//! that changed since; the page itself asks the same way for what changed since it was drawn.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt as _, stream};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Interval, MissedTickBehavior, interval_at};
use uuid::Uuid;

use super::cards::{Card, Style};
use super::halls::READ_MAX;
use super::language::Language;
use super::security::Nonce;
use super::texts::Texts;
use super::{Failure, Site, render};
use crate::query::{BoardUpdate, Deadline, Error, Found, watch_board};
use crate::views::board::TableRow;

/// How often a quiet board tells its position and the time; the page takes three missed ones for a lost connection.
const BEAT: Duration = Duration::from_secs(5);
/// How long a browser waits before it comes back.
const RECONNECT: Duration = Duration::from_secs(2);

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    t: &'static Texts,
    language: Language,
    nonce: Nonce,
    hall_id: Uuid,
    hall_name: String,
    time_zone: String,
    cards: Vec<Card>,
    position: u64,
    now_ms: i64,
    /// Local, of the instant above.
    now: String,
    /// How many times faster than the world the hall's clock runs.
    speed: f64,
}

pub(crate) async fn page(
    State(site): State<Arc<Site>>,
    Path(hall_id): Path<String>,
    language: Language,
    nonce: Nonce,
) -> Result<Response, Failure> {
    let failed = |error| Failure::new(error, language, nonce);
    let hall_id = parse(&hall_id).map_err(failed)?;
    let deadline = Deadline::within(READ_MAX);
    let hall = site.reader.hall(hall_id, deadline).await.map_err(failed)?;
    let Found { rows, position } = site.reader.tables(hall_id, deadline).await.map_err(failed)?;
    let style = style(language, &hall.time_zone);
    let now = site.clock.now();
    let page = BoardPage {
        t: language.texts(),
        language,
        nonce,
        hall_id,
        hall_name: hall.name,
        time_zone: hall.time_zone,
        cards: rows.into_iter().map(|row| Card::new(row, &style)).collect(),
        position,
        now_ms: now.as_millisecond(),
        now: now.to_zoned(style.zone).strftime("%H:%M:%S").to_string(),
        speed: speed(&site),
    };
    Ok(render(&page))
}

#[derive(Deserialize)]
pub(crate) struct Since {
    /// The position that the page was drawn at.
    after: Option<u64>,
}

pub(crate) async fn events(
    State(site): State<Arc<Site>>,
    Path(hall_id): Path<String>,
    Query(since): Query<Since>,
    headers: HeaderMap,
    language: Language,
    nonce: Nonce,
) -> Result<impl IntoResponse, Failure> {
    let failed = |error| Failure::new(error, language, nonce);
    let hall_id = parse(&hall_id).map_err(failed)?;
    // Also tells whether there is such a hall, which a stream could say only after its headers.
    let hall = site
        .reader
        .hall(hall_id, Deadline::within(READ_MAX))
        .await
        .map_err(failed)?;
    let updates = watch_board(Arc::clone(&site.reader), hall_id).map_err(failed)?;
    let last_id = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse().ok());
    let board = LiveBoard {
        updates: Box::pin(updates),
        beat: beat(),
        style: style(language, &hall.time_zone),
        known: last_id.or(since.after),
        position: 0,
        site,
    };
    let events = stream::unfold(board, |mut board| async move { Some((board.next().await?, board)) });
    let first = stream::once(async { Event::default().retry(RECONNECT) });
    let events = first.chain(events).map(Ok::<_, std::convert::Infallible>);
    // Proxies must neither keep nor gather what is sent.
    let headers = [
        (CACHE_CONTROL, "no-cache, no-transform"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Sse::new(events)))
}

struct LiveBoard<S> {
    site: Arc<Site>,
    updates: S,
    beat: Interval,
    style: Style,
    /// The position of the board that the browser has, until the first update.
    known: Option<u64>,
    position: u64,
}

impl<S: Stream<Item = Result<BoardUpdate, Error>> + Unpin> LiveBoard<S> {
    /// The next event; `None` when the browser had better come back.
    async fn next(&mut self) -> Option<Event> {
        tokio::select! {
            update = self.updates.next() => match update? {
                Ok(update) => Some(self.update(update)),
                Err(error) => {
                    tracing::debug!(?error, "a live board ended");
                    None
                }
            },
            _ = self.beat.tick() => Some(self.event("beat", json!({}))),
        }
    }

    fn update(&mut self, update: BoardUpdate) -> Event {
        let BoardUpdate {
            mut tables,
            mut snapshot,
            position,
        } = update;
        self.position = position;
        // What the browser has may be of a later position than a view that was rebuilt or lost its tail: then it is
        // no help.
        if let Some(known) = self.known.take().filter(|known| *known <= position) {
            tables.retain(|table| table.position as u64 > known);
            snapshot = false;
        }
        let cards: Vec<_> = tables.into_iter().map(|table| self.card(table)).collect();
        self.event("board", json!({ "snapshot": snapshot, "cards": cards }))
    }

    fn card(&self, table: TableRow) -> serde_json::Value {
        let id = table.table_id;
        json!({ "id": id, "html": Card::new(table, &self.style).html() })
    }

    fn event(&self, name: &str, mut data: serde_json::Value) -> Event {
        let position = self.position.max(self.site.board_position());
        data["position"] = json!(position);
        data["now"] = json!(self.site.clock.now().as_millisecond());
        data["speed"] = json!(speed(&self.site));
        let event = Event::default().event(name).data(data.to_string());
        // Of an update, the position it brought the browser to. A beat brings it nowhere.
        if name == "board" {
            event.id(self.position.to_string())
        } else {
            event
        }
    }
}

impl Site {
    /// The board as a whole is up to date to here, whether or not this hall changed.
    fn board_position(&self) -> u64 {
        self.statuses
            .iter()
            .map(|status| status.borrow().clone())
            .find(|status| status.view == "board")
            .map_or(0, |status| status.position)
    }
}

fn parse(hall_id: &str) -> Result<Uuid, Error> {
    Uuid::try_parse(hall_id).map_err(|_| Error::NotFound {
        kind: "hall",
        id: hall_id.to_owned(),
    })
}

fn style(language: Language, time_zone: &str) -> Style {
    Style {
        language,
        zone: TimeZone::get(time_zone).unwrap_or(TimeZone::UTC),
    }
}

pub(super) fn speed(site: &Site) -> f64 {
    const SAMPLE: Duration = Duration::from_secs(3_600);
    SAMPLE.as_secs_f64() / site.clock.real_duration(SAMPLE).as_secs_f64()
}

fn beat() -> Interval {
    let mut beat = interval_at(tokio::time::Instant::now() + BEAT, BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat
}
