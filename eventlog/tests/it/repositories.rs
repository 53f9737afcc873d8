//! Aggregates: loaded, kept, snapshotted, upcast.

use std::sync::Arc;

use baize_eventlog::{CacheOptions, LoadError, Loaded, NewEvent, Repository, StreamAppend, Upcasters};
use cqrs_es::persist::SemanticVersionEventUpcaster;

use crate::{
    account::{Account, repository},
    support::{Database, committed, deposits, eventually, stream, unit},
};

fn account(balance: i64, entries: u64) -> Account {
    Account { balance, entries }
}

/// A repository that writes snapshots every 10 events and checks none.
fn snapshotting(state_version: u32) -> CacheOptions {
    let mut options = CacheOptions::default().snapshots_of::<Account>(state_version);
    options.snapshot_every = 10;
    options.check_one_in = 0;
    options
}

/// Appends one deposit of 1 after the other, remembering each state, as a service does.
async fn deposit_ones(repository: &Repository, id: &str, count: u64) {
    for _ in 0..count {
        let Loaded { aggregate, version } = repository.load::<Account>(id).await.unwrap();
        committed(repository.log(), unit(vec![deposits(id, version, 1)])).await;
        let next = account(aggregate.balance + 1, aggregate.entries + 1);
        repository.remember(id, Arc::new(next), version + 1);
    }
}

#[tokio::test]
async fn an_aggregate_is_made_of_its_events_and_then_kept() {
    let database = Database::new().await;
    let repository = repository(&database, CacheOptions::default()).await;
    let none = repository.load::<Account>("a").await.unwrap();
    assert_eq!((none.version, &*none.aggregate), (0, &Account::default()));

    committed(repository.log(), unit(vec![deposits("a", 0, 3)])).await;
    let loaded = repository.load::<Account>("a").await.unwrap();
    assert_eq!((loaded.version, &*loaded.aggregate), (3, &account(6, 3)));
    let again = repository.load::<Account>("a").await.unwrap();
    assert!(Arc::ptr_eq(&loaded.aggregate, &again.aggregate));
}

#[tokio::test]
async fn an_old_state_stays_until_it_is_forgotten_and_never_replaces_a_newer_one() {
    let database = Database::new().await;
    let mine = repository(&database, CacheOptions::default()).await;
    let theirs = repository(&database, CacheOptions::default()).await;
    deposit_ones(&mine, "a", 2).await;
    deposit_ones(&theirs, "a", 1).await;

    assert_eq!(mine.load::<Account>("a").await.unwrap().version, 2);
    mine.forget(&stream("a"));
    assert_eq!(*mine.load::<Account>("a").await.unwrap().aggregate, account(3, 3));
    mine.remember("a", Arc::new(account(1, 1)), 1);
    assert_eq!(mine.load::<Account>("a").await.unwrap().version, 3);
}

#[tokio::test]
async fn a_snapshot_and_the_events_behind_it_make_the_same_state_as_the_whole_stream() {
    let database = Database::new().await;
    let writer = repository(&database, snapshotting(1)).await;
    deposit_ones(&writer, "a", 37).await;
    let owner = database.owner().await;
    eventually("the newest snapshot", async || {
        let last: Option<i64> = sqlx::query_scalar("SELECT max(last_sequence) FROM snapshots WHERE aggregate_id = 'a'")
            .fetch_one(&owner)
            .await
            .unwrap();
        (last == Some(30)).then_some(())
    })
    .await;
    let reader = repository(&database, snapshotting(1)).await;
    let quick = reader.load::<Account>("a").await.unwrap();
    let full = reader.replay::<Account>("a").await.unwrap();
    assert_eq!((quick.version, &quick.aggregate), (37, &full.aggregate));
    assert_eq!(*full.aggregate, account(37, 37));

    // A snapshot nobody could have written shows which loads use one.
    sqlx::query("UPDATE snapshots SET payload = '{\"balance\":1000,\"entries\":30}'")
        .execute(&owner)
        .await
        .unwrap();
    let fooled = repository(&database, snapshotting(1))
        .await
        .load::<Account>("a")
        .await
        .unwrap();
    assert_eq!(*fooled.aggregate, account(1007, 37));
    let other_state_version = repository(&database, snapshotting(2)).await;
    assert_eq!(
        *other_state_version.load::<Account>("a").await.unwrap().aggregate,
        account(37, 37)
    );
    let no_snapshots = repository(&database, CacheOptions::default()).await;
    assert_eq!(
        *no_snapshots.load::<Account>("a").await.unwrap().aggregate,
        account(37, 37)
    );

    let mut checking = snapshotting(1);
    checking.check_one_in = 1;
    let checking = repository(&database, checking).await;
    assert_eq!(*checking.load::<Account>("a").await.unwrap().aggregate, account(37, 37));
    eventually("the wrong snapshot is replaced", async || {
        let state: String = sqlx::query_scalar("SELECT payload::text FROM snapshots")
            .fetch_one(&owner)
            .await
            .unwrap();
        (state == r#"{"balance":37,"entries":37}"#).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_unreadable_snapshot_costs_a_longer_load_and_nothing_else() {
    let database = Database::new().await;
    let writer = repository(&database, snapshotting(1)).await;
    deposit_ones(&writer, "a", 12).await;
    let owner = database.owner().await;
    eventually("the snapshot is damaged", async || {
        let done = sqlx::query("UPDATE snapshots SET payload = '{\"balance\":\"none\"}'")
            .execute(&owner)
            .await
            .unwrap();
        (done.rows_affected() == 1).then_some(())
    })
    .await;
    let reader = repository(&database, snapshotting(1)).await;
    assert_eq!(*reader.load::<Account>("a").await.unwrap().aggregate, account(12, 12));
}

#[tokio::test]
async fn an_old_shape_is_made_new_when_it_is_read() {
    let database = Database::new().await;
    let log = database.log().await;
    let old = NewEvent {
        event_type: "Deposited".into(),
        event_version: "0.9".into(),
        payload: r#"{"Deposited":{"yuan":12}}"#.into(),
    };
    let events = vec![old];
    committed(
        &log,
        unit(vec![StreamAppend {
            stream: stream("a"),
            expected_version: 0,
            events,
        }]),
    )
    .await;
    committed(&log, unit(vec![deposits("a", 1, 1)])).await;

    let unreadable = Repository::new(log.clone(), CacheOptions::default(), Upcasters::none());
    let error = unreadable.load::<Account>("a").await.unwrap_err();
    assert!(
        matches!(&error, LoadError::Unreadable { why, .. } if why.contains("event 1")),
        "{error}"
    );

    let to_fen = SemanticVersionEventUpcaster::new(
        "Deposited",
        "1.0",
        Box::new(|event| {
            let yuan = event["Deposited"]["yuan"].as_i64().unwrap();
            serde_json::json!({ "Deposited": { "amount": yuan * 100 } })
        }),
    );
    let repository = Repository::new(log, CacheOptions::default(), Upcasters::new(vec![Box::new(to_fen)]));
    assert_eq!(
        *repository.load::<Account>("a").await.unwrap().aggregate,
        account(1_201, 2)
    );
}
