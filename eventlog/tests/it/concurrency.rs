//! Several processes append at once, checked against a model.

use std::collections::HashMap;

use baize_eventlog::{AppendError, Appended, EventLog, StreamAppend, StreamId, Unit};
use futures::future::join_all;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use sqlx::{Connection, Executor, PgConnection};

use crate::support::{Database, deposits, eventually, stream, unit, whole};

const PROCESSES: usize = 3;
const WRITERS: usize = 8;
const ROUNDS: usize = 40;
const STREAMS: usize = 10;

/// What a client knows: the unit it sent and what it was told.
struct Told {
    unit: Unit,
    result: Result<Appended, AppendError>,
}

/// Units of one to three streams at versions that are often right, now and then wrong; some without events,
/// some repeated by the same or another process.
async fn writer(logs: Vec<EventLog>, seed: u64) -> Vec<Told> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut told: Vec<Told> = Vec::new();
    for _ in 0..ROUNDS {
        let log = logs.choose(&mut random).unwrap();
        let unit = match told.choose(&mut random) {
            Some(earlier) if random.random_bool(0.1) => earlier.unit.clone(),
            _ => random_unit(log, &mut random).await,
        };
        // Together, so that they meet in one flush.
        let burst = random.random_range(1..=3);
        for result in join_all((0..burst).map(|_| log.append(unit.clone()))).await {
            told.push(Told {
                unit: unit.clone(),
                result,
            });
        }
    }
    told
}

async fn random_unit(log: &EventLog, random: &mut StdRng) -> Unit {
    let mut numbers: Vec<usize> = (0..STREAMS).collect();
    let mut claims = Vec::new();
    for _ in 0..random.random_range(1..=3) {
        let number = numbers.swap_remove(random.random_range(0..numbers.len()));
        let id = format!("s-{number}");
        let known = log.read_stream(&stream(&id), 0, 10_000).await.unwrap().len() as u64;
        let version = if random.random_bool(0.1) { known + 1 } else { known };
        claims.push(deposits(&id, version, random.random_range(0..=2)));
    }
    unit(claims)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_appending_at_once_keep_one_dense_log() {
    let database = Database::new().await;
    let logs: Vec<EventLog> = join_all((0..PROCESSES).map(|_| database.log())).await;
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let writers = (0..WRITERS).map(|n| tokio::spawn(writer(logs.clone(), seed.wrapping_add(n as u64))));
    let told: Vec<Told> = join_all(writers).await.into_iter().flat_map(Result::unwrap).collect();
    let events = whole(&logs[0]).await;

    // What each unit wrote, by request id.
    let mut written: HashMap<&str, Vec<&_>> = HashMap::new();
    for event in &events {
        written.entry(&event.metadata["request_id"]).or_default().push(event);
    }
    let mut committed: HashMap<String, (&Unit, u64)> = HashMap::new();
    let (mut replays, mut conflicts) = (0, 0);
    for Told { unit, result } in &told {
        let id = unit.request.request_id.to_string();
        match result {
            Ok(Appended::Committed { position }) => {
                assert!(committed.insert(id, (unit, *position)).is_none(), "committed twice");
            }
            Ok(Appended::Replayed { response, .. }) => {
                replays += 1;
                assert_eq!(*response, unit.response);
            }
            Err(AppendError::Conflict { stream }) => {
                conflicts += 1;
                assert!(unit.streams.iter().any(|claim| claim.stream == *stream));
            }
            Err(other) => panic!("{other}"),
        }
    }
    for Told { unit, result } in &told {
        let id = unit.request.request_id.to_string();
        if let Ok(appended) = result {
            let (_, position) = committed[&id];
            assert_eq!(appended.position(), position, "one request, one answer");
        }
    }
    assert!(
        replays > 10 && conflicts > 10 && committed.len() > 50,
        "{replays} {conflicts} {}",
        committed.len()
    );

    let expected: usize = committed.values().map(|(unit, _)| count(unit)).sum();
    assert_eq!(events.len(), expected, "events of committed units, and no others");
    for (id, (unit, position)) in &committed {
        let own = written.get(id.as_str()).cloned().unwrap_or_default();
        assert_eq!(own.len(), count(unit));
        let first = position + 1 - own.len() as u64;
        let mut own = own.into_iter();
        for claim in &unit.streams {
            assert_eq!(
                version_at(&events, &claim.stream, first - 1),
                claim.expected_version,
                "{id}"
            );
            for new in &claim.events {
                let event = own.next().unwrap();
                assert_eq!((&event.stream, &*event.payload), (&claim.stream, &*new.payload));
            }
        }
        for (event, expected) in written.get(id.as_str()).into_iter().flatten().zip(first..) {
            assert_eq!(event.position, expected, "a unit is contiguous");
        }
    }
}

fn count(unit: &Unit) -> usize {
    unit.streams.iter().map(|claim: &StreamAppend| claim.events.len()).sum()
}

/// How many events the stream had when the log's head was `position`.
fn version_at(events: &[baize_eventlog::RecordedEvent], stream: &StreamId, position: u64) -> u64 {
    events
        .iter()
        .filter(|event| event.position <= position && event.stream == *stream)
        .count() as u64
}

/// Appends one event to a stream of its own through the function that services call; returns its position.
async fn append_one(connection: &mut PgConnection, id: &str) -> Result<i64, sqlx::Error> {
    let head: i64 = sqlx::query_scalar(
        "SELECT head FROM append_units(ARRAY['tester'], ARRAY[gen_random_uuid()], ARRAY['\\x01'::bytea], ARRAY[''::bytea], \
         ARRAY[1], ARRAY[1], ARRAY['Account'], ARRAY[$1], ARRAY[0::bigint], ARRAY[true], ARRAY[1], ARRAY['Account'], ARRAY[$1], \
         ARRAY[1::bigint], ARRAY['Deposited'], ARRAY['1.0'], ARRAY['{}'::json], ARRAY['{}'::json], false)",
    )
    .bind(id)
    .fetch_one(connection)
    .await?;
    Ok(head + 1)
}

/// Begins an append in `first`, another in `second` that has to wait for it, ends the first by `end`, and returns both positions.
async fn overlapping(database: &Database, end: &str) -> (i64, i64) {
    let mut first = PgConnection::connect(&database.url).await.unwrap();
    let mut second = PgConnection::connect(&database.url).await.unwrap();
    let watcher = database.owner().await;
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut second)
        .await
        .unwrap();
    first.execute("BEGIN").await.unwrap();
    let position = append_one(&mut first, &format!("first, {end}")).await.unwrap();
    let other = format!("second, {end}");
    let waiting = tokio::spawn(async move { append_one(&mut second, &other).await });
    eventually("the second append waits", async || {
        let waits: Option<bool> =
            sqlx::query_scalar("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1")
                .bind(pid)
                .fetch_one(&watcher)
                .await
                .unwrap();
        waits.filter(|waits| *waits)
    })
    .await;
    first.execute(end).await.unwrap();
    let second = waiting.await.unwrap();
    (position, second.expect("it only has to wait, not to try again"))
}

#[tokio::test]
async fn an_append_waits_for_the_one_before_it_and_goes_in_behind() {
    let database = Database::new().await;
    assert_eq!(overlapping(&database, "COMMIT").await, (1, 2));
    // What came to nothing leaves no gap.
    assert_eq!(overlapping(&database, "ROLLBACK").await, (3, 3));
}
