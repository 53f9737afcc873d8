//! One unit, and several in one flush.

use baize_eventlog::{AppendError, Appended, NewEvent, RequestKey, StreamAppend};
use futures::{StreamExt, future::join_all, stream::FuturesUnordered};

use crate::support::{Database, committed, deposited, deposits, stream, unit, whole};

#[tokio::test]
async fn a_unit_is_stored_as_it_was_given() {
    let database = Database::new().await;
    let log = database.log().await;
    let given = unit(vec![deposits("a", 0, 2), deposits("b", 0, 1)]);
    assert_eq!(committed(&log, given.clone()).await, 3);

    let events = whole(&log).await;
    assert_eq!(events.len(), 3);
    assert_eq!(events[1].stream, stream("a"));
    assert_eq!(events[1].sequence, 2);
    assert_eq!(events[2].stream, stream("b"));
    for (event, new) in events.iter().zip(given.streams.iter().flat_map(|s| &s.events)) {
        assert_eq!(
            (&event.event_type, &event.event_version),
            (&new.event_type, &new.event_version)
        );
        assert_eq!(*event.payload, new.payload, "byte for byte");
        assert_eq!(*event.metadata, given.metadata);
        assert_eq!(event.recorded_at, events[0].recorded_at);
    }
    let result = log
        .stored_result("tester", given.request.request_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(result.response, given.response);
    assert_eq!(result.content_hash, given.request.content_hash);
    assert_eq!(result.position, 3);
    assert_eq!(log.head().await.unwrap(), 3);
    assert_eq!(log.read_stream(&stream("a"), 1, 10).await.unwrap(), events[1..2]);
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_response_and_writes_nothing() {
    let database = Database::new().await;
    let log = database.log().await;
    let first = unit(vec![deposits("a", 0, 1)]);
    let position = committed(&log, first.clone()).await;
    committed(&log, unit(vec![deposits("a", 1, 1)])).await;

    // Decided again on a newer state, with another response: what counts is what was answered first.
    let mut again = first.clone();
    again.streams = vec![deposits("a", 2, 5)];
    again.response = b"other".to_vec();
    let repeated = log.append(again).await.unwrap();
    assert_eq!(
        repeated,
        Appended::Replayed {
            position,
            response: first.response.clone()
        }
    );
    assert_eq!(whole(&log).await.len(), 2);

    let mut other_content = first.clone();
    other_content.request.content_hash = RequestKey::hash(b"other");
    assert_eq!(log.append(other_content).await, Err(AppendError::RequestIdReused));

    let mut other_scope = first;
    other_scope.request.scope = "somebody else".into();
    other_scope.streams = vec![deposits("c", 0, 1)];
    assert_eq!(committed(&log, other_scope).await, 3);
}

#[tokio::test]
async fn a_refused_unit_leaves_no_trace_and_its_flush_mates_are_in() {
    let database = Database::new().await;
    let log = database.log().await;
    committed(&log, unit(vec![deposits("taken", 0, 3)])).await;

    let too_low = unit(vec![deposits("x", 0, 1), deposits("taken", 2, 1)]);
    let too_high = unit(vec![deposits("taken", 4, 1)]);
    let only_asserts = unit(vec![deposits("y", 0, 1), deposits("taken", 2, 0)]);
    let good = [
        unit(vec![deposits("g", 0, 2)]),
        unit(vec![deposits("h", 0, 1), deposits("taken", 3, 0)]),
    ];
    // Polled together, they are in the queue before the appender takes any.
    let results =
        join_all([&good[0], &too_low, &too_high, &only_asserts, &good[1]].map(|unit| log.append(unit.clone()))).await;
    let conflict = || {
        Err(AppendError::Conflict {
            stream: stream("taken"),
        })
    };
    assert_eq!(results[1..4], [conflict(), conflict(), conflict()]);
    assert_eq!(results[0], Ok(Appended::Committed { position: 5 }));
    assert_eq!(results[4], Ok(Appended::Committed { position: 6 }));

    let events = whole(&log).await;
    assert_eq!(events.len(), 6);
    assert!(
        events
            .iter()
            .all(|event| !["x", "y"].contains(&event.stream.aggregate_id.as_str()))
    );
    for refused in [&too_low, &too_high, &only_asserts] {
        let result = log.stored_result("tester", refused.request.request_id).await.unwrap();
        assert_eq!(result, None, "a conflict is not an answer to remember");
    }
}

#[tokio::test]
async fn a_unit_without_events_stores_its_response_if_its_versions_hold() {
    let database = Database::new().await;
    let log = database.log().await;
    let rejection = unit(vec![deposits("a", 0, 0)]);
    assert_eq!(committed(&log, rejection.clone()).await, 0, "the log is empty");
    committed(&log, unit(vec![deposits("a", 0, 1)])).await;

    let replayed = log.append(rejection.clone()).await.unwrap();
    assert_eq!(
        replayed,
        Appended::Replayed {
            position: 0,
            response: rejection.response
        }
    );
    let stale = log.append(unit(vec![deposits("a", 0, 0)])).await;
    assert_eq!(stale, Err(AppendError::Conflict { stream: stream("a") }));
    assert_eq!(committed(&log, unit(vec![deposits("a", 1, 0)])).await, 1);
    assert_eq!(
        committed(&log, unit(vec![])).await,
        1,
        "a unit may claim nothing at all"
    );
    assert_eq!(whole(&log).await.len(), 1);
}

#[tokio::test]
async fn a_storm_on_one_stream_is_over_in_a_few_flushes() {
    let database = Database::new().await;
    let log = database.log().await;
    let owner = database.owner().await;
    let storm = (0..1_000).map(|_| log.append(unit(vec![deposits("hot", 0, 1)])));
    let results = join_all(storm).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let conflicts = results
        .iter()
        .filter(|result| matches!(result, Err(AppendError::Conflict { .. })));
    assert_eq!(conflicts.count(), 999);
    assert_eq!(whole(&log).await.len(), 1);

    log.close().await;
    let transactions: i64 = crate::support::eventually("the backends reported", async || {
        let connected: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'baize%'",
        )
        .fetch_one(&owner)
        .await
        .unwrap();
        if connected > 0 {
            return None;
        }
        sqlx::query_scalar("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
            .fetch_one(&owner)
            .await
            .unwrap()
    })
    .await;
    assert!(
        transactions < 150,
        "{transactions} transactions, migration and reading included"
    );
}

#[tokio::test]
async fn a_storm_of_one_request_has_one_effect_and_one_answer() {
    let database = Database::new().await;
    let log = database.log().await;
    let one = unit(vec![deposits("a", 0, 1)]);
    let results = join_all((0..300).map(|_| log.append(one.clone()))).await;
    let (mut committed, mut replayed) = (0, 0);
    for result in results {
        match result.unwrap() {
            Appended::Committed { position: 1 } => committed += 1,
            Appended::Replayed { position: 1, response } if response == one.response => replayed += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((committed, replayed), (1, 299));
    assert_eq!(whole(&log).await.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_before_it_harms_others() {
    let database = Database::new().await;
    let log = database.log().await;
    let with_payload = |payload: &str| {
        unit(vec![StreamAppend {
            stream: stream("bad"),
            expected_version: 0,
            events: vec![NewEvent {
                payload: payload.into(),
                ..deposited(1)
            }],
        }])
    };
    let bad = [
        with_payload("{\"open\": "),
        with_payload(""),
        with_payload("{} {}"),
        with_payload("{\"nul\":\"\0\"}"),
        with_payload(r#"{"nul":"\u0000"}"#),
        unit(vec![deposits("nul\0", 0, 1)]),
        unit(vec![deposits("", 0, 1)]),
        unit(vec![deposits("blank ", 0, 1)]),
        unit(vec![deposits("twice", 0, 1), deposits("twice", 1, 1)]),
    ];
    let goods = (0..9).map(|n| unit(vec![deposits(&format!("good-{n}"), 0, 1)]));
    let all = bad.into_iter().zip(goods).flat_map(|(bad, good)| [bad, good]);
    let results = join_all(all.map(|unit| log.append(unit))).await;
    for pair in results.chunks(2) {
        assert!(matches!(pair[0], Err(AppendError::Invalid(_))), "{:?}", pair[0]);
        assert!(matches!(pair[1], Ok(Appended::Committed { .. })), "{:?}", pair[1]);
    }
    let huge = with_payload(&format!("\"{}\"", "x".repeat(log.options().payload_bytes_max)));
    assert!(matches!(
        log.append(huge).await,
        Err(AppendError::TooLarge { what: "payload", .. })
    ));
    assert_eq!(whole(&log).await.len(), 9);
}

/// Such as a type that a later Postgres reads more strictly: the flush is retried unit by unit.
#[tokio::test]
async fn a_unit_that_only_the_database_refuses_harms_nobody() {
    let database = Database::new().await;
    let owner = database.owner().await;
    sqlx::query("ALTER TABLE events ADD CONSTRAINT odd CHECK (payload::text NOT LIKE '%13%')")
        .execute(&owner)
        .await
        .unwrap();
    let log = database.log().await;
    let units = (11..=15).map(|amount| {
        unit(vec![StreamAppend {
            stream: stream(&format!("s-{amount}")),
            expected_version: 0,
            events: vec![deposited(amount)],
        }])
    });
    let results = join_all(units.map(|unit| log.append(unit))).await;
    for (amount, result) in (11..=15).zip(&results) {
        match amount {
            13 => assert!(matches!(result, Err(AppendError::Invalid(_))), "{result:?}"),
            _ => assert!(matches!(result, Ok(Appended::Committed { .. })), "{result:?}"),
        }
    }
    assert_eq!(whole(&log).await.len(), 4);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let database = Database::new().await;
    let mut options = database.options();
    options.queue_units = 4;
    let log = baize_eventlog::EventLog::connect(options).await.unwrap();
    // The lock that every append needs.
    let mut owner = database.owner().await.acquire().await.unwrap();
    sqlx::query("SELECT pg_advisory_lock(7019267256482427)")
        .execute(&mut *owner)
        .await
        .unwrap();
    let first = tokio::spawn({
        let log = log.clone();
        async move { log.append(unit(vec![deposits("first", 0, 1)])).await }
    });
    crate::support::eventually("the first flush waits for the lock", async || {
        let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
            .fetch_one(&mut *owner)
            .await
            .unwrap();
        (waiting == 1).then_some(())
    })
    .await;
    // Polled in order: four find room, the rest are told at once, before anything is unlocked.
    let mut appends: FuturesUnordered<_> = (0..9)
        .map(|n| log.append(unit(vec![deposits(&format!("s-{n}"), 0, 1)])))
        .collect();
    for _ in 0..5 {
        assert_eq!(appends.next().await, Some(Err(AppendError::Overloaded)));
    }
    sqlx::query("SELECT pg_advisory_unlock(7019267256482427)")
        .execute(&mut *owner)
        .await
        .unwrap();
    first.await.unwrap().unwrap();
    assert!(appends.all(|result| async move { result.is_ok() }).await);
    assert_eq!(whole(&log).await.len(), 5);
}

#[tokio::test]
async fn closing_writes_what_waits_and_refuses_what_comes_later() {
    let database = Database::new().await;
    let log = database.log().await;
    let appends = join_all((0..100).map(|n| log.append(unit(vec![deposits(&format!("s-{n}"), 0, 1)]))));
    let (results, ()) = tokio::join!(biased; appends, log.close());
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(log.append(unit(vec![])).await, Err(AppendError::Closed));
    assert_eq!(whole(&database.log().await).await.len(), 100);
}
