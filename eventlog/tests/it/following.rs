//! Following and replaying.

use baize_eventlog::{EventLog, Follower, RecordedEvent};
use futures::future::join_all;

use crate::support::{Database, append_some, committed, deposits, unit, whole};

/// Follows until `until` and returns everything seen.
async fn collect(mut follower: Follower, until: u64, max: usize) -> Vec<RecordedEvent> {
    let mut seen = Vec::new();
    while follower.position() < until {
        let batch = follower.next_batch(max).await.unwrap();
        assert!(!batch.is_empty() && batch.len() <= max);
        seen.extend(batch);
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn followers_see_every_position_once_while_several_processes_append() {
    let database = Database::new().await;
    let logs: Vec<EventLog> = join_all((0..3).map(|_| database.log())).await;
    append_some(&logs[0], 50).await;
    let total = 50 + 3 * 10 * 20;
    let followers: Vec<_> = logs
        .iter()
        .flat_map(|log| [log.follow(0), log.follow(30)])
        .zip([1, 7, 100, 1_000, 3, 64])
        .map(|(follower, max)| tokio::spawn(collect(follower, total, max)))
        .collect();
    let appends = logs.iter().map(async |log| {
        for _ in 0..10 {
            append_some(log, 20).await;
        }
    });
    join_all(appends).await;

    let events = whole(&logs[0]).await;
    assert_eq!(events.len() as u64, total);
    for (number, follower) in followers.into_iter().enumerate() {
        let seen = follower.await.unwrap();
        let skipped = if number % 2 == 0 { 0 } else { 30 };
        // From memory or from the database: the same events to the last microsecond.
        assert_eq!(seen, events[skipped..]);
    }
}

#[tokio::test]
async fn a_ring_too_small_for_the_backlog_loses_nothing() {
    let database = Database::new().await;
    let mut options = database.options();
    options.ring_events = 8;
    let log = EventLog::connect(options).await.unwrap();
    let slow = log.follow(0);
    for _ in 0..10 {
        append_some(&log, 13).await;
    }
    let seen = collect(slow, 130, 5).await;
    assert_eq!(seen, whole(&log).await);
}

#[tokio::test]
async fn waiting_can_be_given_up_without_missing_anything() {
    let database = Database::new().await;
    let log = database.log().await;
    let mut follower = log.follow(0);
    for position in 1..=20 {
        tokio::select! {
            biased;
            batch = follower.next_batch(10) => panic!("nothing was appended yet: {batch:?}"),
            () = tokio::task::yield_now() => {}
        }
        committed(&log, unit(vec![deposits(&position.to_string(), 0, 1)])).await;
        let batch = follower.next_batch(10).await.unwrap();
        assert_eq!(batch.iter().map(|event| event.position).collect::<Vec<_>>(), [position]);
    }
}

#[tokio::test]
async fn a_replay_returns_the_stretch_that_was_asked_for() {
    let database = Database::new().await;
    let log = database.log().await;
    for _ in 0..3 {
        append_some(&log, 700).await;
    }
    let events = whole(&log).await;
    for (after, until) in [(0, u64::MAX), (0, 1), (699, 1_500), (2_100, 5_000)] {
        let mut replay = log.replay(after, until).await.unwrap();
        let mut seen = Vec::new();
        while let Some(batch) = replay.next_batch().await.unwrap() {
            seen.extend(batch);
        }
        let until = until.min(2_100);
        assert_eq!(seen, events[after as usize..until as usize]);
    }
}

#[tokio::test]
async fn a_replay_that_loses_its_connection_is_not_taken_for_finished() {
    let database = Database::new().await;
    let owner = database.owner().await;
    let log = database.log().await;
    sqlx::query(
        "INSERT INTO events SELECT 'Account', 'a', n, 'Deposited', '1.0', to_json(repeat('x', 2000)), '{}', n, now()
           FROM generate_series(1, 50000) n",
    )
    .execute(&owner)
    .await
    .unwrap();
    let mut replay = log.replay(0, u64::MAX).await.unwrap();
    let first = replay.next_batch().await.unwrap().unwrap();
    assert_eq!(first[0].position, 1);
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'baize replay'",
    )
    .execute(&owner)
    .await
    .unwrap();
    let error = loop {
        match replay.next_batch().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a lost connection was taken for the end"),
            Err(error) => break error,
        }
    };
    println!("{error}");
}

#[tokio::test]
async fn a_gap_is_noticed() {
    let database = Database::new().await;
    let owner = database.owner().await;
    let log = database.log().await;
    append_some(&log, 3).await;
    sqlx::query("INSERT INTO events VALUES ('Account', 'odd', 1, 'Deposited', '1.0', '{}', '{}', 5, now())")
        .execute(&owner)
        .await
        .unwrap();
    let error = log.read(0, 10).await.unwrap_err();
    assert!(
        matches!(error, baize_eventlog::Error::Gap { expected: 4, found: 5 }),
        "{error}"
    );
}
