//! The database goes away and comes back; requests take too long; health tells.

use std::sync::Arc;
use std::time::Duration;

use baize_command_api::Options;
use baize_proto::access::{Claims, Role};
use baize_proto::hall::table::v1::CloseSessionRequest;
use baize_servers::Postgres;
use jiff::Timestamp;
use sqlx::Connection as _;
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use super::world::{PATIENCE, World, count, migrate, postpaid, refused, request_id};

/// A Postgres of the test's own, with a migrated database on it.
async fn own_postgres() -> (Arc<Postgres>, String) {
    let postgres = tokio::task::spawn_blocking(|| baize_servers::testing::postgres().unwrap())
        .await
        .unwrap();
    let url = postgres.fresh_database().unwrap();
    migrate(&url).await;
    (Arc::new(postgres), url)
}

async fn stop(postgres: &Arc<Postgres>) {
    let postgres = Arc::clone(postgres);
    tokio::task::spawn_blocking(move || postgres.stop()).await.unwrap();
}

async fn start(postgres: &Arc<Postgres>) {
    let postgres = Arc::clone(postgres);
    tokio::task::spawn_blocking(move || postgres.start().unwrap())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_database_commands_are_unavailable_and_nothing_is_half_done() {
    let (postgres, url) = own_postgres().await;
    let world = World::on(Options::new(&url)).await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(2).await;
    let (known, unknown) = (clients.member(100_000).await, clients.member(100_000).await);
    let session_id = clients.open(&hall.tables[0], &known).await.unwrap().session_id;
    let events = world.count("SELECT count(*) FROM events").await;
    stop(&postgres).await;

    // One whose states are in memory, one that must be read first, and one that is only asked for.
    let close = CloseSessionRequest {
        request_id: request_id(),
        session_id: session_id.clone(),
    };
    let open = postpaid(&hall.tables[1], &unknown);
    let mut closing = clients.clone();
    let mut opening = clients.clone();
    let (closed, opened) = tokio::join!(
        closing.table.close_session(close.clone()),
        opening.table.open_table(open.clone())
    );
    let close_refused = refused(closed, Code::Unavailable, "DATABASE_UNAVAILABLE");
    let open_refused = refused(opened, Code::Unavailable, "DATABASE_UNAVAILABLE");
    for details in [close_refused, open_refused] {
        assert!(details.retry_info().unwrap().retry_delay.is_some());
    }

    start(&postgres).await;
    // The very same requests, to the service that has been running all the while.
    let closed = until_available(|| {
        let (mut clients, close) = (clients.clone(), close.clone());
        async move { clients.table.close_session(close).await }
    })
    .await;
    let opened = until_available(|| {
        let (mut clients, open) = (clients.clone(), open.clone());
        async move { clients.table.open_table(open).await }
    })
    .await;
    let mut history = world.history().await;
    history.until("SessionSettled", &session_id).await;
    history.read_to(opened.position.max(closed.position)).await;
    assert_eq!(history.count("SessionClosed"), 1);
    assert_eq!(history.count("SessionOpened"), 2);
    assert!(history.events.len() as i64 > events);
    let positions: Vec<_> = history.events.iter().map(|event| event.position).collect();
    assert_eq!(positions, (1..=positions.len() as u64).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_for_the_own_session_while_the_database_is_away_is_not_told_that_it_is_somebody_elses() {
    let (postgres, url) = own_postgres().await;
    let first = World::on(Options::new(&url)).await;
    let mut clients = first.clients.clone();
    let hall = clients.hall(1).await;
    let member = clients.member(100_000).await;
    let session_id = clients.open(&hall.tables[0], &member).await.unwrap().session_id;
    // It has nothing in memory: whose the session is, it would have to read.
    let second = World::on(Options::new(&url)).await;
    let claims = Claims::new(
        member.parse().unwrap(),
        Role::Customer,
        Timestamp::now(),
        Duration::from_secs(600),
    );
    let mut customer = second.clients.of(claims);
    stop(&postgres).await;
    let close = CloseSessionRequest {
        request_id: request_id(),
        session_id,
    };
    let closed = customer.table.close_session(close).await;
    refused(closed, Code::Unavailable, "DATABASE_UNAVAILABLE");
}

/// Asks until the answer is not `UNAVAILABLE` any more.
async fn until_available<T, F>(ask: impl Fn() -> F) -> T
where
    F: Future<Output = Result<tonic::Response<T>, tonic::Status>>,
{
    let asked = async {
        loop {
            match ask().await {
                Ok(answer) => return answer.into_inner(),
                Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status:?}"),
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asked)
        .await
        .expect("the service recovers")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_follows_the_database() {
    let (postgres, url) = own_postgres().await;
    let mut options = Options::new(&url);
    options.limits.health_interval = Duration::from_millis(20);
    let world = World::on(options).await;
    let services = [
        "",
        "hall.device.v1.DeviceService",
        "hall.table.v1.TableService",
        "hall.venue.v1.VenueService",
        "hall.wallet.v1.WalletService",
    ];
    let mut health = HealthClient::new(world.clients.channel.clone());
    let ask = |service: &str| HealthCheckRequest {
        service: service.to_owned(),
    };
    let mut watched = Vec::new();
    for service in services {
        let answer = health.check(ask(service)).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
        watched.push(health.watch(ask(service)).await.unwrap().into_inner());
    }
    let unknown = health.check(ask("hall.table.v2.TableService")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);

    stop(&postgres).await;
    for stream in &mut watched {
        until_status(stream, ServingStatus::NotServing).await;
    }
    start(&postgres).await;
    for stream in &mut watched {
        until_status(stream, ServingStatus::Serving).await;
    }
}

pub async fn until_status(stream: &mut tonic::Streaming<HealthCheckResponse>, status: ServingStatus) {
    let seen = async {
        while let Some(answer) = stream.message().await.unwrap() {
            if answer.status() == status {
                return;
            }
        }
        panic!("the watch ended");
    };
    tokio::time::timeout(PATIENCE, seen).await.expect("health changes");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_told_so_and_its_outcome_can_be_learnt() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let member = clients.member(100_000).await;
    let request = postpaid(&hall.tables[0], &member);
    let mut options = Options::new(&world.url);
    options.limits.deadline_max = Duration::from_millis(300);
    let hasty = World::on(options).await;

    let mut blocker = sqlx::PgConnection::connect(&world.url).await.unwrap();
    let mut blocking = blocker.begin().await.unwrap();
    sqlx::query("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *blocking)
        .await
        .unwrap();
    refused(
        hasty.clients.clone().table.open_table(request.clone()).await,
        Code::DeadlineExceeded,
        "DEADLINE_EXCEEDED",
    );
    blocking.rollback().await.unwrap();

    let opened = clients.table.open_table(request).await.unwrap().into_inner();
    let of_it = format!(
        "SELECT count(*) FROM events WHERE aggregate_id = '{}' AND event_type = 'SessionOpened'",
        opened.session_id
    );
    assert_eq!(count(&world.url, &of_it).await, 1);
    assert_eq!(
        world
            .count("SELECT count(*) FROM events WHERE event_type = 'SessionOpened'")
            .await,
        1
    );
}

#[tokio::test]
async fn stopping_answers_what_is_in_work_and_refuses_what_comes_after() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let member = clients.member(100_000).await;
    let mut blocker = sqlx::PgConnection::connect(&world.url).await.unwrap();
    let mut blocking = blocker.begin().await.unwrap();
    sqlx::query("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *blocking)
        .await
        .unwrap();
    let open = tokio::spawn({
        let (mut clients, request) = (clients.clone(), postpaid(&hall.tables[0], &member));
        async move { clients.table.open_table(request).await }
    });
    waits_for_a_lock(&world.url).await;
    let stopping = tokio::spawn(world.api.stop());
    blocking.rollback().await.unwrap();
    let opened = open.await.unwrap().unwrap().into_inner();
    assert!(opened.position > 0);
    tokio::time::timeout(PATIENCE, stopping)
        .await
        .expect("it stops")
        .unwrap();
    let late = clients.open(&hall.tables[0], &member).await.unwrap_err();
    assert_eq!(late.code(), Code::Unavailable, "{late:?}");
}

/// Waits until somebody waits for the blocker of the table of events.
async fn waits_for_a_lock(url: &str) {
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'events'::regclass";
    let seen = async {
        while count(url, waiting).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, seen)
        .await
        .expect("the append is on its way");
}
