//! Building views again while they are served.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use baize_projections::{Phase, Progress, RebuildOptions, Rebuilt, VIEWS};

use crate::queries::Client;
use crate::stage::{Stage, in_time, reach};

const ACCEPT: RebuildOptions = RebuildOptions {
    accept_difference: true,
};

async fn rebuild(stage: &Stage, view: &str, options: RebuildOptions) -> anyhow::Result<Rebuilt> {
    let mut seen: Vec<Progress> = Vec::new();
    let rebuilt = baize_projections::rebuild(&stage.database(), view, options, |progress| seen.push(progress)).await?;
    assert!(
        seen.iter()
            .any(|progress| progress.phase == Phase::Loading && progress.done == progress.total),
        "{seen:?}"
    );
    Ok(rebuilt)
}

async fn tables(stage: &Stage) -> i64 {
    stage
        .number("SELECT count(*) FROM pg_tables WHERE schemaname = 'views' AND tablename <> 'generations'")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn views_are_rebuilt_while_they_are_written_and_read() {
    let stage = Arc::new(Stage::new().await);
    let (mut evening, _) = stage.furnished(40).await;
    stage.the_rare().await;
    stage.append_bulk(evening.events(6_000)).await;
    let service = stage.serve().await;
    let position = stage.append_all(evening.events(20)).await;
    reach(&service, position).await;
    let table = tables(&stage).await;

    let ended = Arc::new(AtomicBool::new(false));
    let writing = {
        let (stage, ended) = (Arc::clone(&stage), Arc::clone(&ended));
        tokio::spawn(async move {
            let mut position = 0;
            while !ended.load(Ordering::Relaxed) {
                position = stage.append(evening.next()).await;
            }
            (evening, position)
        })
    };
    let reading = {
        let (mut client, ended) = (Client::connect(&service).await, Arc::clone(&ended));
        let hall_id = stage_hall(&stage).await;
        tokio::spawn(async move {
            let mut last = 0;
            while !ended.load(Ordering::Relaxed) {
                let board = client.board(hall_id, 0).await.unwrap();
                assert_eq!(board.tables.len(), 6);
                assert!(board.position >= last, "the board went back");
                last = board.position;
            }
        })
    };
    for (round, view) in (0..3).flat_map(|round| VIEWS.iter().map(move |view| (round, view))) {
        let rebuilt = rebuild(&stage, view, RebuildOptions::default()).await.unwrap();
        let comparison = rebuilt.comparison.as_ref().unwrap();
        assert!(rebuilt.switched && comparison.is_equal(), "{comparison}");
        assert!(comparison.rows > 0, "{view}");
        assert_eq!(rebuilt.generation, round + 2);
    }
    ended.store(true, Ordering::Relaxed);
    reading.await.unwrap();
    let (mut evening, position) = writing.await.unwrap();
    reach(&service, position).await;
    assert_eq!(tables(&stage).await, table, "old generations are gone");
    let position = stage.append_all(evening.events(100)).await;
    reach(&service, position).await;
    assert!(service.statuses().iter().all(|status| status.generation == 4));
    stage.verify_all(position).await;
    Arc::try_unwrap(stage).ok().unwrap();
    service.stop().await;
}

async fn stage_hall(stage: &Stage) -> uuid::Uuid {
    let id: String = sqlx::query_scalar(
        "SELECT aggregate_id FROM events WHERE event_type = 'HallRegistered' ORDER BY position LIMIT 1",
    )
    .fetch_one(&mut stage.owner().await)
    .await
    .unwrap();
    id.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_dies_leaves_the_live_view_alone_and_the_next_one_cleans_up() {
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(41).await;
    let service = stage.serve().await;
    let position = stage.append_bulk(evening.events(3_000)).await;
    reach(&service, position).await;
    let before = tables(&stage).await;
    for phase in [Phase::Loading, Phase::Comparing, Phase::Switching] {
        let database = stage.database();
        // A panic in the middle: as with a kill, nothing is undone by anybody but the database.
        let died = tokio::spawn(async move {
            let die = move |progress: Progress| assert_ne!(progress.phase, phase, "dies here");
            baize_projections::rebuild(&database, "wallets", RebuildOptions::default(), die)
                .await
                .map(|_| ())
        });
        assert!(died.await.unwrap_err().is_panic());
        assert_eq!(
            tables(&stage).await,
            before + 2,
            "{phase}: the unfinished tables are there"
        );
        assert_eq!(
            stage
                .number("SELECT generation::bigint FROM views.generations WHERE view = 'wallets' AND status = 'live'")
                .await,
            1
        );
        let position = stage.append_all(evening.events(20)).await;
        reach(&service, position).await;
        stage.verify_all(position).await;
        // The lock goes with the connection, which the server notices a moment later.
        in_time("the lock", async {
            while stage.number("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND objsubid = 2").await > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    let rebuilt = rebuild(&stage, "wallets", RebuildOptions::default()).await.unwrap();
    assert!(rebuilt.switched);
    assert_eq!(tables(&stage).await, before);
    let position = stage.append_all(evening.events(20)).await;
    reach(&service, position).await;
    stage.verify_all(position).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_differs_is_replaced_only_if_that_is_accepted() {
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(42).await;
    let service = stage.serve().await;
    let position = stage.append_all(evening.events(200)).await;
    reach(&service, position).await;
    let altered: String = sqlx::query_scalar("UPDATE views.bills_sessions_g1 SET total_fen = 77 WHERE session_id = (SELECT min(session_id::text)::uuid FROM views.bills_sessions_g1) RETURNING session_id::text")
        .fetch_one(&mut stage.owner().await)
        .await
        .unwrap();

    let refused = rebuild(&stage, "bills", RebuildOptions::default()).await.unwrap();
    let comparison = refused.comparison.unwrap();
    assert!(!refused.switched);
    assert_eq!(comparison.different, 1);
    assert_eq!(
        (comparison.differences[0].table, &comparison.differences[0].key),
        ("sessions", &altered)
    );
    assert!(comparison.to_string().contains("\"total_fen\": 77"), "{comparison}");
    assert_eq!(service.status("bills").unwrap().borrow().generation, 1);
    assert_eq!(
        stage
            .number("SELECT count(*) FROM views.generations WHERE view = 'bills'")
            .await,
        1,
        "nothing is left of it"
    );

    let accepted = rebuild(&stage, "bills", ACCEPT).await.unwrap();
    assert!(accepted.switched && !accepted.comparison.unwrap().is_equal());
    let position = stage.append_all(evening.events(10)).await;
    reach(&service, position).await;
    stage.verify_all(position).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_rebuild_of_a_view_at_a_time() {
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(43).await;
    let position = stage.append_all(evening.events(50)).await;
    let service = stage.serve().await;
    reach(&service, position).await;
    let database = stage.database();
    let (reached, begun) = std::sync::mpsc::channel();
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let first = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(baize_projections::rebuild(
            &database,
            "board",
            RebuildOptions::default(),
            move |progress| {
                if progress.phase == Phase::Comparing && progress.done == 0 {
                    reached.send(()).unwrap();
                    wait.recv().unwrap();
                }
            },
        ))
    });
    tokio::task::block_in_place(|| begun.recv()).unwrap();
    let second = rebuild(&stage, "board", RebuildOptions::default()).await.unwrap_err();
    assert!(second.to_string().contains("being rebuilt"), "{second}");
    go_on.send(()).unwrap();
    let first = tokio::task::block_in_place(|| first.join()).unwrap().unwrap();
    assert!(first.switched);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_was_never_built_can_be_built_without_the_service() {
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(44).await;
    let position = stage.append_all(evening.events(100)).await;
    for view in VIEWS {
        let rebuilt = rebuild(&stage, view, RebuildOptions::default()).await.unwrap();
        assert!(rebuilt.switched && rebuilt.comparison.is_none());
        assert_eq!((rebuilt.generation, rebuilt.position), (1, position));
    }
    stage.verify_all(position).await;
    let unknown = rebuild(&stage, "nonsense", RebuildOptions::default())
        .await
        .unwrap_err();
    assert!(unknown.to_string().contains("board, bills, wallets"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_rebuild_that_a_starting_service_overtakes_waits_for_it_and_takes_its_place() {
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(43).await;
    let position = stage.append_bulk(evening.events(3_000)).await;
    let mut service = None;
    let database = stage.database();
    let rebuilt = baize_projections::rebuild(&database, "wallets", RebuildOptions::default(), |progress: Progress| {
        // The new view has the whole log, and only now does a service begin the view from nothing.
        if progress.phase == Phase::Loading && progress.done == position && service.is_none() {
            let starting = async {
                let service = stage.serve().await;
                let mut status = service.status("wallets").unwrap();
                status.wait_for(|status| status.generation > 0).await.unwrap();
                service
            };
            service = Some(tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(starting)
            }));
        }
    });
    let rebuilt = in_time("the rebuild", rebuilt).await.unwrap();
    let comparison = rebuilt.comparison.unwrap();
    assert!(rebuilt.switched && comparison.is_equal(), "{comparison}");
    let service = service.expect("the service was started meanwhile");
    let position = stage.append_all(evening.events(5)).await;
    reach(&service, position).await;
    stage.verify_all(position).await;
    service.stop().await;
}
