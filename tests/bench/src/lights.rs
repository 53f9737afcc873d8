//! How long after a command its light is told: from the call to the message at the broker, through log, relay, stream and bridge.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use baize_device_bridge::DeviceBridge;
use baize_proto::access::{Badge, Bearing};
use baize_servers::{NatsOptions, NatsServer};
use baize_simulators::fleet::{Fleet, FleetOptions, RelaySpec};
use hdrhistogram::Histogram;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use tokio::sync::mpsc;

use crate::hall::{Player, Seat};
use crate::place::Place;

/// A private nats-server with its MQTT listener, for one part: its stream is the copy of one log.
///
/// # Errors
/// It is missing, too old, or does not start.
pub fn nats(place: &Place, part: &str) -> anyhow::Result<NatsServer> {
    let directory = place.dir.path().join(format!("nats-{part}"));
    Ok(NatsServer::launch(NatsOptions::new(directory))?)
}

/// Starts the bridge between them.
///
/// # Errors
/// It does not start.
pub async fn bridge(nats: &NatsServer, command_api: &str, badge: Badge) -> anyhow::Result<DeviceBridge> {
    let (host, port) = nats.mqtt_address();
    let mqtt = baize_device_bridge::MqttOptions::new(host, port);
    let mut options = baize_device_bridge::Options::new(nats.url(), mqtt, command_api);
    options.badge = badge;
    DeviceBridge::start(options).await
}

/// A sound relay at each table.
///
/// # Errors
/// The broker is not there.
pub async fn relays(nats: &NatsServer, seats: &[Seat]) -> anyhow::Result<Fleet> {
    let (host, port) = nats.mqtt_address();
    let relays = seats.iter().map(|seat| RelaySpec::new(&seat.topic)).collect();
    Fleet::start(FleetOptions::new(host, port, relays)).await
}

/// How long lights took, in microseconds.
#[derive(Debug)]
pub struct Latency {
    /// From the moment the opening was sent.
    pub sent: Histogram<u64>,
    /// From the moment its answer came back.
    pub accepted: Histogram<u64>,
}

/// Opens and closes tables one at a time.
///
/// # Errors
/// A command is refused, or a light is not told within ten seconds.
pub async fn latency(channel: &Bearing, nats: &NatsServer, seats: &[Seat], openings: usize) -> anyhow::Result<Latency> {
    let (host, port) = nats.mqtt_address();
    let mut told = listen(host, port).await?;
    let mut players = seats
        .iter()
        .map(|seat| Player::new(channel, seat.clone()))
        .collect::<Vec<_>>();
    let mut latency = Latency {
        sent: Histogram::new(3)?,
        accepted: Histogram::new(3)?,
    };
    for opening in 0..openings {
        let seat = opening % seats.len();
        while told.try_recv().is_ok() {}
        let start = Instant::now();
        players[seat].open().await?;
        let answered = Instant::now();
        let topic = format!("cmnd/{}/POWER", seats[seat].topic);
        let heard = tokio::time::timeout(Duration::from_secs(10), on(&mut told, &topic))
            .await
            .with_context(|| format!("opening {opening}: no light was told at {topic}"))??;
        latency.sent.record(u64::try_from((heard - start).as_micros())?)?;
        // The light may be told before the answer has come back.
        let after = heard.saturating_duration_since(answered);
        latency.accepted.record(u64::try_from(after.as_micros())?)?;
        players[seat].finish().await?;
        // Unloaded: settlement and confirmation of this session are over before the next begins.
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    Ok(latency)
}

/// When `topic` (with or without an output's number) was told ON.
async fn on(told: &mut mpsc::Receiver<(Instant, String, bool)>, topic: &str) -> anyhow::Result<Instant> {
    while let Some((at, heard, on)) = told.recv().await {
        if on && heard.starts_with(topic) {
            return Ok(at);
        }
    }
    bail!("the broker is gone")
}

/// Hears every command to a device.
async fn listen(host: String, port: u16) -> anyhow::Result<mpsc::Receiver<(Instant, String, bool)>> {
    let mut options = MqttOptions::new("baize-bench", host, port);
    options.set_keep_alive(Duration::from_secs(30));
    let (client, mut events) = AsyncClient::new(options, 64);
    let mut network = events.network_options();
    network.set_tcp_nodelay(true);
    events.set_network_options(network);
    client.subscribe("cmnd/#", QoS::AtMostOnce).await?;
    let (sender, receiver) = mpsc::channel(4_096);
    let (ready, subscribed) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (_client, mut ready) = (client, Some(ready));
        while let Ok(event) = events.poll().await {
            match event {
                Event::Incoming(Packet::SubAck(_)) => drop(ready.take().map(|ready| ready.send(()))),
                Event::Incoming(Packet::Publish(publish)) => {
                    let heard = (Instant::now(), publish.topic, publish.payload.as_ref() == b"ON");
                    if sender.send(heard).await.is_err() {
                        return;
                    }
                }
                _ => {}
            }
        }
    });
    subscribed.await.context("the broker did not take the subscription")?;
    Ok(receiver)
}
