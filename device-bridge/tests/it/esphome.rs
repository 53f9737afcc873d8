//! Lights behind ESPHome boards.

use std::time::Duration;

use baize_domain::device::FailureKind;
use baize_simulators::fleet::{Cause, Contact, Fleet};

use crate::office::Said;
use crate::stage::{Installed, Stage, lamp_is};

const ON: Said = Said::Confirmed { on: true };
const OFF: Said = Said::Confirmed { on: false };

/// The dead men that were set, in seconds.
fn dead_men(fleet: &Fleet, device: &Installed, channel: u8) -> Vec<u64> {
    let what = format!("dead_man/light_{channel}");
    let received = fleet.relay(&device.topic).unwrap().received().into_iter();
    received
        .filter(|command| command.what == what)
        .map(|command| command.payload.parse().unwrap())
        .collect()
}

async fn goes_on_and_off_and_is_confirmed(stage: Stage) {
    let device = stage.install_esphome("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let bridge = stage.bridge().await;
    let lamp = fleet.lamp("table-1", 2);
    let rev = stage.want_on_for(&device, 2, Duration::from_secs(3_600)).await;
    lamp_is(&lamp, true).await;
    stage.office.hears(device.id, rev, ON).await;
    let armed = dead_men(&fleet, &device, 2);
    assert!(
        armed.len() == 1 && (3_590..=3_600).contains(&armed[0]),
        "once, to the end of the time: {armed:?}"
    );
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
async fn a_light_behind_esphome_goes_on_and_off_and_each_is_confirmed() {
    goes_on_and_off_and_is_confirmed(Stage::new().await).await;
}

#[tokio::test]
async fn a_light_behind_esphome_goes_on_and_off_with_mosquitto_too() {
    if let Some(stage) = Stage::with_mosquitto().await {
        goes_on_and_off_and_is_confirmed(stage).await;
    }
}

#[tokio::test]
async fn an_esphome_light_that_is_on_already_says_so_only_when_asked_and_is_armed_anew() {
    let stage = Stage::new().await;
    let device = stage.install_esphome("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let bridge = stage.bridge().await;
    let first = stage.want_on_for(&device, 1, Duration::from_secs(600)).await;
    stage.office.hears(device.id, first, ON).await;
    let longer = stage.want_on_for(&device, 1, Duration::from_secs(3_600)).await;
    stage.office.hears(device.id, longer, ON).await;
    assert_eq!(fleet.lamp("table-1", 1).changes().len(), 1);
    let armed = dead_men(&fleet, &device, 1);
    assert!(armed.last().is_some_and(|seconds| *seconds > 3_500), "{armed:?}");
    bridge.stop().await;
}

#[tokio::test]
async fn an_esphome_board_that_lost_a_command_gets_it_again() {
    let stage = Stage::new().await;
    let device = stage.install_esphome("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let bridge = stage.bridge().await;
    // The dead man, the ON and the question of the first attempt.
    fleet.relay("table-1").unwrap().lose_next(3);
    let rev = stage.want_on(&device).await;
    lamp_is(&fleet.lamp("table-1", 1), true).await;
    stage.office.hears(device.id, rev, ON).await;
    bridge.stop().await;
}

#[tokio::test]
async fn an_esphome_board_that_does_not_switch_is_reported() {
    let stage = Stage::new().await;
    let device = stage.install_esphome("table-1").await;
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
async fn with_everything_else_dead_an_esphome_light_goes_off_by_itself() {
    let stage = Stage::hastened(20.0).await;
    let device = stage.install_esphome("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let bridge = stage.bridge().await;
    let rev = stage.want_on_for(&device, 1, Duration::from_secs(30)).await;
    stage.office.hears(device.id, rev, ON).await;
    drop(bridge);
    let lamp = fleet.lamp("table-1", 1);
    lamp_is(&lamp, false).await;
    assert_eq!(lamp.changes().last().unwrap().cause, Cause::Timer);
}
