//! The wall screen on a busy Friday: how it looks, and that it can be read. `just pictures` puts its picture into the README.

use std::collections::HashMap;
use std::sync::Arc;

use baize_domain::device::{DeviceEvent, Driver, LightChannel};
use baize_domain::hall::{HallEvent, HallPolicy};
use baize_domain::ids::{
    ChainId, DeviceId, HallId, HoldId, MemberId, PaymentIntentId, SessionId, TableId, TariffPlanId,
};
use baize_domain::payment::{Intent, PaymentEvent, PaymentFailure, PaymentPolicy, Purpose};
use baize_domain::session::{Bill, BillingStartCause, CloseCause, SessionMode, TableSessionEvent};
use baize_domain::table::{TableClass, TableEvent};
use baize_domain::tariff::{Days, PinnedTariff, Tariff};
use baize_domain::{Event, Fen};
use baize_eventlog::{Clock, EventLog, LogOptions, Metadata, NewEvent, RequestKey, StreamAppend, StreamId, Unit};
use baize_journeys::browser::{Browser, Page};
use baize_journeys::eventually::eventually;
use baize_journeys::program::{self, Process};
use baize_servers::testing;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::screen::{picture, shown};

const HALL: Uuid = Uuid::from_u128(0x0199_a000_0000_7000_8000_0000_0000_0001);
const TABLES: u64 = 12;
/// Nine in the evening in Shanghai, a Friday.
const NOW: &str = "2026-11-20T13:12:00Z";
const OPENS_AT: &str = "2026-11-20T02:00:00Z";
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const DAY_LENGTH: SignedDuration = SignedDuration::from_hours(16);

/// Made-up events, the same in every run.
struct Story {
    random: u64,
    happened: Vec<(Timestamp, Uuid, Event)>,
    sessions: u128,
}

impl Story {
    fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % bound
    }

    fn add(&mut self, at: Timestamp, id: Uuid, event: Event) {
        self.happened.push((at, id, event));
    }

    fn furnish(&mut self, at: Timestamp) {
        let hall = HallEvent::HallRegistered {
            hall_id: HallId(HALL),
            chain_id: ChainId(Uuid::from_u128(2)),
            name: "白泽台球 · 东门店".to_owned(),
            time_zone: "Asia/Shanghai".to_owned(),
            business_day_cutoff_minutes: 360,
            policy: HallPolicy::default(),
        };
        self.add(at, HALL, Event::Hall(hall));
        let classes = [
            TableClass::ChineseEightBall,
            TableClass::ChineseEightBall,
            TableClass::Snooker,
            TableClass::NineBall,
        ];
        for (number, class) in (0..TABLES).zip(classes.into_iter().cycle()) {
            let (table_id, device_id) = (table(number), device(number));
            let registered = DeviceEvent::DeviceRegistered {
                device_id: DeviceId(device_id),
                hall_id: HallId(HALL),
                driver: Driver::Tasmota,
                topic: format!("a{number}"),
                channels: 1,
            };
            self.add(at, device_id, Event::Device(registered));
            let registered = TableEvent::TableRegistered {
                table_id: TableId(table_id),
                hall_id: HallId(HALL),
                label: format!("A{}", number + 1),
                class,
                tariff_plan_id: TariffPlanId(Uuid::from_u128(3)),
                light: light(number),
                qr_token: format!("qr-{number}"),
            };
            self.add(at, table_id, Event::Table(registered));
        }
        let maintenance = TableEvent::MaintenanceStarted {
            reason: "更换台呢".to_owned(),
            expected_end: None,
            repair_id: None,
            at,
        };
        self.add(at, table(6), Event::Table(maintenance));
    }

    /// A day of all tables: busier towards the evening.
    fn day(&mut self, opens_at: Timestamp, eagerness: u64) {
        for number in (0..TABLES).filter(|number| *number != 6) {
            let mut at = opens_at + minutes(self.below(150));
            while at < opens_at + DAY_LENGTH {
                let hour = at.duration_since(opens_at).as_hours().unsigned_abs();
                let length = minutes(35 + self.below(95));
                self.play(number, at, length);
                let quiet = 170_u64.saturating_sub(hour.min(11) * 14) / eagerness;
                at = at + length + minutes(4 + self.below(quiet.max(6)));
            }
        }
    }

    fn play(&mut self, number: u64, at: Timestamp, length: SignedDuration) {
        self.sessions += 1;
        let session = Uuid::from_u128(0x5_0000 + self.sessions);
        let session_id = SessionId(session);
        let taken = TableEvent::TableOccupied { session_id, at };
        self.add(at, table(number), Event::Table(taken));
        self.add(at, session, Event::TableSession(opened(session_id, number, at)));
        let latency_ms = 240 + self.below(420) + if self.below(60) == 0 { 1_100 } else { 0 };
        let lit_at = at + SignedDuration::from_millis(i64::try_from(latency_ms + 400).unwrap_or_default());
        let confirmed = DeviceEvent::LightConfirmed {
            channel: 1,
            rev: self.sessions as u64,
            session_id: Some(session_id),
            on: true,
            latency_ms,
            attempts: 1,
            at: lit_at,
        };
        let desired = DeviceEvent::LightDesired {
            channel: 1,
            rev: self.sessions as u64,
            on: true,
            session_id: Some(session_id),
            not_after: Some(at + length),
            reason: baize_domain::device::DesireReason::SessionOpened,
            issued_at: at,
        };
        self.add(at, device(number), Event::Device(desired));
        self.add(lit_at, device(number), Event::Device(confirmed));
        let billing = TableSessionEvent::BillingStarted {
            at: lit_at,
            cause: BillingStartCause::LightConfirmed,
            covered_until: at + length,
        };
        self.add(lit_at, session, Event::TableSession(billing));
        self.pay(session_id, at);
        let ends_at = at + length;
        let total = Fen(length.as_mins() * 80 + 200);
        let closed = TableSessionEvent::SessionClosed {
            at: ends_at,
            cause: CloseCause::Customer,
            reason: None,
            bill: Bill {
                lines: Vec::new(),
                total,
            },
            light: light(number),
            light_until: ends_at,
        };
        self.add(ends_at, session, Event::TableSession(closed));
        let released = TableEvent::TableReleased {
            session_id,
            at: ends_at,
        };
        self.add(ends_at, table(number), Event::Table(released));
    }

    fn pay(&mut self, session_id: SessionId, at: Timestamp) {
        let intent_id = Uuid::from_u128(0x6_0000 + self.sessions);
        let intent = Intent {
            intent_id: PaymentIntentId(intent_id),
            chain_id: ChainId(Uuid::from_u128(2)),
            hall_id: Some(HallId(HALL)),
            payer: MemberId(Uuid::from_u128(4)),
            guest: false,
            purpose: Purpose::Opening { session_id },
            amount: Fen(4_000),
            description: "开台".to_owned(),
            policy: PaymentPolicy::default(),
            expires_at: at,
        };
        let started = PaymentEvent::PaymentStarted {
            intent: Box::new(intent),
            at,
        };
        self.add(at, intent_id, Event::Payment(started));
        let ended = match self.sessions {
            77 => PaymentEvent::PaymentFailed {
                why: PaymentFailure::DeclinedTooOften,
                at,
            },
            _ => PaymentEvent::PaymentSucceeded { attempt: 1, at },
        };
        self.add(at, intent_id, Event::Payment(ended));
    }

    /// What had happened by then, written in order.
    async fn write(mut self, log: &EventLog, until: Timestamp) -> anyhow::Result<()> {
        self.happened.retain(|(at, ..)| *at <= until);
        self.happened.sort_by_key(|(at, ..)| *at);
        let mut versions: HashMap<StreamId, u64> = HashMap::new();
        for part in self.happened.chunks(1_000) {
            let mut streams: Vec<StreamAppend> = Vec::new();
            for (_, id, event) in part {
                let stream = StreamId::new(event.aggregate_type(), id.to_string());
                let new = NewEvent {
                    event_type: event.event_type().to_owned(),
                    event_version: baize_domain::event::VERSION.to_owned(),
                    payload: serde_json::to_string(event)?,
                };
                match streams.iter_mut().find(|claim| claim.stream == stream) {
                    Some(claim) => claim.events.push(new),
                    None => streams.push(StreamAppend {
                        expected_version: versions.get(&stream).copied().unwrap_or_default(),
                        stream,
                        events: vec![new],
                    }),
                }
            }
            for claim in &streams {
                versions.insert(claim.stream.clone(), claim.expected_version + claim.events.len() as u64);
            }
            let unit = Unit {
                request: RequestKey::new("test", Uuid::new_v4(), b""),
                streams,
                metadata: Metadata::default(),
                response: Vec::new(),
            };
            log.append(unit).await?;
        }
        Ok(())
    }
}

fn opened(session_id: SessionId, number: u64, at: Timestamp) -> TableSessionEvent {
    TableSessionEvent::SessionOpened {
        session_id,
        table_id: TableId(table(number)),
        hall_id: HallId(HALL),
        member_id: MemberId(Uuid::from_u128(4)),
        mode: SessionMode::Postpaid {
            hold_id: HoldId(session_id.0),
            held: Fen(4_000),
            covered_until: at,
        },
        light: light(number),
        tariff: Arc::new(PinnedTariff {
            plan_id: TariffPlanId(Uuid::from_u128(3)),
            version: 1,
            tariff: Tariff::default(),
            days: Days::default(),
        }),
        discount: None,
        time_zone: "Asia/Shanghai".to_owned(),
        policy: HallPolicy::default(),
        opened_at: at,
    }
}

fn minutes(minutes: u64) -> SignedDuration {
    SignedDuration::from_mins(i64::try_from(minutes).unwrap_or_default())
}

fn table(number: u64) -> Uuid {
    Uuid::from_u128(0x1000 + u128::from(number))
}

fn device(number: u64) -> Uuid {
    Uuid::from_u128(0x2000 + u128::from(number))
}

fn light(number: u64) -> LightChannel {
    LightChannel {
        device_id: DeviceId(device(number)),
        channel: 1,
    }
}

/// Texts whose colour is too near that of their ground (WCAG 2.2, 1.4.3: 4.5 to 1, large ones 3 to 1).
const FAINT: &str = r"(() => {
  const parts = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
  const channel = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parts(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const style = getComputedStyle(element);
    if (!own || !element.getClientRects().length || ['SCRIPT', 'STYLE'].includes(element.tagName)) continue;
    const ink = parts(element instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [light(ink), light(ground(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05), large = parseFloat(style.fontSize) >= 24;
    if (ratio < (large ? 3 : 4.5)) faint.push(element.textContent.trim() + ' ' + ratio.toFixed(2));
  }
  return faint.join('; ');
})()";

/// Tiles and tables that do not show all they hold, or lie outside the screen.
const CUT_OFF: &str = r"[...document.querySelectorAll('.tile, .table, h1, .figure, .verdict')].filter((e) => {
  const place = e.getBoundingClientRect();
  return e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 2 || place.bottom > innerHeight + 1 || place.right > innerWidth + 1;
}).map((e) => (e.dataset.kpi || e.id || e.className) + ': ' + e.innerText.slice(0, 40)).join('; ')";

async fn can_be_read(page: &Page) -> anyhow::Result<()> {
    assert_eq!(page.value(FAINT).await?, "", "texts that are too faint");
    assert_eq!(page.value(CUT_OFF).await?, "", "what is cut off");
    Ok(())
}

#[tokio::test]
async fn the_wall_screen_of_a_busy_friday_can_be_read_in_both_languages_and_themes() -> anyhow::Result<()> {
    let database_url = testing::fresh_database();
    let migrated = std::process::Command::new(program::baize())
        .args(["migrate", "--database-url", &database_url])
        .status()?;
    assert!(migrated.success());
    let log = EventLog::connect(LogOptions::new(database_url.parse()?)).await?;
    let (now, opens_at): (Timestamp, Timestamp) = (NOW.parse()?, OPENS_AT.parse()?);
    let mut story = Story {
        random: 7,
        happened: Vec::new(),
        sessions: 0,
    };
    story.furnish(opens_at - WEEK);
    story.day(opens_at - WEEK, 1);
    story.day(opens_at, 2);
    story.write(&log, now).await?;
    log.close().await;
    let dir = testing::fresh_dir("pictures")?;
    let clock = Clock::scaled(
        Timestamp::from_millisecond(Timestamp::now().as_millisecond())?,
        now,
        1.0,
    );
    let any = "127.0.0.1:0";
    let arguments = [
        "serve",
        "projections",
        "--clock",
        &clock.spec(),
        "--database-url",
        &database_url,
        "--query-listen",
        any,
        "--web-listen",
        any,
        "--nats-url",
        "nats://127.0.0.1:1",
    ];
    let keys = baize_proto::access::KeyFolder::at(dir.join("keys"));
    keys.ensure(Timestamp::now())?;
    let mut arguments: Vec<std::ffi::OsString> = arguments.map(Into::into).into();
    arguments.extend(["--keys-dir".into(), keys.path().into()]);
    let mut projections = Process::new("projections", &dir, arguments);
    projections.spawn()?;
    let ready: serde_json::Value = serde_json::from_str(&projections.ready().await?)?;
    let web = ready["web"].as_str().unwrap_or_default().to_owned();

    let browser = Browser::launch()?;
    let address = format!("{web}/screen?hall={HALL}");
    // The views begin empty: until the hall is in them there is no such page.
    let first = browser.open(&address, 1920, 1080).await?;
    let known = eventually("the hall to be known", crate::PATIENCE, async || {
        first.go(&address).await.ok()?;
        let is_there = first.value("document.querySelector('.link') !== null").await.ok()?;
        (is_there == serde_json::Value::Bool(true)).then_some(())
    });
    known.await?;
    for (language, theme) in [("zh-CN", "dark"), ("en", "dark"), ("zh-CN", "light"), ("en", "light")] {
        let page = browser
            .open(&format!("{address}&lang={language}&theme={theme}"), 1920, 1080)
            .await?;
        page.until("the screen", "document.body.classList.contains('live')")
            .await?;
        shown(&page, "maintenance", 1).await?;
        can_be_read(&page).await?;
        page.picture(&picture(&format!("screen-{language}-{theme}"))).await?;
    }
    let calm = browser.open(&format!("{address}&lang=en"), 1920, 1080).await?;
    let moves = "getComputedStyle(document.querySelector('.link'), '::before').animationName !== 'none'";
    calm.until("life", moves).await?;
    calm.prefer("prefers-reduced-motion", "reduce").await?;
    calm.until("calm", &moves.replace("!==", "===")).await?;
    assert_eq!(calm.faults(), Vec::<String>::new(), "no script has thrown");
    Ok(())
}
