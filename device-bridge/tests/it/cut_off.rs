//! A bridge without the centre: neither message server nor command-api answers, the hall's own broker does.

use std::time::Duration;

use baize_device_bridge::DeviceBridge;
use baize_proto::hall::device::v1::DeviceHealth;
use tonic::Status;

use crate::office::{Call, Said};
use crate::stage::{Stage, eventually, lamp_is, ready, status};

const ON: Said = Said::Confirmed { on: true };

#[tokio::test]
async fn a_bridge_that_is_started_while_the_centre_is_away_goes_by_its_disk_and_tells_in_order_what_happened() {
    let Some(stage) = Stage::hastened(10.0).await.and_mosquitto() else {
        return;
    };
    let (one, two) = (stage.install("table-1").await, stage.install("table-2").await);
    let fleet = stage.fleet(&[&one, &two]).await;
    let mut options = stage.bridge_options();
    let disk = stage.scratch();
    options.disk = Some(disk.clone());
    let kept = || std::fs::read_to_string(disk.join("all.reports")).unwrap_or_default();
    let bridge = DeviceBridge::start(options.clone()).await.unwrap();
    ready(&bridge).await;
    let on = stage.want_on_for(&one, 1, Duration::from_secs(300)).await;
    stage.office.hears(one.id, on, ON).await;
    eventually("nothing waits", || async { kept().is_empty() }).await;

    stage.nats.stop();
    stage.office.refuse_with(Some(Status::unavailable("cut off")));
    fleet.relay("table-2").unwrap().set_offline(true);
    eventually("what is found is on disk", || async { kept().contains("Offline") }).await;
    let found = |calls: Vec<Call>| {
        let told = calls
            .into_iter()
            .find(|call| call.said == Said::Health(DeviceHealth::Offline));
        told.map(|call| (call.request_id, call.at))
    };
    let offline = found(stage.office.calls()).unwrap();
    drop(bridge);

    let bridge = DeviceBridge::start(options).await.unwrap();
    status(&bridge, |status| {
        status.is_connected && status.is_caught_up && status.devices == 2
    })
    .await;
    assert_eq!(bridge.reports_waiting(), 1);
    // Somebody at the switch: the bridge knows that there is play, and until when.
    fleet.relay("table-1").unwrap().press(1);
    lamp_is(&fleet.lamp("table-1", 1), false).await;
    lamp_is(&fleet.lamp("table-1", 1), true).await;
    lamp_is(&fleet.lamp("table-1", 1), false).await;

    let refused = stage.office.calls().len();
    stage.office.refuse_with(None);
    stage.nats.start().unwrap();
    stage.office.hears(one.id, on, Said::Expired).await;
    let taken = || {
        stage
            .office
            .calls()
            .into_iter()
            .skip(refused)
            .filter(|call| call.answer.is_ok())
            .collect()
    };
    stage.office.wait_until(|| found(taken()).is_some()).await;
    assert_eq!(
        found(taken()),
        Some(offline),
        "what the bridge before the restart had found"
    );
    fleet.relay("table-2").unwrap().set_offline(false);
    let health = || {
        let calls = stage.office.calls().into_iter();
        let taken = calls.filter(|call| call.device_id == two.id && call.answer.is_ok());
        taken.map(|call| call.said).collect::<Vec<_>>()
    };
    let expected = [DeviceHealth::Offline, DeviceHealth::Online].map(Said::Health);
    stage.office.wait_until(|| health().len() >= 2).await;
    assert_eq!(health(), expected);
    // And what is wanted from now on is heard of again.
    ready(&bridge).await;
    let later = stage.want_on(&two).await;
    stage.office.hears(two.id, later, ON).await;
    eventually("nothing waits", || async { kept().is_empty() }).await;
}

#[tokio::test]
async fn a_light_whose_time_ran_out_while_bridge_and_centre_were_away_is_put_out_first_thing() {
    let Some(stage) = Stage::hastened(20.0).await.and_mosquitto() else {
        return;
    };
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let mut options = stage.bridge_options();
    let disk = stage.scratch();
    options.disk = Some(disk.clone());
    let bridge = DeviceBridge::start(options.clone()).await.unwrap();
    ready(&bridge).await;
    let on = stage.want_on_for(&device, 1, Duration::from_secs(100)).await;
    stage.office.hears(device.id, on, ON).await;
    let register = disk.join("all.register");
    eventually("what is desired is on disk", || async {
        std::fs::read_to_string(&register)
            .unwrap_or_default()
            .contains("not_after")
    })
    .await;
    stage.nats.stop();
    drop(bridge);
    lamp_is(&fleet.lamp("table-1", 1), false).await;
    // Its own timer did that. Switched on by hand, it burns with nobody to end it.
    fleet.relay("table-1").unwrap().press(1);
    lamp_is(&fleet.lamp("table-1", 1), true).await;
    let _bridge = DeviceBridge::start(options).await.unwrap();
    lamp_is(&fleet.lamp("table-1", 1), false).await;
    stage.office.hears(device.id, on, Said::Expired).await;
}

#[tokio::test]
async fn a_bridge_whose_disk_is_of_another_time_goes_by_the_centre_while_that_is_there() {
    let Some(stage) = Stage::new().await.and_mosquitto() else {
        return;
    };
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let mut options = stage.bridge_options();
    options.disk = Some(stage.scratch());
    let bridge = DeviceBridge::start(options.clone()).await.unwrap();
    ready(&bridge).await;
    let on = stage.want_on(&device).await;
    stage.office.hears(device.id, on, ON).await;
    bridge.stop().await;
    // Without its disk for a while.
    let elsewhere = DeviceBridge::start(stage.bridge_options()).await.unwrap();
    let off = stage.want_off(&device).await;
    stage.office.hears(device.id, off, Said::Confirmed { on: false }).await;
    elsewhere.stop().await;
    let before = fleet.ground_truth().changes().len();
    let bridge = DeviceBridge::start(options).await.unwrap();
    ready(&bridge).await;
    let on = stage.want_on_for(&device, 2, Duration::from_secs(60)).await;
    stage.office.hears(device.id, on, ON).await;
    assert_eq!(
        fleet.ground_truth().changes().len(),
        before + 1,
        "the first light stays off"
    );
}
