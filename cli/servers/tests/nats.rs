//! The private nats-server: JetStream's data over restarts and crashes, the MQTT listener, and who may do what.

use std::time::Duration;

use async_nats::jetstream::{self, stream};
use baize_servers::NatsServer;
use baize_servers::testing::{nats, servers};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(30);

async fn jetstream(server: &NatsServer) -> jetstream::Context {
    jetstream::new(async_nats::connect(server.url()).await.expect("connects"))
}

async fn publish_one(server: &NatsServer) {
    let context = jetstream(server).await;
    let config = stream::Config {
        name: "KEPT".into(),
        subjects: vec!["kept".into()],
        ..Default::default()
    };
    context.create_stream(config).await.expect("creates");
    context
        .publish("kept", "白泽".into())
        .await
        .expect("sends")
        .await
        .expect("is acknowledged");
}

async fn messages_kept(server: &NatsServer) -> Option<u64> {
    let context = jetstream(server).await;
    let mut stream = context.get_stream("KEPT").await.ok()?;
    Some(stream.info().await.expect("tells").state.messages)
}

#[tokio::test]
async fn a_stream_outlives_a_restart_and_a_crash_and_not_a_wipe() {
    let server = nats().expect("starts");
    publish_one(&server).await;
    let (url, mqtt) = (server.url(), server.mqtt_address());
    server.restart().expect("restarts");
    assert_eq!(messages_kept(&server).await, Some(1));
    server.kill();
    server.start().expect("recovers");
    assert_eq!(messages_kept(&server).await, Some(1));
    server.wipe().expect_err("is refused while it runs");
    server.stop();
    server.wipe().expect("is wiped");
    server.start().expect("starts");
    assert_eq!(messages_kept(&server).await, None);
    assert_eq!((server.url(), server.mqtt_address()), (url, mqtt));
}

/// An MQTT client that has subscribed to `topic` with QoS 1.
async fn mqtt(server: &NatsServer, name: &str, topic: &str) -> (AsyncClient, rumqttc::EventLoop) {
    let (host, port) = server.mqtt_address();
    let (client, mut events) = AsyncClient::new(MqttOptions::new(name, host, port), 16);
    client.subscribe(topic, QoS::AtLeastOnce).await.expect("asks");
    loop {
        if let Event::Incoming(Packet::SubAck(_)) = next(&mut events).await {
            return (client, events);
        }
    }
}

async fn next(events: &mut rumqttc::EventLoop) -> Event {
    timeout(LIMIT, events.poll())
        .await
        .expect("something happens")
        .expect("stays connected")
}

#[tokio::test]
async fn mqtt_clients_exchange_acknowledged_messages() {
    let server = &servers().nats;
    let (_relay, mut relay_events) = mqtt(server, "relay", "cmnd/table-1/POWER").await;
    let (bridge, mut bridge_events) = mqtt(server, "bridge", "stat/#").await;
    bridge
        .publish("cmnd/table-1/POWER", QoS::AtLeastOnce, false, "ON")
        .await
        .expect("sends");
    while !matches!(next(&mut bridge_events).await, Event::Incoming(Packet::PubAck(_))) {}
    let received = loop {
        if let Event::Incoming(Packet::Publish(message)) = next(&mut relay_events).await {
            break message;
        }
    };
    assert_eq!(
        (received.qos, &received.payload[..]),
        (QoS::AtLeastOnce, b"ON".as_slice())
    );
}

#[tokio::test]
async fn what_comes_in_by_mqtt_cannot_touch_a_stream() {
    let server = nats().expect("starts");
    publish_one(&server).await;
    let (device, mut events) = mqtt(&server, "intruder", "echo").await;
    for topic in ["kept", "echo"] {
        device
            .publish(topic, QoS::AtLeastOnce, false, "forged")
            .await
            .expect("sends");
    }
    // The echo comes after the forged message, so whatever that one did is done by then.
    while !matches!(next(&mut events).await, Event::Incoming(Packet::Publish(_))) {}
    assert_eq!(messages_kept(&server).await, Some(1));
}
