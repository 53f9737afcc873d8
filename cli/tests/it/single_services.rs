//! One service a process, as on several machines: each comes up whenever its peers do.

use baize_eventlog::{EventLog, LogOptions, Metadata, NewEvent, RequestKey, StreamAppend, StreamId, Unit};
use baize_proto::access::Key;
use baize_servers::testing;
use nix::sys::signal::Signal;
use uuid::Uuid;

use crate::hall;
use crate::program::{output, serve, text, wait_for};

#[tokio::test]
async fn services_wait_for_servers_that_are_not_there_yet() {
    let (postgres, nats) = (testing::postgres().unwrap(), testing::nats().unwrap());
    let url = postgres.fresh_database().unwrap();
    let (host, port) = nats.mqtt_address();
    let mqtt = format!("mqtt://{host}:{port}");
    postgres.stop();
    nats.stop();

    let listen = [
        "--command-listen",
        "127.0.0.1:0",
        "--query-listen",
        "127.0.0.1:0",
        "--web-listen",
        "127.0.0.1:0",
    ];
    let (database, messages) = (["--database-url", &url], ["--nats-url", &nats.url()]);
    let both = [database, messages].concat();
    let mut command = serve(&[&["command-api", "--migrate"], &both[..], &listen[..]].concat());
    let mut projections = serve(&[&["projections"], &both[..], &listen[..]].concat());
    let waits = |log: &str| log.contains("is not there yet").then_some(());
    wait_for(|| waits(&command.log())).expect("the command service does not say what it waits for");
    assert!(!command.is_ready() && !projections.is_ready());

    postgres.start().unwrap();
    nats.start().unwrap();
    let command_url = command.ready().command.unwrap();
    let query_url = projections.ready().query.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut bridge = serve(&[
        "device-bridge",
        "--nats-url",
        &nats.url(),
        "--mqtt-url",
        &mqtt,
        "--command-url",
        &command_url,
        "--bridge-dir",
        dir.path().join("bridge").to_str().unwrap(),
    ]);
    bridge.ready();

    let hall = hall::set_up(&command_url).await;
    let opened = hall::open(&command_url, &hall).await;
    let table = hall::on_board(&query_url, &hall, opened.position).await;
    assert_eq!(table.session_id, opened.session_id);

    for service in [&mut bridge, &mut projections, &mut command] {
        service.signal(Signal::SIGTERM);
        assert!(service.wait().success(), "{}", service.log());
    }
}

#[test]
fn a_service_that_waits_can_be_told_to_stop() {
    let service = [
        "command-api",
        "--database-url",
        "postgres://127.0.0.1:1/none",
        "--nats-url",
        "nats://127.0.0.1:1",
    ];
    let mut service = serve(&service);
    wait_for(|| service.log().contains("is not there yet").then_some(())).expect("it does not say what it waits for");
    service.signal(Signal::SIGTERM);
    assert!(!service.wait().success(), "it never served");
    assert!(service.log().contains("told to stop"), "{}", service.log());
}

#[test]
fn a_sealer_without_a_key_says_what_it_lacks_and_how_to_make_one() {
    let database = ["serve", "sealer", "--database-url", "postgres://127.0.0.1:1/none"];
    let told = output(&database);
    assert!(!told.status.success());
    for word in ["seal_key", "BAIZE_SEAL_KEY", "openssl genpkey"] {
        assert!(text(&told).contains(word), "{word}: {}", text(&told));
    }
    let dir = tempfile::tempdir().unwrap();
    let public = dir.path().join("public.pem");
    std::fs::write(&public, Key::generate().unwrap().public_pem()).unwrap();
    for (file, problem) in [
        (public.to_str().unwrap(), "with its private half"),
        ("/nowhere/seal-key.pem", "/nowhere/seal-key.pem"),
    ] {
        let told = output(&[&database[..], &["--seal-key", file]].concat());
        assert!(!told.status.success());
        assert!(text(&told).contains(problem), "{}", text(&told));
    }
}

#[tokio::test]
async fn a_sealer_with_its_key_seals_what_is_in_the_log() {
    let url = testing::fresh_database();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    baize_schema::migrate(&pool).await.unwrap();
    let log = EventLog::connect(LogOptions::new(url.parse().unwrap())).await.unwrap();
    let payload = r#"{"GuestStarted":{"member_id":"0199a000-0000-7000-8000-000000000001","chain_id":"0199a000-0000-7000-8000-000000000002","at":"2026-03-02T09:00:00Z"}}"#;
    let unit = Unit {
        request: RequestKey::new("test", Uuid::new_v4(), b""),
        streams: vec![StreamAppend {
            stream: StreamId::new("Member", "0199a000-0000-7000-8000-000000000001"),
            expected_version: 0,
            events: vec![NewEvent {
                event_type: "GuestStarted".to_owned(),
                event_version: "1.0.0".to_owned(),
                payload: payload.to_owned(),
            }],
        }],
        metadata: Metadata::default(),
        response: Vec::new(),
    };
    let position = log.append(unit).await.unwrap().position();
    log.close().await;
    let dir = tempfile::tempdir().unwrap();
    let (key, copies) = (dir.path().join("seal-key.pem"), dir.path().join("copies"));
    std::fs::write(&key, Key::generate().unwrap().private_pem().unwrap()).unwrap();
    std::fs::create_dir(&copies).unwrap();
    let mut sealer = serve(&[
        "sealer",
        "--database-url",
        &url,
        "--seal-key",
        key.to_str().unwrap(),
        "--seal-copies",
        copies.to_str().unwrap(),
    ]);
    sealer.ready();
    // Whoever knows that it leads, seals what is there before it stops.
    let leads = || sealer.log().contains("leading").then_some(());
    wait_for(leads).expect("it does not begin");
    sealer.signal(Signal::SIGTERM);
    assert!(sealer.wait().success(), "{}", sealer.log());
    let sealed: i64 = sqlx::query_scalar("SELECT max(size) FROM tree_heads")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(sealed.unsigned_abs(), position);
    let copies: Vec<_> = std::fs::read_dir(&copies).unwrap().collect();
    assert_eq!(copies.len(), 1, "{copies:?}");
    pool.close().await;
}
