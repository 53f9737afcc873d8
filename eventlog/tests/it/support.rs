//! What the tests share: databases, units, and waiting for facts.

use std::time::Duration;

use baize_eventlog::{
    Appended, EventLog, LogOptions, Metadata, NewEvent, RecordedEvent, RequestKey, StreamAppend, StreamId, Unit,
};
use sqlx::PgPool;
use uuid::Uuid;

/// A migrated database of its own.
pub struct Database {
    pub url: String,
}

impl Database {
    pub async fn new() -> Self {
        let url = tokio::task::spawn_blocking(baize_servers::testing::fresh_database)
            .await
            .unwrap();
        Self::migrated(url).await
    }

    pub async fn migrated(url: String) -> Self {
        let database = Self { url };
        let owner = database.owner().await;
        baize_schema::migrate(&owner).await.unwrap();
        owner.close().await;
        database
    }

    pub fn options(&self) -> LogOptions {
        let mut options = LogOptions::new(self.url.parse().unwrap()).role(baize_schema::APP_ROLE);
        options.read_connections = 3;
        options
    }

    pub async fn log(&self) -> EventLog {
        EventLog::connect(self.options()).await.unwrap()
    }

    pub async fn owner(&self) -> PgPool {
        sqlx::postgres::PgPoolOptions::new()
            .max_connections(2)
            .connect(&self.url)
            .await
            .unwrap()
    }
}

pub fn stream(id: &str) -> StreamId {
    StreamId::new("Account", id)
}

pub fn deposited(amount: i64) -> NewEvent {
    NewEvent {
        event_type: "Deposited".into(),
        event_version: "1.0".into(),
        payload: format!(r#"{{ "Deposited":{{"amount":{amount}}}}}"#),
    }
}

/// `count` deposits on a stream at `expected_version`.
pub fn deposits(id: &str, expected_version: u64, count: i64) -> StreamAppend {
    StreamAppend {
        stream: stream(id),
        expected_version,
        events: (1..=count).map(deposited).collect(),
    }
}

pub fn unit(streams: Vec<StreamAppend>) -> Unit {
    let request_id = Uuid::new_v4();
    Unit {
        request: RequestKey::new("tester", request_id, b"content"),
        streams,
        metadata: Metadata::from([
            ("hall".to_owned(), "hall-1".to_owned()),
            ("request_id".to_owned(), request_id.to_string()),
        ]),
        response: request_id.as_bytes().to_vec(),
    }
}

pub async fn committed(log: &EventLog, unit: Unit) -> u64 {
    match log.append(unit).await.unwrap() {
        Appended::Committed { position } => position,
        replayed => panic!("{replayed:?}"),
    }
}

/// Appends `count` events to streams of their own and returns the last position.
pub async fn append_some(log: &EventLog, count: usize) -> u64 {
    let appends = (0..count).map(|_| {
        let id = Uuid::new_v4().to_string();
        log.append(unit(vec![deposits(&id, 0, 1)]))
    });
    let appended = futures::future::join_all(appends).await;
    let positions = appended.into_iter().map(|appended| appended.unwrap().position());
    positions.max().unwrap()
}

/// The whole log. Panics if positions or sequences are not 1, 2, 3 …
pub async fn whole(log: &EventLog) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    loop {
        let more = log.read(events.len() as u64, 1_000).await.unwrap();
        if more.is_empty() {
            break;
        }
        events.extend(more);
    }
    let mut versions = std::collections::HashMap::new();
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(event.position, position);
        let version = versions.entry(event.stream.clone()).or_insert(0);
        *version += 1;
        assert_eq!(event.sequence, *version, "{}", event.stream);
    }
    events
}

/// Longer than anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Asks again and again until there is an answer.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        loop {
            ticks.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    let answer = tokio::time::timeout(PATIENCE, asking).await;
    answer.unwrap_or_else(|_| panic!("never happened: {what}"))
}

/// Runs blocking work of the test servers.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}
