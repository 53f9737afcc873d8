//! Lights behind Shelly devices.

use std::time::Duration;

use baize_domain::device::FailureKind;
use baize_simulators::fleet::{Cause, Contact, Fleet};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use serde_json::Value;

use crate::office::{Said, within};
use crate::stage::{Installed, Stage, lamp_is};

const ON: Said = Said::Confirmed { on: true };
const OFF: Said = Said::Confirmed { on: false };

/// The parameters of `Switch.Set` as they came.
fn switches(fleet: &Fleet, device: &Installed) -> Vec<Value> {
    let received = fleet.relay(&device.topic).unwrap().received().into_iter();
    received
        .map(|command| serde_json::from_str::<Value>(&command.payload).unwrap())
        .filter(|request| request["method"] == "Switch.Set")
        .map(|request| request["params"].clone())
        .collect()
}

async fn goes_on_and_off_and_is_confirmed(stage: Stage) {
    let device = stage.install_shelly("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let bridge = stage.bridge().await;
    let lamp = fleet.lamp("table-1", 2);
    let rev = stage.want_on_for(&device, 2, Duration::from_secs(3_600)).await;
    lamp_is(&lamp, true).await;
    stage.office.hears(device.id, rev, ON).await;
    let sent = switches(&fleet, &device);
    assert_eq!(
        (sent.len(), &sent[0]["id"], &sent[0]["on"]),
        (1, &1.into(), &true.into())
    );
    let seconds = sent[0]["toggle_after"].as_u64().unwrap();
    assert!((3_590..=3_600).contains(&seconds), "{seconds}");
    // Its first output follows its own wishes.
    let first = stage.want_on(&device).await;
    lamp_is(&fleet.lamp("table-1", 1), true).await;
    stage.office.hears(device.id, first, ON).await;
    let off = stage.want_off(&device).await;
    lamp_is(&fleet.lamp("table-1", 1), false).await;
    stage.office.hears(device.id, off, OFF).await;
    assert!(lamp.is_on());
    bridge.stop().await;
}

#[tokio::test]
async fn a_light_behind_a_shelly_goes_on_and_off_and_each_is_confirmed() {
    goes_on_and_off_and_is_confirmed(Stage::new().await).await;
}

#[tokio::test]
async fn a_light_behind_a_shelly_goes_on_and_off_with_mosquitto_too() {
    if let Some(stage) = Stage::with_mosquitto().await {
        goes_on_and_off_and_is_confirmed(stage).await;
    }
}

#[tokio::test]
async fn a_shelly_that_lost_a_command_gets_it_again() {
    let stage = Stage::new().await;
    let device = stage.install_shelly("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let bridge = stage.bridge().await;
    fleet.relay("table-1").unwrap().lose_next(2);
    let rev = stage.want_on(&device).await;
    lamp_is(&fleet.lamp("table-1", 1), true).await;
    stage.office.hears(device.id, rev, ON).await;
    bridge.stop().await;
}

#[tokio::test]
async fn a_shelly_that_accepts_but_does_not_switch_is_reported() {
    let stage = Stage::new().await;
    let device = stage.install_shelly("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let bridge = stage.bridge().await;
    fleet.relay("table-1").unwrap().set_contact(Contact::Stuck);
    let rev = stage.want_on(&device).await;
    stage
        .office
        .hears(device.id, rev, Said::Failed(FailureKind::Mismatch))
        .await;
    bridge.stop().await;
}

#[tokio::test]
async fn with_everything_else_dead_a_shelly_goes_off_by_itself() {
    let stage = Stage::hastened(20.0).await;
    let device = stage.install_shelly("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let bridge = stage.bridge().await;
    let rev = stage.want_on_for(&device, 1, Duration::from_secs(30)).await;
    stage.office.hears(device.id, rev, ON).await;
    drop(bridge);
    let lamp = fleet.lamp("table-1", 1);
    lamp_is(&lamp, false).await;
    assert_eq!(lamp.changes().last().unwrap().cause, Cause::Timer);
}

#[tokio::test]
async fn what_is_said_in_another_kinds_words_is_not_believed() {
    let stage = Stage::hastened(10.0).await;
    let device = stage.install_shelly("table-1").await;
    // Nobody there but an impostor.
    let bridge = stage.bridge().await;
    let rev = stage.want_on(&device).await;
    let (host, port) = stage.broker();
    let (client, mut events) = AsyncClient::new(MqttOptions::new("impostor", host, port), 10);
    client
        .try_publish("stat/table-1/POWER1", QoS::AtLeastOnce, false, "ON")
        .unwrap();
    let sent = async { while !matches!(events.poll().await.unwrap(), Event::Incoming(Packet::PubAck(_))) {} };
    within(sent, || "no acknowledgement".to_owned()).await;
    stage
        .office
        .hears(device.id, rev, Said::Failed(FailureKind::Unreachable))
        .await;
    assert!(!stage.office.said(device.id, rev).contains(&ON));
    bridge.stop().await;
}
