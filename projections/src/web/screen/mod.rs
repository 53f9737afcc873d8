//! The wall screen of a hall: its figures beside their targets, how the day goes beside the same day a week ago, and its tables.
//!
//! The page is whole without its script. With it, parts that have changed are sent as the server draws them; every message says how
//! late it is in the hall, and what is older than the screen was told to bear is shown grey.

pub(super) mod charts;
mod draw;
mod link;
mod texts;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Interval, MissedTickBehavior, interval_at};
use uuid::Uuid;

use super::board::speed;
use super::halls::READ_MAX;
use super::language::Language;
use super::security::Nonce;
use super::texts::Texts;
use super::{Failure, Site, render};
use crate::query::{Deadline, Error, Of, watch_board, watch_indicators};
use draw::{Parts, Scene};
use link::Link;
use texts::ScreenTexts;

/// How often a quiet screen is told the time, and drawn again: time itself changes how long tables have been taken.
const BEAT: Duration = Duration::from_secs(5);
/// How long a browser waits before it comes back.
const RECONNECT: Duration = Duration::from_secs(2);
/// News that come within this are drawn together.
const GATHER: Duration = Duration::from_millis(100);
/// Seconds without news after which a screen is grey, unless its address says otherwise: three missed beats.
const STALE_SECONDS: u32 = 16;

/// What the address asks for.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Wish {
    /// The hall; the first by name if none is named.
    hall: Option<Uuid>,
    /// `light`, else dark.
    #[serde(default)]
    theme: String,
    /// Seconds without news after which the screen is grey.
    stale: Option<u32>,
    /// The link that shows the screen, and its ticket.
    display: Option<Uuid>,
    #[serde(default)]
    ticket: String,
}

#[derive(Template)]
#[template(path = "screen.html")]
struct ScreenPage {
    t: &'static Texts,
    s: &'static ScreenTexts,
    language: Language,
    nonce: Nonce,
    light: bool,
    hall_name: String,
    time_zone: String,
    date: String,
    parts: Parts,
    events: String,
    stale_ms: u32,
    now_ms: i64,
    now: String,
    speed: f64,
}

pub(crate) async fn page(
    State(site): State<Arc<Site>>,
    Query(wish): Query<Wish>,
    language: Language,
    nonce: Nonce,
) -> Result<Response, Failure> {
    let failed = |error| Failure::new(error, language, nonce);
    let hall_id = hall(&site, &wish).await.map_err(failed)?;
    let link = Link::checked(&site, hall_id, &wish).map_err(failed)?;
    link.is_good(&site).await.map_err(failed)?;
    let scene = Scene::of(&site, hall_id, None).await.map_err(failed)?;
    let s = texts::of(language);
    let parts = scene.drawn(language).map_err(failed)?;
    let mut events = format!("/screen/events?hall={hall_id}&lang={language}");
    if let Some(display) = wish.display {
        events.push_str(&format!("&display={display}&ticket={}", wish.ticket));
    }
    Ok(render(&ScreenPage {
        t: language.texts(),
        s,
        language,
        nonce,
        light: wish.theme == "light",
        date: scene.date(language),
        now: scene.local_time(),
        now_ms: scene.now.as_millisecond(),
        hall_name: scene.hall_name,
        time_zone: scene.time_zone,
        parts,
        events,
        stale_ms: wish.stale.unwrap_or(STALE_SECONDS).clamp(6, 600) * 1_000,
        speed: speed(&site),
    }))
}

pub(crate) async fn events(
    State(site): State<Arc<Site>>,
    Query(wish): Query<Wish>,
    language: Language,
    nonce: Nonce,
) -> Result<impl IntoResponse, Failure> {
    let failed = |error| Failure::new(error, language, nonce);
    let hall_id = hall(&site, &wish).await.map_err(failed)?;
    let link = Link::checked(&site, hall_id, &wish).map_err(failed)?;
    link.is_good(&site).await.map_err(failed)?;
    let tables = watch_board(Arc::clone(&site.reader), hall_id).map_err(failed)?;
    let figures = watch_indicators(Arc::clone(&site.reader), Of::Hall(hall_id), site.clock.clone()).map_err(failed)?;
    let news = stream::select(
        tables.map(|update| update.map(|_| ())),
        figures.map(|update| update.map(|_| ())),
    );
    let screen = LiveScreen {
        site,
        hall_id,
        link,
        language,
        news: Box::pin(news),
        beat: beat(),
        last: None,
        sent: Parts::default(),
        ended: false,
    };
    let events = stream::unfold(screen, |mut screen| async move { Some((screen.next().await?, screen)) });
    let first = stream::once(async { Event::default().retry(RECONNECT) });
    let events = first.chain(events).map(Ok::<_, Infallible>);
    // Proxies must neither keep nor gather what is sent.
    let headers = [
        (CACHE_CONTROL, "no-cache, no-transform"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Sse::new(events)))
}

async fn hall(site: &Site, wish: &Wish) -> Result<Uuid, Error> {
    if let Some(hall_id) = wish.hall {
        return Ok(hall_id);
    }
    let halls = site.reader.halls(Deadline::within(READ_MAX)).await?;
    let first = halls.rows.first().map(|hall| hall.hall_id);
    first.ok_or_else(|| Error::NotFound {
        kind: "hall",
        id: String::new(),
    })
}

/// A screen that somebody looks at.
struct LiveScreen {
    site: Arc<Site>,
    hall_id: Uuid,
    link: Link,
    language: Language,
    news: Pin<Box<dyn Stream<Item = Result<(), Error>> + Send>>,
    beat: Interval,
    /// What was drawn last: a past day need not be read again.
    last: Option<Scene>,
    sent: Parts,
    ended: bool,
}

impl LiveScreen {
    /// The next message; `None` when the browser had better come back.
    async fn next(&mut self) -> Option<Event> {
        if self.ended {
            return None;
        }
        tokio::select! {
            news = self.news.next() => {
                if let Err(error) = news? {
                    tracing::debug!(?error, "a wall screen ended");
                    return None;
                }
                tokio::time::sleep(GATHER).await;
            }
            _ = self.beat.tick() => {}
        }
        match self.message().await {
            Ok(message) => Some(message),
            Err(Error::Denied(_)) => {
                self.ended = true;
                Some(Event::default().event("gone").data("{}"))
            }
            Err(error) => {
                tracing::debug!(?error, "a wall screen could not be drawn");
                None
            }
        }
    }

    async fn message(&mut self) -> Result<Event, Error> {
        self.link.is_good(&self.site).await?;
        let scene = Scene::of(&self.site, self.hall_id, self.last.take()).await?;
        let parts = scene.drawn(self.language)?;
        let data = json!({
            "parts": parts.changed_since(&self.sent),
            "date": scene.date(self.language),
            "fresh": self.is_fresh(),
            "now": scene.now.as_millisecond(),
            "speed": speed(&self.site),
        });
        self.sent = parts;
        self.last = Some(scene);
        Ok(Event::default().event("screen").data(data.to_string()))
    }

    /// Whether what is drawn keeps up with the log.
    fn is_fresh(&self) -> bool {
        let drawn = ["board", "indicators"];
        let mut statuses = self.site.statuses.iter().map(|status| status.borrow().clone());
        statuses.all(|status| status.serving || !drawn.contains(&status.view))
    }
}

fn beat() -> Interval {
    let mut beat = interval_at(tokio::time::Instant::now() + BEAT, BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat
}
