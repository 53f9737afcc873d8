//! The relay and its stream, in quiet times and in each of the four cases of a comparison.

use std::{sync::Arc, time::Duration};

use async_nats::jetstream::{Context, stream::Stream};
use baize_eventlog::{EventLog, RecordedEvent, Relay, RelayOptions, RelayStatus};
use baize_servers::NatsServer;

use crate::support::{Database, PATIENCE, append_some, blocking, committed, deposits, eventually, unit, whole};

pub async fn nats() -> Arc<NatsServer> {
    Arc::new(blocking(|| baize_servers::testing::nats().unwrap()).await)
}

pub async fn on<T: Send + 'static>(nats: &Arc<NatsServer>, work: impl FnOnce(&NatsServer) -> T + Send + 'static) -> T {
    let nats = Arc::clone(nats);
    blocking(move || work(&nats)).await
}

pub fn options(nats: &NatsServer) -> RelayOptions {
    let mut options = RelayOptions::new(nats.url());
    options.compare_interval = Duration::from_millis(300);
    options
}

pub async fn jetstream(nats: &NatsServer) -> Context {
    async_nats::jetstream::new(async_nats::connect(nats.url()).await.unwrap())
}

pub async fn reaches(relay: &Relay, position: u64) {
    until(relay, |status| *status == RelayStatus::Running { position }).await;
}

pub async fn until(relay: &Relay, is: impl Fn(&RelayStatus) -> bool) -> RelayStatus {
    let mut status = relay.status();
    let reached = tokio::time::timeout(PATIENCE, status.wait_for(is)).await;
    let reached = reached.map(|status| status.unwrap().clone());
    reached.unwrap_or_else(|_| panic!("the relay stays at {:?}", relay.status().borrow().clone()))
}

pub async fn stream(jetstream: &Context) -> Stream {
    jetstream.get_stream("EVENTS").await.unwrap()
}

/// The stream holds the log and nothing else: same sequence, same bytes.
pub async fn assert_copy(log: &EventLog, jetstream: &Context) {
    let events = whole(log).await;
    let stream = stream(jetstream).await;
    let state = &stream.cached_info().state;
    assert_eq!(
        (state.last_sequence, state.messages),
        (events.len() as u64, events.len() as u64)
    );
    for event in &events {
        let message = stream.get_raw_message(event.position).await.unwrap();
        assert_eq!(message.payload, event.payload.as_bytes());
        assert_eq!(message.subject.as_str(), event.subject());
        assert_eq!(
            RecordedEvent::from_message(&message.headers, &message.payload).unwrap(),
            *event
        );
    }
}

#[tokio::test]
async fn the_stream_is_a_copy_of_the_log() {
    let (database, nats) = (Database::new().await, nats().await);
    let log = database.log().await;
    append_some(&log, 300).await;
    let relay = Relay::start(log.clone(), options(&nats));
    reaches(&relay, 300).await;
    committed(&log, unit(vec![deposits("live", 0, 2)])).await;
    reaches(&relay, 302).await;
    let jetstream = jetstream(&nats).await;
    assert_copy(&log, &jetstream).await;

    let stream = stream(&jetstream).await;
    let config = &stream.cached_info().config;
    assert!(config.deny_delete && config.deny_purge);
    let last = stream.get_raw_message(302).await.unwrap();
    assert_eq!(last.subject.as_str(), "events.Account.hall-1.Deposited");
    let header = |name: &str| last.headers.get(name).unwrap().as_str().to_owned();
    assert_eq!(header("ce-specversion"), "1.0");
    assert_eq!(header("ce-id"), "Account/live/2");
    assert_eq!(header("Baize-Position"), "302");
    relay.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_behind_gets_the_rest() {
    let (database, nats) = (Database::new().await, nats().await);
    let log = database.log().await;
    append_some(&log, 10).await;
    let relay = Relay::start(log.clone(), options(&nats));
    reaches(&relay, 10).await;
    relay.stop().await;
    append_some(&log, 20).await;
    let relay = Relay::start(log.clone(), options(&nats));
    reaches(&relay, 30).await;
    assert_copy(&log, &jetstream(&nats).await).await;
}

#[tokio::test]
async fn a_stream_that_is_gone_is_made_again_in_full() {
    let (database, nats) = (Database::new().await, nats().await);
    let log = database.log().await;
    append_some(&log, 40).await;
    let relay = Relay::start(log.clone(), options(&nats));
    reaches(&relay, 40).await;
    let jetstream = jetstream(&nats).await;
    // While it runs: by an operator …
    jetstream.delete_stream("EVENTS").await.unwrap();
    append_some(&log, 5).await;
    reaches(&relay, 45).await;
    assert_copy(&log, &jetstream).await;
    // … and with the server's disk.
    on(&nats, |nats| {
        nats.kill();
        nats.wipe().unwrap();
        nats.start().unwrap();
    })
    .await;
    append_some(&log, 5).await;
    reaches(&relay, 50).await;
    assert_copy(&log, &jetstream).await;
}

#[tokio::test]
async fn a_stream_that_is_ahead_halts_the_relay() {
    let (database, nats) = (Database::new().await, nats().await);
    let log = database.log().await;
    append_some(&log, 10).await;
    let relay = Relay::start(log.clone(), options(&nats));
    reaches(&relay, 10).await;
    // As after restoring the database from a backup, seen from the stream.
    let jetstream = jetstream(&nats).await;
    jetstream
        .publish("events.Account.-.Deposited", "{}".into())
        .await
        .unwrap()
        .await
        .unwrap();
    let status = until(&relay, |status| matches!(status, RelayStatus::Halted { .. })).await;
    assert!(matches!(status, RelayStatus::Halted { position: 10, .. }), "{status:?}");

    // The log goes on and passes it; what the stream holds is still something else.
    append_some(&log, 5).await;
    until(&relay, |status| {
        matches!(status, RelayStatus::Halted { position: 11, .. })
    })
    .await;
    assert_eq!(
        stream(&jetstream).await.cached_info().state.last_sequence,
        11,
        "nothing was published or removed"
    );
}

#[tokio::test]
async fn a_stream_of_another_log_halts_the_relay_until_an_operator_removes_it() {
    let nats = nats().await;
    let [ours, theirs] = [Database::new().await.log().await, Database::new().await.log().await];
    append_some(&theirs, 10).await;
    append_some(&ours, 20).await;
    let relay = Relay::start(theirs.clone(), options(&nats));
    reaches(&relay, 10).await;
    relay.stop().await;

    let relay = Relay::start(ours.clone(), options(&nats));
    until(&relay, |status| {
        matches!(status, RelayStatus::Halted { position: 1, .. })
    })
    .await;
    let jetstream = jetstream(&nats).await;
    assert_copy(&theirs, &jetstream).await;
    jetstream.delete_stream("EVENTS").await.unwrap();
    reaches(&relay, 20).await;
    assert_copy(&ours, &jetstream).await;
}

#[tokio::test]
async fn one_changed_event_in_the_middle_is_found() {
    let (database, nats) = (Database::new().await, nats().await);
    let log = database.log().await;
    append_some(&log, 60).await;
    let relay = Relay::start(log.clone(), options(&nats));
    reaches(&relay, 60).await;
    let owner = database.owner().await;
    let tampering = "ALTER TABLE events DISABLE TRIGGER append_only;
        UPDATE events SET payload = '{\"Deposited\":{\"amount\":999}}' WHERE position = 33;
        ALTER TABLE events ENABLE ALWAYS TRIGGER append_only";
    sqlx::raw_sql(tampering).execute(&owner).await.unwrap();
    let status = until(&relay, |status| matches!(status, RelayStatus::Halted { .. })).await;
    assert!(matches!(status, RelayStatus::Halted { position: 33, .. }), "{status:?}");
}

#[tokio::test]
async fn of_two_relays_one_publishes_and_the_other_takes_over() {
    let (database, nats) = (Database::new().await, nats().await);
    let log = database.log().await;
    let first = Relay::start(log.clone(), options(&nats));
    append_some(&log, 10).await;
    reaches(&first, 10).await;
    let second = Relay::start(database.log().await, options(&nats));
    append_some(&log, 10).await;
    reaches(&first, 20).await;
    assert_eq!(*second.status().borrow(), RelayStatus::Standby);
    first.stop().await;
    append_some(&log, 10).await;
    reaches(&second, 30).await;
    assert_copy(&log, &jetstream(&nats).await).await;
}

#[tokio::test]
async fn twins_that_both_believe_to_lead_do_no_harm() {
    let (database, nats) = (Database::new().await, nats().await);
    let logs = [database.log().await, database.log().await];
    let twins: Vec<Relay> = logs
        .iter()
        .zip(["lease-a", "lease-b"])
        .map(|(log, lease)| {
            Relay::start(
                log.clone(),
                RelayOptions {
                    lease: lease.to_owned(),
                    ..options(&nats)
                },
            )
        })
        .collect();
    let mut last = 0;
    for round in 0..30 {
        last = append_some(&logs[round % 2], 20).await;
    }
    for twin in &twins {
        let status = until(
            twin,
            |status| matches!(status, RelayStatus::Running { position } if *position == last),
        )
        .await;
        assert_eq!(status, RelayStatus::Running { position: last });
    }
    assert_copy(&logs[0], &jetstream(&nats).await).await;
}

#[tokio::test]
async fn commands_go_on_while_nats_is_away() {
    let (database, nats) = (Database::new().await, nats().await);
    on(&nats, NatsServer::stop).await;
    let log = database.log().await;
    let relay = Relay::start(log.clone(), options(&nats));
    until(&relay, |status| matches!(status, RelayStatus::Disconnected { .. })).await;
    append_some(&log, 25).await;
    on(&nats, |nats| nats.start().unwrap()).await;
    reaches(&relay, 25).await;
    eventually("the stream is complete", async || {
        (stream(&jetstream(&nats).await).await.cached_info().state.last_sequence == 25).then_some(())
    })
    .await;
}
