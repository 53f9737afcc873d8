//! A chain of halls on one bridge.

use std::time::{Duration, Instant};

use baize_device_bridge::DeviceBridge;
use baize_simulators::fleet::{Connections, Fleet, FleetOptions, RelaySpec};

use crate::stage::{Stage, status};

const DEVICES: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: cargo test -p baize-device-bridge --test it -- --ignored --nocapture"]
async fn ten_thousand_lights_obey_at_once_and_survive_a_restart() {
    let stage = Stage::new().await;
    let mut devices = Vec::new();
    for number in 0..DEVICES {
        devices.push(stage.install(&format!("table-{number}")).await);
    }
    let (host, port) = stage.broker();
    let relays = devices.iter().map(|device| RelaySpec::new(&device.topic)).collect();
    let options = FleetOptions {
        connections: Connections::Shared(4),
        tele_period: Duration::from_secs(60),
        ..FleetOptions::new(host, port, relays)
    };
    let fleet = Fleet::start(options).await.unwrap();
    let begun = Instant::now();
    let bridge = stage.bridge().await;
    println!("started from {DEVICES} events in {:?}", begun.elapsed());
    for device in &devices {
        stage.want_on(device).await;
    }
    fleet
        .ground_truth()
        .wait_until(|changes| changes.len() == DEVICES)
        .await;
    println!("one after the other: {:?}", bridge.publish_latency().summary());
    stage.office.wait_until(|| stage.office.calls().len() >= DEVICES).await;
    let head = stage.log.head().await.unwrap();
    status(&bridge, |status| status.position == head).await;
    bridge.stop().await;

    // All off while the bridge is away: after its restart darkness comes first, 200 a second.
    for device in &devices[..DEVICES / 10] {
        stage.want_off(device).await;
    }
    let begun = Instant::now();
    let bridge = DeviceBridge::start(stage.bridge_options()).await.unwrap();
    status(&bridge, |status| status.is_caught_up).await;
    println!("restored in {:?}", begun.elapsed());
    fleet
        .ground_truth()
        .wait_until(|changes| changes.len() == DEVICES + DEVICES / 10)
        .await;
    println!("{} dark after {:?}", DEVICES / 10, begun.elapsed());
    status(&bridge, |status| status.recovering == 0).await;
    println!("all asked after {:?}", begun.elapsed());
    assert_eq!(
        fleet.ground_truth().changes().len(),
        DEVICES + DEVICES / 10,
        "nothing else changed"
    );
    assert_eq!(fleet.ground_truth().on_count(), DEVICES - DEVICES / 10);
    let rss = std::fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", rss.lines().find(|line| line.starts_with("VmRSS")).unwrap());
}
