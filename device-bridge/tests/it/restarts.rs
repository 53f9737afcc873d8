//! What a bridge remembers, and what it does when it, or a server, comes back.

use std::time::Duration;

use baize_domain::device::{DesireReason, DeviceCommand, DeviceEvent};
use jiff::SignedDuration;

use crate::office::Said;
use crate::stage::{Installed, Stage, eventually, lamp_is, ready, session, status};

const ON: Said = Said::Confirmed { on: true };

#[tokio::test]
async fn a_killed_bridge_knows_after_its_restart_what_was_desired_without_the_events() {
    let mut stage = Stage::hastened(20.0).await;
    let (one, two) = (stage.install("table-1").await, stage.install("table-2").await);
    let fleet = stage.fleet(&[&one, &two]).await;
    let bridge = stage.bridge().await;
    let on = stage.want_on_for(&one, 1, Duration::from_secs(120)).await;
    stage.office.hears(one.id, on, ON).await;
    let two_on = stage.want_on(&two).await;
    stage.office.hears(two.id, two_on, ON).await;
    let two_off = stage.want_off(&two).await;
    stage.office.hears(two.id, two_off, Said::Confirmed { on: false }).await;
    let head = stage.log.head().await.unwrap();
    status(&bridge, |status| status.position == head).await;
    let jetstream = stage.jetstream().await;
    eventually("the register is stored", || async {
        resume(&jetstream).await == Some(head)
    })
    .await;
    drop(bridge);

    // All that is left is DESIRED.
    stage.stop_relay().await;
    jetstream.delete_stream("EVENTS").await.unwrap();
    let before = fleet.ground_truth().changes();
    let _bridge = stage.bridge().await;
    lamp_is(&fleet.lamp("table-1", 1), false).await;
    let changes = fleet.ground_truth().changes();
    assert_eq!(
        changes.len(),
        before.len() + 1,
        "only the light whose time was over has changed: {changes:#?}"
    );
    // Put out by the bridge or, if that came back late, by the relay's own timer: without the register the bridge could not tell of its end.
    stage.office.hears(one.id, on, Said::Expired).await;
    // The log knows of the confirmations: none is repeated.
    assert_eq!(
        stage
            .office
            .calls()
            .iter()
            .filter(|call| matches!(call.said, Said::Confirmed { .. }))
            .count(),
        3
    );
}

async fn resume(jetstream: &async_nats::jetstream::Context) -> Option<u64> {
    let stream = jetstream.get_stream("DESIRED").await.ok()?;
    let message = stream
        .get_last_raw_message_by_subject("desired.all.resume")
        .await
        .ok()?;
    let mark: serde_json::Value = serde_json::from_slice(&message.payload).ok()?;
    mark["position"].as_u64()
}

#[tokio::test]
async fn what_happened_while_the_bridge_was_away_counts_only_by_its_end() {
    let stage = Stage::new().await;
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let bridge = stage.bridge().await;
    let on = stage.want_on(&device).await;
    stage.office.hears(device.id, on, ON).await;
    bridge.stop().await;
    for _ in 0..5 {
        stage.want_off(&device).await;
        stage.want_on(&device).await;
    }
    let last = stage.want_off(&device).await;
    let _bridge = stage.bridge().await;
    stage.office.hears(device.id, last, Said::Confirmed { on: false }).await;
    let states: Vec<_> = fleet.ground_truth().changes().iter().map(|change| change.on).collect();
    assert_eq!(states, [true, false]);
}

#[tokio::test]
async fn a_lost_register_is_rebuilt_from_the_events_without_a_flicker() {
    let stage = Stage::new().await;
    let (one, two) = (stage.install("table-1").await, stage.install("table-2").await);
    let fleet = stage.fleet(&[&one, &two]).await;
    let bridge = stage.bridge().await;
    for _ in 0..20 {
        stage.want_on(&one).await;
        stage.want_off(&one).await;
    }
    let on = stage.want_on(&two).await;
    stage.office.hears(two.id, on, ON).await;
    bridge.stop().await;
    let before = fleet.ground_truth().changes();
    stage.jetstream().await.delete_stream("DESIRED").await.unwrap();
    let _bridge = stage.bridge().await;
    let later = stage.want_on_for(&two, 2, Duration::from_secs(60)).await;
    stage.office.hears(two.id, later, ON).await;
    let changes = fleet.ground_truth().changes();
    assert_eq!(changes.len(), before.len() + 1);
    assert_eq!(
        (changes.last().unwrap().channel, fleet.lamp("table-2", 1).is_on()),
        (2, true)
    );
}

#[tokio::test]
async fn a_register_that_is_lost_while_the_bridge_runs_is_written_again() {
    let mut stage = Stage::new().await;
    let device = stage.install("table-1").await;
    let bridge = stage.bridge().await;
    let fleet = stage.fleet(&[&device]).await;
    let on = stage.want_on(&device).await;
    stage.office.hears(device.id, on, ON).await;
    let head = stage.log.head().await.unwrap();
    status(&bridge, |status| status.position == head).await;
    let jetstream = stage.jetstream().await;
    eventually("the register is stored", || async {
        resume(&jetstream).await == Some(head)
    })
    .await;

    // JetStream and the broker are gone with everything they knew; the relay publishes the log again.
    stage.nats.kill();
    stage.nats.wipe().unwrap();
    stage.nats.start().unwrap();
    fleet.wait_until_connected().await;
    eventually("the register is stored again", || async {
        resume(&jetstream).await.is_some_and(|mark| mark >= head)
    })
    .await;
    ready(&bridge).await;
    let off = stage.want_off(&device).await;
    stage.office.hears(device.id, off, Said::Confirmed { on: false }).await;
    let on_again = stage.want_on(&device).await;
    stage.office.hears(device.id, on_again, ON).await;
    assert_eq!(fleet.ground_truth().changes().len(), 3);
    let head = stage.log.head().await.unwrap();
    eventually("the register is stored", || async {
        resume(&jetstream).await == Some(head)
    })
    .await;
    drop(bridge);

    stage.stop_relay().await;
    jetstream.delete_stream("EVENTS").await.unwrap();
    let bridge = stage.bridge().await;
    status(&bridge, |status| status.devices == 1 && status.position == head).await;
    assert_eq!(fleet.ground_truth().changes().len(), 3, "the light stayed on");
}

#[tokio::test]
async fn a_restarted_bridge_without_servers_data_lights_nothing_that_is_over() {
    let stage = Stage::new().await;
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let bridge = stage.bridge().await;
    for _ in 0..20 {
        stage.want_on(&device).await;
        stage.want_off(&device).await;
    }
    let last = stage.want_off(&device).await;
    stage.office.hears(device.id, last, Said::Confirmed { on: false }).await;
    bridge.stop().await;
    let before = fleet.ground_truth().changes();
    stage.nats.kill();
    stage.nats.wipe().unwrap();
    stage.nats.start().unwrap();
    fleet.wait_until_connected().await;
    let head = stage.log.head().await.unwrap();
    let jetstream = stage.jetstream().await;
    eventually("the events are published again", || async {
        match jetstream.get_stream("EVENTS").await {
            Ok(stream) => stream.cached_info().state.last_sequence >= head,
            Err(_) => false,
        }
    })
    .await;
    let bridge = stage.bridge().await;
    let on = stage.want_on_for(&device, 2, Duration::from_secs(60)).await;
    stage.office.hears(device.id, on, ON).await;
    assert_eq!(fleet.ground_truth().changes().len(), before.len() + 1);
    bridge.stop().await;
}

/// What the log holds of a busy evening, as old as `age`, ending with the light `on`.
async fn busy_evening(stage: &Stage, device: &Installed, age: Duration, on: bool) {
    let issued_at = stage.clock.now() - age;
    let not_after = stage.clock.now() + SignedDuration::from_secs(3_600);
    for rev in 1..=41 {
        let is_on = (rev % 2 == 1) == on;
        let event = DeviceEvent::LightDesired {
            channel: 1,
            rev,
            on: is_on,
            session_id: Some(session(device, 1)),
            not_after: is_on.then_some(not_after),
            reason: DesireReason::SessionOpened,
            issued_at,
        };
        stage.office.write(device.id, event).await;
    }
}

#[tokio::test]
async fn history_that_a_restored_stream_tells_again_lights_nothing_but_what_is_desired_at_its_end() {
    for on in [false, true] {
        let mut stage = Stage::new().await;
        let device = stage.install("table-1").await;
        let fleet = stage.fleet(&[&device]).await;
        // Nothing remembered, nothing published: to the bridge it looks as if all of it happened now.
        let bridge = stage.bridge().await;
        stage.stop_relay().await;
        busy_evening(&stage, &device, Duration::from_secs(60), on).await;
        stage.start_relay();
        let head = stage.log.head().await.unwrap();
        status(&bridge, |status| status.position == head).await;
        stage.office.hears(device.id, 41, Said::Confirmed { on }).await;
        let states: Vec<_> = fleet.ground_truth().changes().iter().map(|change| change.on).collect();
        assert_eq!(states, if on { vec![true] } else { vec![] });
    }
}

#[tokio::test]
async fn a_light_that_is_prolonged_while_the_bridge_is_away_stays_on() {
    let stage = Stage::hastened(10.0).await;
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let bridge = stage.bridge().await;
    let first = stage.want_on_for(&device, 1, Duration::from_secs(60)).await;
    stage.office.hears(device.id, first, ON).await;
    drop(bridge);
    let at = stage.clock.now();
    let end = at + SignedDuration::from_secs(200);
    let prolonged = DeviceCommand::DesireOn {
        channel: 1,
        session_id: session(&device, 1),
        not_after: end,
        reason: DesireReason::SessionProlonged,
        at,
    };
    let second = stage.office.command(device.id, prolonged).await;
    let _bridge = stage.bridge().await;
    stage.office.hears(device.id, second, ON).await;
    stage.office.hears(device.id, second, Said::Expired).await;
    let changes = fleet.lamp("table-1", 1).changes();
    assert_eq!(changes.len(), 2, "{changes:#?}");
    assert!(changes[1].at >= end);
}

#[tokio::test]
async fn who_took_over_the_topic_of_a_device_that_left_is_heard_after_restarts_too() {
    let stage = Stage::new().await;
    // Several, so that no order of reading them is right by luck.
    let mut devices = Vec::new();
    for number in 0..8 {
        let topic = format!("table-{number}");
        let former = stage.install(&topic).await;
        let at = stage.clock.now();
        stage.office.command(former.id, DeviceCommand::Retire { at }).await;
        devices.push(stage.install(&topic).await);
    }
    let fleet = stage.fleet(&devices.iter().collect::<Vec<_>>()).await;
    let bridge = stage.bridge().await;
    let rev = stage.want_on(&devices[0]).await;
    stage.office.hears(devices[0].id, rev, ON).await;
    bridge.stop().await;
    let _bridge = stage.bridge().await;
    for device in &devices[1..] {
        let rev = stage.want_on(device).await;
        stage.office.hears(device.id, rev, ON).await;
    }
    assert_eq!(fleet.summary().on.len(), devices.len());
}
