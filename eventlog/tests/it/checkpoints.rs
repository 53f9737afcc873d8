//! Checkpoints move by compare-and-set.

use baize_eventlog::checkpoint::{AdvanceError, advance, position};

use crate::support::Database;

#[tokio::test]
async fn a_checkpoint_moves_only_from_where_it_is() {
    let database = Database::new().await;
    let log = database.log().await;
    let pool = log.pool();
    assert_eq!(position(pool, "view").await.unwrap(), 0);

    let mut tx = pool.begin().await.unwrap();
    advance(&mut tx, "view", 0, 5).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = pool.begin().await.unwrap();
    advance(&mut tx, "view", 5, 9).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(position(pool, "view").await.unwrap(), 5);

    for old in [0, 4, 6] {
        let mut tx = pool.begin().await.unwrap();
        let moved = advance(&mut tx, "view", old, 10).await;
        assert!(matches!(moved, Err(AdvanceError::Moved { .. })), "from {old}");
    }
    let mut tx = pool.begin().await.unwrap();
    let unknown = advance(&mut tx, "other", 3, 4).await;
    assert!(matches!(unknown, Err(AdvanceError::Moved { .. })));
    drop(tx);
    assert_eq!(position(pool, "view").await.unwrap(), 5);
}

#[tokio::test]
async fn of_two_readers_that_start_at_the_same_place_one_wins() {
    let database = Database::new().await;
    let log = database.log().await;
    for (old, new) in [(0, 1), (1, 2)] {
        let mut first = log.pool().begin().await.unwrap();
        advance(&mut first, "view", old, new).await.unwrap();
        let second = tokio::spawn({
            let pool = log.pool().clone();
            async move {
                let mut second = pool.begin().await.unwrap();
                advance(&mut second, "view", old, new).await
            }
        });
        first.commit().await.unwrap();
        let second = second.await.unwrap();
        assert!(matches!(second, Err(AdvanceError::Moved { .. })), "{second:?}");
    }
}
