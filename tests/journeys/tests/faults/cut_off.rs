//! A hall that is cut off from the centre: the lights' broker and the bridge are in the hall, everything else is not.

use std::time::Duration;

use anyhow::Context as _;
use baize_domain::Event;
use baize_domain::device::DeviceEvent;
use baize_domain::session::TableSessionEvent;
use baize_journeys::check::lamps::Tolerance;
use baize_journeys::check::{everything, nothing_is_broken};
use baize_journeys::eventually::eventually;
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::hall::venue::v1::HallPolicy;
use baize_servers::Mosquitto;
use baize_simulators::fleet::Fleet;
use jiff::SignedDuration;

const SPEED: f64 = 60.0;
/// Only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

async fn recorded(world: &World, what: &str, is_it: impl Fn(&Event) -> bool) -> anyhow::Result<usize> {
    let found = eventually(what, PATIENCE, async || {
        let entries = world.log().await.ok()?.entries;
        entries.iter().position(|entry| is_it(&entry.event))
    });
    found.await
}

async fn lamp_is(fleet: &Fleet, topic: &str, on: bool) -> anyhow::Result<()> {
    let lamp = fleet.lamp(topic, 1);
    let waited = tokio::time::timeout(PATIENCE, lamp.wait_for(on)).await;
    waited.with_context(|| format!("the lamp of {topic} is never {}", if on { "on" } else { "off" }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hall_that_is_cut_off_plays_on_goes_dark_in_time_and_tells_all_of_it_in_order_when_it_is_back()
-> anyhow::Result<()> {
    if Mosquitto::find().is_err() {
        eprintln!("mosquitto is not installed: not tested");
        return Ok(());
    }
    let mut world = World::start_with_mosquitto(SPEED).await?;
    let policy = HallPolicy {
        light_timeout_seconds: Some(3_600),
        billing_start_seconds_max: Some(1_800),
        linger_seconds: Some(60),
        fault_seconds: Some(3_600),
        offline_fault_seconds: Some(3_600),
        ..HallPolicy::default()
    };
    let hall = Hall::open(&world.clients, policy, plain_tariff()).await?;
    let (table, _other) = (hall.table("a1").await?, hall.table("a2").await?);
    let fleet = world.relays(&["a1", "a2"]).await?;
    let (playing, idle) = (fleet.relay("a1").context("a1")?, fleet.relay("a2").context("a2")?);
    let member = hall.member(5_000, 0).await?;
    hall.open_prepaid(&table, &member, 30).await?;
    recorded(&world, "the light to be confirmed", |event| {
        matches!(event, Event::Device(DeviceEvent::LightConfirmed { on: true, .. }))
    })
    .await?;

    // The line to the centre is cut in mid-session, and a relay is lost while it is.
    world.nats.stop();
    world.command_api.kill();
    idle.set_offline(true);
    eventually("the bridge to keep what it found", PATIENCE, async || {
        world.reports_kept().contains("Offline").then_some(())
    })
    .await?;
    // Then the power in the hall fails, too, and comes back.
    let failed_at = world.clock.now();
    world.device_bridge.kill();
    world.device_bridge.spawn()?;
    world.device_bridge.ready().await?;
    let kept = world.reports_kept();
    assert!(kept.contains("Offline"), "a restart forgets nothing: {kept}");
    // The bridge knows that there is play: somebody at the switch does not end it.
    playing.press(1);
    lamp_is(&fleet, "a1", false).await?;
    lamp_is(&fleet, "a1", true).await?;
    // It also knows until when.
    lamp_is(&fleet, "a1", false).await?;
    assert_eq!(world.reports_kept().matches("Offline").count(), 1);

    world.nats.start()?;
    world.command_api.spawn()?;
    world.command_api.ready().await?;
    let settled = recorded(&world, "the session to be settled", |event| {
        matches!(event, Event::TableSession(TableSessionEvent::SessionSettled { .. }))
    });
    settled.await?;
    let lost = recorded(
        &world,
        "what was found while cut off",
        |event| matches!(event, Event::Device(DeviceEvent::DeviceWentOffline { at, .. }) if *at < failed_at),
    )
    .await?;
    idle.set_offline(false);
    let back = recorded(&world, "the relay to be back", |event| {
        matches!(event, Event::Device(DeviceEvent::DeviceCameBack { .. }))
    })
    .await?;
    assert!(lost < back);
    eventually("all reports to be delivered", PATIENCE, async || {
        world.reports_kept().is_empty().then_some(())
    })
    .await?;
    let late = SignedDuration::from_secs_f64(2.0 + SPEED);
    let tolerance = Tolerance {
        after_promise: late,
        after_wish: late,
    };
    nothing_is_broken(everything(&world, &fleet, tolerance).await?);
    Ok(())
}
