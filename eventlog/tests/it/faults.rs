//! Connections break, replies get lost, the database goes away: every append still happens exactly once.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use baize_eventlog::{AppendError, Appended, EventLog};
use sqlx::ConnectOptions;
use uuid::Uuid;

use crate::{
    proxy::Proxy,
    support::{Database, append_some, blocking, committed, deposits, eventually, unit, whole},
};

async fn through(proxy: &Proxy, database: &Database) -> baize_eventlog::LogOptions {
    let mut options = database.options();
    options.connect = options.connect.port(proxy.address.port());
    options
}

async fn proxied(database: &Database) -> Proxy {
    let url = database.options().connect.to_url_lossy();
    let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    Proxy::to(server.parse().unwrap()).await
}

#[tokio::test]
async fn a_lost_reply_is_made_up_for_by_the_stored_result() {
    let database = Database::new().await;
    let proxy = proxied(&database).await;
    let log = EventLog::connect(through(&proxy, &database).await).await.unwrap();
    committed(&log, unit(vec![deposits("warm", 0, 1)])).await;
    for round in 0..20_u64 {
        proxy.lose_next_reply();
        let mine = unit(vec![deposits("a", round, 1)]);
        let appended = log.append(mine.clone()).await.unwrap();
        // The first attempt was committed; the second found its result.
        assert_eq!(
            appended,
            Appended::Replayed {
                position: round + 2,
                response: mine.response
            }
        );
        assert_eq!(proxy.lost(), round as usize + 1);
    }
    assert_eq!(whole(&log).await.len(), 21);
}

#[tokio::test]
async fn a_connection_that_hangs_is_given_up_and_the_flush_repeated() {
    let database = Database::new().await;
    let proxy = proxied(&database).await;
    let mut options = through(&proxy, &database).await;
    options.flush_timeout = Duration::from_millis(300);
    let log = EventLog::connect(options).await.unwrap();
    committed(&log, unit(vec![deposits("warm", 0, 1)])).await;
    proxy.hang_next_reply();
    let appended = log.append(unit(vec![deposits("a", 0, 1)])).await.unwrap();
    assert!(matches!(appended, Appended::Replayed { position: 2, .. }));
    assert_eq!(whole(&log).await.len(), 2);
}

/// Writers that repeat a request until they know what became of it, as clients do.
async fn ledger_writer(log: EventLog, stop: Arc<AtomicBool>, done: Arc<AtomicUsize>) -> Vec<(Uuid, u64)> {
    let own = Uuid::new_v4().to_string();
    let mut ledger = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let unit = unit(vec![deposits(&own, ledger.len() as u64, 1)]);
        let position = loop {
            match log.append(unit.clone()).await {
                Ok(appended) => break appended.position(),
                Err(AppendError::Unavailable(_)) => {}
                Err(other) => panic!("{other}"),
            }
        };
        ledger.push((unit.request.request_id, position));
        done.fetch_add(1, Ordering::Relaxed);
    }
    ledger
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backends_killed_at_random_lose_and_double_nothing() {
    const KILLS: usize = 60;
    let database = Database::new().await;
    let owner = database.owner().await;
    let logs = [database.log().await, database.log().await];
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let writers: Vec<_> = (0..16)
        .map(|n| tokio::spawn(ledger_writer(logs[n % 2].clone(), stop.clone(), done.clone())))
        .collect();
    let mut killed = 0;
    while killed < KILLS {
        // Some progress between two kills, so that they hit flushes at all stages.
        let before = done.load(Ordering::Relaxed);
        eventually("appends go on", async || {
            (done.load(Ordering::Relaxed) > before + killed % 7).then_some(())
        })
        .await;
        let ended: i64 = sqlx::query_scalar(
            "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
              WHERE datname = current_database() AND application_name = 'baize appender'",
        )
        .fetch_one(&owner)
        .await
        .unwrap();
        killed += ended as usize;
    }
    stop.store(true, Ordering::Relaxed);
    let mut ledger = HashMap::new();
    for writer in writers {
        ledger.extend(writer.await.unwrap());
    }
    let events = whole(&logs[0]).await;
    assert_eq!(
        events.len(),
        ledger.len(),
        "every acknowledged unit once, and nothing else"
    );
    for event in events {
        let id = Uuid::parse_str(&event.metadata["request_id"]).unwrap();
        assert_eq!(ledger[&id], event.position);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_callers_are_told_and_afterwards_served() {
    let postgres = Arc::new(blocking(|| baize_servers::testing::postgres().unwrap()).await);
    let database = Database::migrated(postgres.fresh_database().unwrap()).await;
    let mut options = database.options();
    options.unavailable_after = Duration::from_millis(200);
    let log = EventLog::connect(options).await.unwrap();
    append_some(&log, 20).await;

    for round in 0..3 {
        let server = Arc::clone(&postgres);
        blocking(move || server.stop()).await;
        let waiting = unit(vec![deposits(&format!("s-{round}"), 0, 1)]);
        let told = log.append(waiting.clone()).await;
        assert!(matches!(told, Err(AppendError::Unavailable(_))), "{told:?}");
        // While it is known to be away, others need not wait as long again.
        let told = log.append(unit(vec![])).await;
        assert!(matches!(told, Err(AppendError::Unavailable(_))), "{told:?}");

        let server = Arc::clone(&postgres);
        blocking(move || server.start().unwrap()).await;
        let appended = eventually("appending works again", async || log.append(waiting.clone()).await.ok()).await;
        assert!(
            matches!(appended, Appended::Committed { .. }),
            "it was never executed: {appended:?}"
        );
    }
    let events = eventually("reading works again", async || log.read(0, 100).await.ok()).await;
    assert_eq!(events.len(), 23);
    log.close().await;
    blocking(move || drop(postgres)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_crashes_under_load_keeps_every_acknowledged_unit_once() {
    let postgres = Arc::new(blocking(|| baize_servers::testing::postgres().unwrap()).await);
    let database = Database::migrated(postgres.fresh_database().unwrap()).await;
    let log = database.log().await;
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let writers: Vec<_> = (0..16)
        .map(|_| tokio::spawn(ledger_writer(log.clone(), stop.clone(), done.clone())))
        .collect();
    for _ in 0..4 {
        let before = done.load(Ordering::Relaxed);
        eventually("appends go on", async || {
            (done.load(Ordering::Relaxed) > before + 100).then_some(())
        })
        .await;
        let server = Arc::clone(&postgres);
        blocking(move || {
            server.kill();
            server.start().unwrap();
        })
        .await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut ledger = HashMap::new();
    for writer in writers {
        ledger.extend(writer.await.unwrap());
    }
    let events = whole(&database.log().await).await;
    assert_eq!(events.len(), ledger.len());
    for event in events {
        let id = Uuid::parse_str(&event.metadata["request_id"]).unwrap();
        assert_eq!(ledger[&id], event.position);
    }
    log.close().await;
    blocking(move || drop(postgres)).await;
}
