//! One leader a name.

use baize_eventlog::Lease;
use futures::FutureExt;

use crate::support::{Database, eventually};

#[tokio::test]
async fn the_second_waits_for_the_first() {
    let database = Database::new().await;
    let options = database.options().connect;
    let first = Lease::acquire(&options, "relay").await;
    let other_name = Lease::acquire(&options, "runner").await;
    let second = tokio::spawn({
        let options = options.clone();
        async move { Lease::acquire(&options, "relay").await }
    });
    eventually("the second asks", async || {
        let asked: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'baize lease relay' AND state = 'idle'",
        )
        .fetch_one(&database.owner().await)
        .await
        .unwrap();
        (asked == 2).then_some(())
    })
    .await;
    assert!(!second.is_finished());
    assert!(first.lost().now_or_never().is_none());
    drop(first);
    let second = second.await.unwrap();
    assert!(!second.is_lost() && !other_name.is_lost());
}

#[tokio::test]
async fn a_holder_that_loses_its_connection_is_told() {
    let database = Database::new().await;
    let options = database.options().connect;
    let lease = Lease::acquire(&options, "relay").await;
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'baize lease relay'")
        .execute(&database.owner().await)
        .await
        .unwrap();
    tokio::time::timeout(crate::support::PATIENCE, lease.lost())
        .await
        .unwrap();
    assert!(lease.token().is_cancelled());
    Lease::acquire(&options, "relay").await;
}
