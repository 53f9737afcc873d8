//! One service a process, as on several machines: each comes up whenever its peers do.

use baize_servers::testing;
use nix::sys::signal::Signal;

use crate::hall;
use crate::program::{serve, wait_for};

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
    let mut bridge = serve(&[
        "device-bridge",
        "--nats-url",
        &nats.url(),
        "--mqtt-url",
        &mqtt,
        "--command-url",
        &command_url,
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
