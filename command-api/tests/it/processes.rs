//! Process managers at work: on a fast clock, through the same service.

use std::str::FromStr as _;

use baize_command_api::{Options, RunnerStatus};
use baize_domain::Event;
use baize_domain::device::{DesireReason, DeviceEvent};
use baize_domain::session::{BillingStartCause, CloseCause, TableSessionEvent, Warning};
use baize_eventlog::{EventLog, LogOptions, NewEvent, RequestKey, StreamAppend, StreamId, Unit};
use baize_proto::hall::table::v1::CloseSessionRequest;
use jiff::Timestamp;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use uuid::Uuid;

use super::outage::until_status;
use super::world::{Clients, FEN_PER_MINUTE, PATIENCE, World, decoded, fast, patient, prepaid, refused, request_id};

#[tokio::test]
async fn without_a_light_the_session_is_cancelled_and_everything_released() {
    let world = World::with(|options| options.clock = fast(300.0)).await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let member = clients.member(100_000).await;
    let opened = clients.open(&hall.tables[0], &member).await.unwrap();
    let mut history = world.history().await;
    let cancelled = history.until("SessionCancelled", &opened.session_id).await;
    let history = world.at_rest(cancelled.position).await;

    let Event::TableSession(TableSessionEvent::SessionCancelled { at, .. }) = decoded(&cancelled) else {
        panic!("{cancelled:?}");
    };
    assert!(
        at.as_second() - opened.opened_at.unwrap().seconds >= 30,
        "not before its time"
    );
    assert_eq!(
        history.types_of(&member),
        [
            "MemberRegistered",
            "WalletOpened",
            "TopUpCredited",
            "FundsHeld",
            "HoldReleased"
        ]
    );
    let table = history.types_of(&hall.tables[0]);
    assert_eq!(
        table,
        [
            "TableRegistered",
            "TableOccupied",
            "TableReleased",
            "MaintenanceStarted"
        ]
    );
    let Some(Event::Device(DeviceEvent::LightDesired { on, reason, .. })) = last_of(&history, &hall.device_id) else {
        panic!("the light is not switched off");
    };
    assert_eq!((on, reason), (false, DesireReason::SessionOver));
    refused(
        clients.open(&hall.tables[0], &member).await,
        Code::FailedPrecondition,
        "TABLE_IN_MAINTENANCE",
    );
}

#[tokio::test]
async fn a_confirmed_light_starts_billing_and_play_goes_on() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let member = clients.member(100_000).await;
    let session_id = clients.open(&hall.tables[0], &member).await.unwrap().session_id;
    let lit_at = Timestamp::now();
    clients.confirm(&hall, 1, 1, true, lit_at).await.unwrap();
    let mut history = world.history().await;
    let billing = history.until("BillingStarted", &session_id).await;
    let Event::TableSession(TableSessionEvent::BillingStarted { at, cause, .. }) = decoded(&billing) else {
        panic!("{billing:?}");
    };
    assert_eq!((at, cause), (lit_at, BillingStartCause::LightConfirmed));
    world.settled(billing.position).await;
    assert_eq!(
        world
            .count("SELECT count(*) FROM process_instances WHERE process = 'opening'")
            .await,
        0
    );
    assert_eq!(
        world
            .count("SELECT count(*) FROM process_timers WHERE process = 'opening'")
            .await,
        0
    );
    assert_eq!(
        world
            .count("SELECT count(*) FROM process_timers WHERE process = 'running'")
            .await,
        1
    );
}

#[tokio::test]
async fn prepaid_time_is_warned_of_ended_settled_and_the_light_goes_off() {
    let clock = fast(1_000.0);
    let world = World::with(|options| options.clock = clock.clone()).await;
    let mut clients = world.clients.clone();
    let hall = clients.hall_with(1, patient()).await;
    let member = clients.member(100_000).await;
    let opened = clients
        .table
        .open_table(prepaid(&hall.tables[0], &member, 40))
        .await
        .unwrap()
        .into_inner();
    clients.confirm(&hall, 1, 1, true, clock.now()).await.unwrap();

    let mut history = world.history().await;
    let settled = history.until("SessionSettled", &opened.session_id).await;
    let events: Vec<_> = history
        .events
        .iter()
        .filter(|event| event.stream.aggregate_id == opened.session_id)
        .map(decoded)
        .collect();
    let warnings: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::TableSession(TableSessionEvent::CustomerWarned { warning, .. }) => Some(*warning),
            _ => None,
        })
        .collect();
    assert_eq!(
        warnings,
        [
            Warning::PrepaidEnding { minutes: 30 },
            Warning::PrepaidEnding { minutes: 5 }
        ]
    );
    let closed = events.iter().find_map(|event| match event {
        Event::TableSession(TableSessionEvent::SessionClosed { cause, bill, .. }) => Some((*cause, bill.total.0)),
        _ => None,
    });
    assert_eq!(closed, Some((CloseCause::PrepaidEnd, 40 * FEN_PER_MINUTE)));
    assert_eq!(history.count("SessionClosed"), 1);

    // The light lingers, then it goes off.
    let history = world.at_rest(settled.position).await;
    let last = last_of(&history, &hall.device_id);
    assert!(
        matches!(last, Some(Event::Device(DeviceEvent::LightDesired { on: false, .. }))),
        "{last:?}"
    );
}

#[tokio::test]
async fn a_hold_is_renewed_while_play_goes_on_and_at_its_end_the_session_is_closed() {
    let clock = fast(3_000.0);
    let world = World::with(|options| options.clock = clock.clone()).await;
    let mut clients = world.clients.clone();
    let hall = clients.hall_with(1, patient()).await;
    // Two hours of play, no more.
    let member = clients.member(120 * FEN_PER_MINUTE).await;
    let session_id = clients.open(&hall.tables[0], &member).await.unwrap().session_id;
    clients.confirm(&hall, 1, 1, true, clock.now()).await.unwrap();
    let mut history = world.history().await;
    history.until("HoldRenewed", &session_id).await;
    let closed = history.until("SessionClosed", &session_id).await;
    let Event::TableSession(TableSessionEvent::SessionClosed { cause, bill, .. }) = decoded(&closed) else {
        panic!("{closed:?}");
    };
    assert_eq!((cause, bill.total.0), (CloseCause::HoldExhausted, 120 * FEN_PER_MINUTE));
    assert!(history.events.iter().map(decoded).any(|event| matches!(
        event,
        Event::TableSession(TableSessionEvent::CustomerWarned {
            warning: Warning::HoldRunningShort,
            ..
        })
    )));
    let settled = history.until("SessionSettled", &session_id).await;
    let Event::TableSession(TableSessionEvent::SessionSettled { paid, outstanding, .. }) = decoded(&settled) else {
        panic!("{settled:?}");
    };
    assert_eq!((paid.0, outstanding.0), (120 * FEN_PER_MINUTE, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_sessions_are_each_settled_once() {
    let clock = fast(60.0);
    let world = World::with(|options| options.clock = clock.clone()).await;
    let mut clients = world.clients.clone();
    let hall = clients.hall_with(20, patient()).await;
    let last = play_and_close(&clients, &hall.tables, 5).await;
    let history = world.at_rest(last).await;
    assert_eq!(history.count("SessionSettled"), 100);
    let twice = "SELECT count(*) FROM (SELECT FROM events WHERE event_type IN ('SessionSettled', 'SessionClosed')
                 GROUP BY aggregate_id, event_type HAVING count(*) > 1) AS twice";
    assert_eq!(world.count(twice).await, 0);
}

/// Opens and closes every table `rounds` times, the tables side by side; returns the last position.
pub async fn play_and_close(clients: &Clients, tables: &[String], rounds: usize) -> u64 {
    let play = |table_id: &String| {
        let (mut clients, table_id) = (clients.clone(), table_id.clone());
        async move {
            let mut position = 0;
            for _ in 0..rounds {
                let member = clients.member(100_000).await;
                let session_id = clients.open(&table_id, &member).await.unwrap().session_id;
                let close = CloseSessionRequest {
                    request_id: request_id(),
                    session_id,
                };
                position = clients.table.close_session(close).await.unwrap().into_inner().position;
            }
            position
        }
    };
    let positions = futures::future::join_all(tables.iter().map(play)).await;
    positions.into_iter().max().unwrap()
}

#[tokio::test]
async fn an_event_that_cannot_be_read_stops_the_runner_and_is_not_skipped() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(2).await;
    let (first, second) = (clients.member(100_000).await, clients.member(100_000).await);
    let before = clients.open(&hall.tables[0], &first).await.unwrap();
    let poisoned = poison(&world.url).await;

    let mut status = world.api.processes();
    let failed = status.wait_for(|status| matches!(status, RunnerStatus::Failed { .. }));
    let failed = tokio::time::timeout(PATIENCE, failed)
        .await
        .expect("an alarm")
        .unwrap()
        .clone();
    let RunnerStatus::Failed { why } = failed else {
        unreachable!()
    };
    assert!(
        why.contains(&format!("position {poisoned}")) && why.contains("LightExploded"),
        "{why}"
    );
    let reached = world.count("SELECT position FROM process_runner").await;
    assert!(
        (before.position as i64..poisoned as i64).contains(&reached),
        "{reached}"
    );
    let pool = sqlx::PgPool::connect(&world.url).await.unwrap();
    let written: Option<String> = sqlx::query_scalar("SELECT failure FROM process_runner")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(written, Some(why), "for the doctor to tell");
    let mut health = HealthClient::new(world.clients.channel.clone());
    let mut watched = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    until_status(&mut watched, ServingStatus::NotServing).await;
    // Commands go on.
    clients.open(&hall.tables[1], &second).await.unwrap();

    // A new start meets it again.
    let other = World::on(Options::new(&world.url)).await;
    let mut status = other.api.processes();
    let failed = status.wait_for(|status| matches!(status, RunnerStatus::Failed { .. }));
    tokio::time::timeout(PATIENCE, failed).await.expect("an alarm").unwrap();
}

/// Appends what no release ever wrote; returns its position.
async fn poison(url: &str) -> u64 {
    let connect = sqlx::postgres::PgConnectOptions::from_str(url).unwrap();
    let log = EventLog::connect(LogOptions::new(connect)).await.unwrap();
    let id = Uuid::new_v4();
    let unit = Unit {
        request: RequestKey::new("test", id, b"poison"),
        streams: vec![StreamAppend {
            stream: StreamId::new("Device", id.to_string()),
            expected_version: 0,
            events: vec![NewEvent {
                event_type: "LightExploded".to_owned(),
                event_version: "1.0.0".to_owned(),
                payload: r#"{"LightExploded":{}}"#.to_owned(),
            }],
        }],
        metadata: baize_eventlog::Metadata::new(),
        response: Vec::new(),
    };
    log.append(unit).await.unwrap().position()
}

fn last_of(history: &super::world::History, aggregate_id: &str) -> Option<Event> {
    let last = history
        .events
        .iter()
        .rev()
        .find(|event| event.stream.aggregate_id == aggregate_id);
    last.map(decoded)
}
