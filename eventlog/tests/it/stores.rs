//! `cqrs-es` on the log.

use std::collections::HashMap;

use baize_eventlog::{CacheOptions, META_REQUEST_ID, Store};
use cqrs_es::{AggregateError, CqrsFramework, EventStore};

use crate::{
    account::{Account, Command, Event, repository},
    support::{Database, whole},
};

async fn framework(database: &Database) -> (CqrsFramework<Account, Store>, Store) {
    let store = Store::new(repository(database, CacheOptions::default()).await);
    (CqrsFramework::new(store.clone(), vec![], ()), store)
}

#[tokio::test]
async fn fresh_events_are_applied_once() {
    let database = Database::new().await;
    let (accounts, store) = framework(&database).await;
    accounts.execute("a", Command::Deposit(100)).await.unwrap();
    accounts.execute("a", Command::Withdraw(10)).await.unwrap();
    let kept = store.repository().load::<Account>("a").await.unwrap();
    let read = store.repository().replay::<Account>("a").await.unwrap();
    assert_eq!((kept.aggregate.balance, kept.version), (90, 2));
    assert_eq!(*kept.aggregate, *read.aggregate);

    let too_much = accounts.execute("a", Command::Withdraw(91)).await;
    assert!(matches!(too_much, Err(AggregateError::UserError(_))));
    accounts.execute("a", Command::Withdraw(90)).await.unwrap();
    accounts.execute("a", Command::Close).await.unwrap();
    assert_eq!(whole(store.repository().log()).await.len(), 3);
}

#[tokio::test]
async fn events_come_back_in_envelopes() {
    let database = Database::new().await;
    let (accounts, store) = framework(&database).await;
    let metadata = HashMap::from([("hall".to_owned(), "hall-1".to_owned())]);
    accounts
        .execute_with_metadata("a", Command::Deposit(5), metadata.clone())
        .await
        .unwrap();
    let envelopes = EventStore::<Account>::load_events(&store, "a").await.unwrap();
    assert_eq!(envelopes.len(), 1);
    assert_eq!(
        (envelopes[0].sequence, &envelopes[0].payload),
        (1, &Event::Deposited { amount: 5 })
    );
    assert_eq!(envelopes[0].metadata, metadata);
}

#[tokio::test]
async fn a_conflict_is_a_conflict_and_the_next_try_knows_better() {
    let database = Database::new().await;
    let (mine, _) = framework(&database).await;
    let (theirs, store) = framework(&database).await;
    mine.execute("a", Command::Deposit(10)).await.unwrap();
    theirs.execute("a", Command::Withdraw(10)).await.unwrap();
    let stale = mine.execute("a", Command::Withdraw(10)).await;
    assert!(matches!(stale, Err(AggregateError::AggregateConflict)), "{stale:?}");
    let informed = mine.execute("a", Command::Withdraw(10)).await;
    assert!(matches!(informed, Err(AggregateError::UserError(_))), "{informed:?}");
    assert_eq!(whole(store.repository().log()).await.len(), 2);
}

#[tokio::test]
async fn a_request_id_makes_a_command_happen_once() {
    let database = Database::new().await;
    let (accounts, store) = framework(&database).await;
    let metadata = HashMap::from([(META_REQUEST_ID.to_owned(), uuid::Uuid::new_v4().to_string())]);
    for _ in 0..3 {
        accounts
            .execute_with_metadata("a", Command::Deposit(10), metadata.clone())
            .await
            .unwrap();
    }
    let kept = store.repository().load::<Account>("a").await.unwrap();
    assert_eq!((kept.aggregate.balance, kept.version), (10, 1));
}
