//! The private mosquitto: retained messages stay over a restart, and the queue is long enough for a fleet.

use std::time::Duration;

use baize_servers::testing::fresh_dir;
use baize_servers::{Mosquitto, MosquittoOptions};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(30);

fn client(server: &Mosquitto, name: &str) -> (AsyncClient, EventLoop) {
    let (host, port) = server.mqtt_address();
    AsyncClient::new(MqttOptions::new(name, host, port), 16)
}

async fn until(events: &mut EventLoop, wanted: impl Fn(&Packet) -> bool) -> Packet {
    loop {
        let event = timeout(LIMIT, events.poll())
            .await
            .expect("something happens")
            .expect("stays connected");
        if let Event::Incoming(packet) = event
            && wanted(&packet)
        {
            return packet;
        }
    }
}

#[tokio::test]
async fn a_restart_keeps_the_address_and_the_retained_messages() {
    let options = MosquittoOptions::new(fresh_dir("mosquitto").expect("a directory"));
    let server = Mosquitto::launch(&options).expect("starts");
    let address = server.mqtt_address();
    let (relay, mut events) = client(&server, "relay");
    relay
        .publish("tele/table-1/LWT", QoS::AtLeastOnce, true, "Online")
        .await
        .expect("sends");
    until(&mut events, |packet| matches!(packet, Packet::PubAck(_))).await;
    server.restart().expect("restarts");
    assert_eq!(server.mqtt_address(), address);
    let (bridge, mut events) = client(&server, "bridge");
    bridge.subscribe("tele/#", QoS::AtLeastOnce).await.expect("asks");
    let Packet::Publish(kept) = until(&mut events, |packet| matches!(packet, Packet::Publish(_))).await else {
        panic!("not the packet waited for");
    };
    assert!(kept.retain && &kept.payload[..] == b"Online", "{kept:?}");
    server.kill();
    assert!(!server.is_running());
    server.start().expect("recovers");
}
