//! How long a command takes through the bridge.

use std::time::Duration;

use crate::office::Said;
use crate::stage::Stage;

const ON: Said = Said::Confirmed { on: true };

/// Loose enough for a busy machine and a debug build, tight enough to notice a poll.
const BRIDGE_HALF_WITHIN: Duration = Duration::from_millis(20);
/// From the decision through the log, the relay, the bridge and the broker to the light.
const WHOLE_HALF_WITHIN: Duration = Duration::from_millis(60);

async fn commands_go_out_at_once(stage: Stage, kind: &str) {
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let bridge = stage.bridge().await;
    let mut asked_at = Vec::new();
    for _ in 0..100 {
        asked_at.push(stage.clock.now());
        let on = stage.want_on(&device).await;
        stage.office.hears(device.id, on, ON).await;
        asked_at.push(stage.clock.now());
        let off = stage.want_off(&device).await;
        stage.office.hears(device.id, off, Said::Confirmed { on: false }).await;
    }
    let latency = bridge.publish_latency().summary();
    println!("{kind}: event received to command on the socket: {latency:?}");
    assert_eq!(latency.count, 200);
    assert!(latency.p50 < BRIDGE_HALF_WITHIN, "{latency:?}");

    let changes = fleet.ground_truth().changes();
    assert_eq!(changes.len(), 200);
    let took = changes
        .iter()
        .zip(&asked_at)
        .map(|(change, asked_at)| change.at.duration_since(*asked_at).unsigned_abs());
    let mut took: Vec<_> = took.collect();
    took.sort();
    println!("{kind}: asked for to lamp: p50 {:?}, p99 {:?}", took[100], took[197]);
    assert!(took[100] < WHOLE_HALF_WITHIN, "{took:?}");
}

#[tokio::test]
async fn commands_go_out_at_once_through_nats() {
    commands_go_out_at_once(Stage::new().await, "nats-server").await;
}

#[tokio::test]
async fn commands_go_out_at_once_through_mosquitto() {
    if let Some(stage) = Stage::with_mosquitto().await {
        commands_go_out_at_once(stage, "mosquitto").await;
    }
}
