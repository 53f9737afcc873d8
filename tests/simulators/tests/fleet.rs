//! The fleet on real brokers, seen by an ordinary MQTT client.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use baize_eventlog::Clock;
use baize_servers::{Mosquitto, MosquittoOptions, testing};
use baize_simulators::fleet::{Change, Connections, Fleet, FleetOptions, RelaySpec};
use rumqttc::{AsyncClient, Event, MqttOptions, NetworkOptions, Packet, QoS};
use tokio::sync::mpsc;

const LIMIT: Duration = Duration::from_secs(60);

/// An ordinary client that hears everything that relays say.
struct Ear {
    client: AsyncClient,
    heard: mpsc::UnboundedReceiver<(String, String)>,
}

impl Ear {
    async fn at((host, port): (String, u16)) -> Self {
        let id = format!("ear-{}", uuid::Uuid::new_v4().simple());
        let (client, mut eventloop) = AsyncClient::new(MqttOptions::new(id, host, port), 1_000);
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        eventloop.set_network_options(network);
        let filters = ["stat/#", "tele/#"].map(|filter| rumqttc::SubscribeFilter::new(filter.into(), QoS::AtLeastOnce));
        client.subscribe_many(filters).await.unwrap();
        let (say, heard) = mpsc::unbounded_channel();
        let (ready, mut is_ready) = mpsc::channel(1);
        tokio::spawn(async move {
            while let Ok(event) = eventloop.poll().await {
                match event {
                    Event::Incoming(Packet::SubAck(_)) => ready.send(()).await.unwrap(),
                    Event::Incoming(Packet::Publish(publish)) => {
                        let payload = String::from_utf8_lossy(&publish.payload).into_owned();
                        if say.send((publish.topic, payload)).is_err() {
                            return;
                        }
                    }
                    _ => {}
                }
            }
        });
        is_ready.recv().await.unwrap();
        Self { client, heard }
    }

    async fn say(&self, topic: &str, payload: &str) {
        self.client
            .publish(topic, QoS::AtLeastOnce, false, payload)
            .await
            .unwrap();
    }

    async fn hear(&mut self, topic: &str, payload: &str) {
        let heard = async { while self.heard.recv().await.unwrap() != (topic.to_owned(), payload.to_owned()) {} };
        tokio::time::timeout(LIMIT, heard)
            .await
            .unwrap_or_else(|_| panic!("never heard {topic} {payload}"));
    }
}

fn relays(topics: &[&str]) -> Vec<RelaySpec> {
    topics.iter().map(|topic| RelaySpec::new(*topic)).collect()
}

async fn obeys_and_reports(address: (String, u16), connections: Connections) {
    let mut ear = Ear::at(address.clone()).await;
    let log = testing::fresh_dir("fleet").unwrap().join("truth.jsonl");
    let options = FleetOptions {
        connections,
        log: Some(log.clone()),
        ..FleetOptions::new(&address.0, address.1, relays(&["table-1", "table-2"]))
    };
    let fleet = Fleet::start(options).await.unwrap();
    ear.hear("tele/table-1/LWT", "Online").await;
    let lamp = fleet.lamp("table-1", 1);
    ear.say("cmnd/table-1/POWER1", "ON").await;
    ear.hear("stat/table-1/RESULT", r#"{"POWER":"ON"}"#).await;
    ear.hear("stat/table-1/POWER", "ON").await;
    assert!(lamp.is_on() && !fleet.lamp("table-2", 1).is_on());
    ear.say("cmnd/table-1/PulseTime1", "1").await;
    tokio::time::timeout(LIMIT, lamp.wait_for(false)).await.unwrap();
    ear.hear("stat/table-1/POWER", "OFF").await;

    let relay = fleet.relay("table-1").unwrap();
    relay.set_offline(true);
    ear.hear("tele/table-1/LWT", "Offline").await;
    ear.say("cmnd/table-1/POWER1", "ON").await;
    ear.say("cmnd/table-2/POWER1", "ON").await;
    ear.hear("stat/table-2/POWER", "ON").await;
    relay.set_offline(false);
    ear.hear("tele/table-1/LWT", "Online").await;
    ear.say("cmnd/table-1/POWER1", "").await;
    ear.hear("stat/table-1/POWER", "OFF").await;

    let summary = fleet.summary();
    assert_eq!((summary.relays, summary.changes), (2, 3));
    let truth = fleet.ground_truth().changes();
    let file = std::fs::read_to_string(log).unwrap();
    let lines: Vec<Change> = file.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, truth);
    fleet.stop().await;
}

#[tokio::test]
async fn relays_obey_and_report_on_one_connection() {
    obeys_and_reports(testing::nats().unwrap().mqtt_address(), Connections::Shared(1)).await;
}

#[tokio::test]
async fn relays_obey_and_report_on_a_connection_each() {
    let nats = testing::nats().unwrap();
    obeys_and_reports(nats.mqtt_address(), Connections::PerRelay).await;
}

#[tokio::test]
async fn relays_obey_and_report_through_mosquitto() {
    if Mosquitto::find().is_err() {
        eprintln!("mosquitto is not installed: not tested");
        return;
    }
    let options = MosquittoOptions::new(testing::fresh_dir("mosquitto").unwrap());
    let broker = Mosquitto::launch(&options).unwrap();
    obeys_and_reports(broker.mqtt_address(), Connections::PerRelay).await;
}

#[tokio::test]
async fn relays_come_back_to_a_broker_that_was_killed() {
    let nats = testing::nats().unwrap();
    let (host, port) = nats.mqtt_address();
    let fleet = Fleet::start(FleetOptions::new(&host, port, relays(&["table-1"])))
        .await
        .unwrap();
    let ear = Ear::at((host.clone(), port)).await;
    ear.say("cmnd/table-1/POWER", "ON").await;
    let lamp = fleet.lamp("table-1", 1);
    tokio::time::timeout(LIMIT, lamp.wait_for(true)).await.unwrap();
    nats.kill();
    nats.start().unwrap();
    let mut ear = Ear::at((host, port)).await;
    ear.hear("tele/table-1/LWT", "Online").await;
    assert!(lamp.is_on());
    ear.say("cmnd/table-1/POWER", "OFF").await;
    tokio::time::timeout(LIMIT, lamp.wait_for(false)).await.unwrap();
}

#[tokio::test]
async fn a_scaled_clock_hastens_pulse_time_and_telemetry() {
    let nats = testing::nats().unwrap();
    let (host, port) = nats.mqtt_address();
    let now = jiff::Timestamp::now();
    let options = FleetOptions {
        clock: Clock::scaled(now, "2026-11-20T18:00:00Z".parse().unwrap(), 600.0),
        ..FleetOptions::new(&host, port, relays(&["table-1"]))
    };
    let fleet = Fleet::start(options).await.unwrap();
    let ear = Ear::at((host, port)).await;
    ear.say("cmnd/table-1/PulseTime", "700").await;
    ear.say("cmnd/table-1/POWER", "ON").await;
    let lamp = fleet.lamp("table-1", 1);
    tokio::time::timeout(LIMIT, lamp.wait_for(true)).await.unwrap();
    tokio::time::timeout(LIMIT, lamp.wait_for(false)).await.unwrap();
    let changes = lamp.changes();
    let lasted = changes[1].at.duration_since(changes[0].at).as_secs_f64();
    assert!((600.0..700.0).contains(&lasted), "{lasted}");
}

#[tokio::test]
async fn a_thousand_relays_share_a_few_connections() {
    let nats = testing::nats().unwrap();
    let (host, port) = nats.mqtt_address();
    let specs = (0..1_000)
        .map(|number| RelaySpec::new(format!("relay-{number}")))
        .collect();
    let options = FleetOptions {
        connections: Connections::Shared(4),
        ..FleetOptions::new(&host, port, specs)
    };
    let fleet = Fleet::start(options).await.unwrap();
    let ear = Ear::at((host, port)).await;
    for number in 0..1_000 {
        ear.say(&format!("cmnd/relay-{number}/POWER1"), "ON").await;
    }
    let all_on = fleet.ground_truth().wait_until(|changes| changes.len() == 1_000);
    tokio::time::timeout(LIMIT, all_on).await.unwrap();
    let summary = fleet.stop().await;
    assert_eq!((summary.connections, summary.on.len()), (4, 1_000));
}

#[tokio::test]
async fn the_program_writes_the_truth_and_a_summary() {
    let nats = testing::nats().unwrap();
    let (host, port) = nats.mqtt_address();
    let log = testing::fresh_dir("fleet").unwrap().join("truth.jsonl");
    let program = env!("CARGO_BIN_EXE_baize-simulators");
    let mut child = tokio::process::Command::new(program)
        .args([
            "fleet",
            "--count",
            "3",
            "--prefix",
            "t-",
            "--devices",
            "four:4",
            "--seed",
            "7",
        ])
        .args(["--mqtt", &format!("{host}:{port}"), "--log", log.to_str().unwrap()])
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut ear = Ear::at((host, port)).await;
    let mut stdout = child.stdout.take().unwrap();
    let mut ready = [0; 6];
    tokio::io::AsyncReadExt::read_exact(&mut stdout, &mut ready)
        .await
        .unwrap();
    assert_eq!(&ready, b"ready\n");
    ear.say("cmnd/four/POWER3", "ON").await;
    ear.hear("stat/four/POWER3", "ON").await;
    let pid = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").arg(pid).status().unwrap().success());
    let mut text = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stdout, &mut text)
        .await
        .unwrap();
    assert!(child.wait().await.unwrap().success());
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(summary["relays"], 4);
    assert_eq!(summary["on"], serde_json::json!({"four": [3]}));
    assert_eq!(std::fs::read_to_string(log).unwrap().lines().count(), 1);
}
