//! Journeys: what people live through, on real services and servers, with simulated relays.
//!
//! Every journey ends with all the invariants checked on its own log, stream, views and lamps.

mod access;
mod clients;
mod complaints;
mod console;
mod debt;
mod faults;
mod forgeries;
mod gifts;
mod goods;
mod levels;
mod lights;
mod messages;
mod moves;
mod opening;
mod payments;
mod pictures;
mod points;
mod postpaid;
mod prepaid;
mod reading;
mod screen;
mod splits;
mod table;
mod waiting;

use std::time::Duration;

use anyhow::Context as _;
use baize_domain::Event;
use baize_journeys::check;
use baize_journeys::check::lamps::Tolerance;
use baize_journeys::eventually::eventually;
use baize_journeys::log::Entry;
use baize_journeys::world::World;
use baize_proto::hall::venue::v1::HallPolicy;
use baize_simulators::fleet::Fleet;
use jiff::SignedDuration;

/// Far beyond what anything takes on a busy machine; only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Delays that leave a fast clock no chance to call a light late: minutes of it pass in a second.
fn patient_policy() -> HallPolicy {
    HallPolicy {
        light_timeout_seconds: Some(3600),
        billing_start_seconds_max: Some(1800),
        linger_seconds: Some(180),
        fault_seconds: Some(3600),
        offline_fault_seconds: Some(3600),
        ..HallPolicy::default()
    }
}

/// The first event that is `what`, as soon as it is in the log.
async fn recorded(world: &World, what: &str, is_it: impl Fn(&Event) -> bool) -> anyhow::Result<Entry> {
    let mut last = Vec::new();
    let found = eventually(what, PATIENCE, async || {
        let entries = world.log().await.ok()?.entries;
        let tail = entries.iter().rev().take(20);
        last = tail.map(|entry| format!("{:?}", entry.event)).collect();
        entries.into_iter().find(|entry| is_it(&entry.event))
    });
    found.await.map_err(|error| error.context(format!("{last:#?}")))
}

/// Waits until a lamp really is on, or off.
async fn lamp_is(fleet: &Fleet, topic: &str, on: bool) -> anyhow::Result<()> {
    let lamp = fleet.lamp(topic, 1);
    let waited = tokio::time::timeout(PATIENCE, lamp.wait_for(on)).await;
    waited.with_context(|| format!("the lamp of {topic} is never {}", if on { "on" } else { "off" }))
}

/// Every invariant, on everything that is there, once nothing happens any more.
async fn all_is_well(world: &World, fleet: &Fleet) -> anyhow::Result<()> {
    let on_the_way = SignedDuration::from_secs_f64(world.clock.speed());
    // A second of the relay's own timer, a second of the clock for each rounding, and a real second for the way.
    let late = SignedDuration::from_secs(2) + on_the_way;
    let found = check::everything(
        world,
        fleet,
        Tolerance {
            after_promise: late,
            after_wish: late,
        },
    )
    .await?;
    check::nothing_is_broken(found);
    Ok(())
}
