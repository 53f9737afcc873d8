//! A migrated database of one test's own, a log to write to, and services on it.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use baize_domain::payment::Channel as Provider;
use baize_eventlog::{
    EventLog, LogOptions, META_CORRELATION_ID, META_HALL, META_REQUEST_ID, Metadata, NewEvent, Relay, RelayOptions,
    RelayStatus, RequestKey, StreamAppend, StreamId, Unit,
};
use baize_projections::{Comparison, Database, Options, Projections, VIEWS};
use baize_proto::access::{Badge, Bearing, KeyRing, Keys};
use baize_servers::testing;
use jiff::civil::date;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgConnection};
use tonic::transport::Channel;
use uuid::Uuid;

use crate::evening::{Evening, Happened, compensation_asked, complaint_filed, hall, repair_opened, split_started};
use crate::payments::Paying;
use crate::reconciliations;

/// Generous: reached only by a test that fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Nobody listens there: the stream is away for ever.
pub const NO_NATS: &str = "nats://127.0.0.1:1";

/// The keys of every service here.
pub static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys::new(KeyRing::generate().unwrap()));

/// A channel of somebody who may read everything.
pub fn bearing(channel: Channel) -> Bearing {
    Bearing::new(channel, Badge::of_the_house(&KEYS))
}

pub struct Stage {
    pub url: String,
    pub log: EventLog,
    versions: Mutex<HashMap<StreamId, u64>>,
}

impl Stage {
    /// A new, empty log.
    pub async fn new() -> Self {
        Self::at(testing::fresh_database()).await
    }

    pub async fn at(url: String) -> Self {
        let owner = PgPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
        baize_schema::migrate(&owner).await.unwrap();
        owner.close().await;
        let options = LogOptions::new(url.parse().unwrap()).role(baize_schema::APP_ROLE);
        let log = EventLog::connect(options).await.unwrap();
        Self {
            url,
            log,
            versions: Mutex::default(),
        }
    }

    pub fn database(&self) -> Database {
        Database::new(&self.url).unwrap()
    }

    pub fn options(&self, nats_url: &str) -> Options {
        let poll_interval = Duration::from_millis(5);
        Options {
            poll_interval,
            keys: KEYS.clone(),
            ..Options::new(self.database(), nats_url)
        }
    }

    /// A service that reads Postgres alone.
    pub async fn serve(&self) -> Projections {
        Projections::start(self.options(NO_NATS)).await.unwrap()
    }

    /// Writes the events as one unit and returns the last one's position.
    pub async fn append(&self, happened: Vec<Happened>) -> u64 {
        let session = happened
            .iter()
            .find(|happened| happened.event.aggregate_type() == "TableSession");
        let session = session.map(|happened| happened.id);
        let events = happened.iter().map(|happened| {
            let event = NewEvent {
                event_type: happened.event.event_type().to_owned(),
                event_version: baize_domain::event::VERSION.to_owned(),
                payload: serde_json::to_string(&happened.event).unwrap(),
            };
            (
                StreamId::new(happened.event.aggregate_type(), happened.id.to_string()),
                event,
            )
        });
        self.append_for(session, events.collect()).await
    }

    /// Writes each unit for itself.
    pub async fn append_all(&self, units: Vec<Vec<Happened>>) -> u64 {
        let mut position = 0;
        for unit in units {
            position = self.append(unit).await;
        }
        position
    }

    /// Writes many units as few: for logs that must be long and not slow to make.
    pub async fn append_bulk(&self, units: Vec<Vec<Happened>>) -> u64 {
        let mut position = 0;
        let happened: Vec<_> = units.into_iter().flatten().collect();
        for part in happened.chunks(1_500) {
            position = self.append(part.to_vec()).await;
        }
        position
    }

    pub async fn append_raw(&self, events: Vec<(StreamId, NewEvent)>) -> u64 {
        self.append_for(None, events).await
    }

    /// Writes a unit that is about a session, or about none.
    async fn append_for(&self, session: Option<Uuid>, events: Vec<(StreamId, NewEvent)>) -> u64 {
        let mut streams: Vec<StreamAppend> = Vec::new();
        let mut places: HashMap<StreamId, usize> = HashMap::new();
        for (stream, event) in events {
            let place = *places.entry(stream.clone()).or_insert_with(|| {
                let expected_version = self.versions.lock().unwrap().get(&stream).copied().unwrap_or(0);
                streams.push(StreamAppend {
                    stream,
                    expected_version,
                    events: Vec::new(),
                });
                streams.len() - 1
            });
            streams[place].events.push(event);
        }
        for claim in &streams {
            let version = claim.expected_version + claim.events.len() as u64;
            self.versions.lock().unwrap().insert(claim.stream.clone(), version);
        }
        let request_id = Uuid::new_v4();
        let unit = Unit {
            request: RequestKey::new("test", request_id, b""),
            streams,
            metadata: Metadata::from([
                (META_HALL.to_owned(), "h".to_owned()),
                (META_REQUEST_ID.to_owned(), request_id.to_string()),
                (
                    META_CORRELATION_ID.to_owned(),
                    session.unwrap_or(request_id).to_string(),
                ),
            ]),
            response: Vec::new(),
        };
        self.log.append(unit).await.unwrap().position()
    }

    /// A connection of the owner, who may do everything.
    pub async fn owner(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    pub async fn execute(&self, sql: &str) {
        let mut owner = self.owner().await;
        sqlx::raw_sql(sql).execute(&mut owner).await.unwrap();
    }

    pub async fn number(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(&mut self.owner().await)
            .await
            .unwrap()
    }

    pub async fn verify(&self, view: &str) -> Comparison {
        baize_projections::verify(&self.database(), view, |_| {}).await.unwrap()
    }

    /// Every view must equal the fold of the log up to `position`.
    pub async fn verify_all(&self, position: u64) {
        for view in VIEWS {
            let comparison = self.verify(view).await;
            assert!(comparison.is_equal(), "{comparison}");
            assert_eq!(comparison.position, position, "{view}");
        }
    }

    /// What evenings do not have: a payment with a refund, a split bill, a repair, a day of a provider's bills; so that no view is empty.
    pub async fn the_rare(&self) -> u64 {
        let paying = Paying::new(Uuid::now_v7(), None);
        self.append([paying.started(0), paying.paid(1)].concat()).await;
        let refund = paying.refund_asked(Uuid::now_v7(), Uuid::now_v7(), 2);
        let repair = repair_opened(Uuid::now_v7(), 3);
        let about = Uuid::now_v7();
        let complaint = [
            hall(about, "白泽分店"),
            complaint_filed(about, 4),
            compensation_asked(Uuid::now_v7(), 5),
        ];
        self.append(vec![refund, split_started(Uuid::now_v7(), 3), repair])
            .await;
        self.append(complaint.to_vec()).await;
        self.append(reconciliations::day(Provider::Alipay, date(2026, 11, 20), 2))
            .await
    }

    /// Some halls, tables and members, already in the log.
    pub async fn furnished(&self, seed: u64) -> (Evening, u64) {
        let mut evening = Evening::new(seed);
        let position = self.append(evening.furnish(2, 6, 5)).await;
        (evening, position)
    }
}

/// Publishes the log and waits until it does.
pub async fn relay(stage: &Stage, nats_url: &str) -> Relay {
    let relay = Relay::start(stage.log.clone(), RelayOptions::new(nats_url));
    published(&relay, stage.log.head().await.unwrap()).await;
    relay
}

/// Waits until the stream holds the log up to `position`.
pub async fn published(relay: &Relay, position: u64) {
    let mut status = relay.status();
    let reached = status.wait_for(|status| matches!(status, RelayStatus::Running { position: at } if *at >= position));
    in_time("publication", reached).await.unwrap();
}

pub async fn reach(service: &Projections, position: u64) {
    in_time("the views", service.reach(position)).await.unwrap();
}

pub async fn in_time<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => panic!("{what}: not within {PATIENCE:?}"),
    }
}

/// Asks again and again, as a person would, until the answer is there.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    in_time(what, async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}

/// Servers that a test may hurt are heavy: a few at a time.
pub static HEAVY: LazyLock<tokio::sync::Semaphore> = LazyLock::new(|| tokio::sync::Semaphore::new(2));
