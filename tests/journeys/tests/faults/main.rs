//! An evening in which something is killed again and again, and nothing is lost.
//!
//! The services run as processes of their own, the servers with default durability. Twenty times, at instants drawn from
//! a seed, one of them gets `kill -9` and is started again; in the end all of them do at once, as when the power fails.
//! Customers repeat what was not answered under the same request id, as clients should. Then what they were told is held
//! against the log, the log against the stream, the views against the log, and the lamps' own record against what was
//! promised.

mod cut_off;
mod day;
mod payments;

use std::time::{Duration, Instant};

use anyhow::Context as _;
use baize_journeys::check::lamps::{self, Tolerance};
use baize_journeys::check::{self, ledger};
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::model::Model;
use baize_journeys::world::World;
use baize_proto::hall::venue::v1::HallPolicy;
use baize_simulators::customers::ledger::VisitEnd;
use baize_simulators::customers::{Customers, Ledger, Options};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use tokio_util::sync::CancellationToken;

/// Virtual seconds in a real one.
const SPEED: f64 = 120.0;
const KILLS_OF_EACH: usize = 4;
const TABLES: usize = 16;
/// Between a part's return and the next kill, in milliseconds of real time.
const UNDISTURBED: std::ops::Range<u64> = 500..3_500;
/// How long a part stays dead.
const DEAD: std::ops::Range<u64> = 0..1_500;
/// Dead, started, connected again, caught up: real seconds until a lamp must have heard.
const BACK_WITHIN_SECONDS: f64 = 10.0;

/// What can die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    CommandApi,
    Projections,
    DeviceBridge,
    Postgres,
    Nats,
}

const PARTS: [Part; 5] = [
    Part::CommandApi,
    Part::Projections,
    Part::DeviceBridge,
    Part::Postgres,
    Part::Nats,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_evening_of_twenty_kills_loses_nothing_and_leaves_no_light_on() -> anyhow::Result<()> {
    let seed = std::env::var("BAIZE_FAULT_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    println!("BAIZE_FAULT_SEED={seed} repeats this evening's kills and customers");
    let mut world = World::start_with_own_postgres(SPEED).await?;
    let policy = HallPolicy {
        light_timeout_seconds: Some(3_600),
        billing_start_seconds_max: Some(600),
        linger_seconds: Some(120),
        // What is dead here is not a light.
        fault_seconds: Some(3_600),
        offline_fault_seconds: Some(3_600),
        ..HallPolicy::default()
    };
    let hall = Hall::open(&world.clients, policy, plain_tariff()).await?;
    let topics: Vec<_> = (1..=TABLES).map(|number| format!("a{number}")).collect();
    for topic in &topics {
        hall.table(topic).await?;
    }
    let fleet = world
        .relays(&topics.iter().map(String::as_str).collect::<Vec<_>>())
        .await?;
    let closing = CancellationToken::new();
    let customers = tokio::spawn(Customers::run(customers(&world, &hall, seed)?, closing.clone()));

    kill_again_and_again(&mut world, seed).await?;
    closing.cancel();
    let ledger = customers.await.context("the customers failed")??;

    let after_wish = SignedDuration::from_secs_f64(BACK_WITHIN_SECONDS * SPEED);
    let after_promise = SignedDuration::from_secs(2) + SignedDuration::from_secs_f64(SPEED);
    let mut found = check::everything(
        &world,
        &fleet,
        Tolerance {
            after_promise,
            after_wish,
        },
    )
    .await
    .with_context(|| format!("customers complained of {:?}", ledger.complaints))?;
    let log = world.log().await?;
    found.push(("ledger", ledger::agrees_with_the_log(&ledger, &log)));
    found.push((
        "complaints",
        ledger
            .complaints
            .iter()
            .map(|complaint| complaint.text.clone())
            .collect(),
    ));
    found.push(("visits", gave_up(&ledger)));
    check::nothing_is_broken(found);

    let late = lamps::latest(&log, &lamps::burnt(&fleet, world.clock.now()));
    println!(
        "latest lamp {:#} after its wish, {:#} after its promise",
        late.after_wish, late.after_promise
    );
    let model = Model::at(&log, log.head());
    let played = model
        .sessions
        .values()
        .filter(|session| session.settled.is_some())
        .count();
    let repeated = ledger.calls.iter().filter(|call| call.attempts > 1).count();
    println!(
        "{} events, {} sessions, {played} settled, {repeated} calls repeated",
        log.head(),
        model.sessions.len()
    );
    assert!(played >= 20, "an evening with {played} games proves little");
    assert!(repeated > 0, "nobody noticed that anything was killed");
    Ok(())
}

async fn kill_again_and_again(world: &mut World, seed: u64) -> anyhow::Result<()> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut victims = PARTS.repeat(KILLS_OF_EACH);
    victims.shuffle(&mut rng);
    for victim in victims {
        tokio::time::sleep(Duration::from_millis(rng.random_range(UNDISTURBED))).await;
        kill(world, victim);
        tokio::time::sleep(Duration::from_millis(rng.random_range(DEAD))).await;
        let since = Instant::now();
        bring_back(world, victim)
            .await
            .with_context(|| format!("{victim:?} does not come back"))?;
        println!("killed {victim:?}; back in {:?}", since.elapsed());
    }
    for service in world.services() {
        anyhow::ensure!(
            service.is_running(),
            "{} ended by itself:\n{}",
            service.name(),
            service.log_tail()
        );
    }
    Ok(())
}

fn kill(world: &mut World, victim: Part) {
    match victim {
        Part::CommandApi => world.command_api.kill(),
        Part::Projections => world.projections.kill(),
        Part::DeviceBridge => world.device_bridge.kill(),
        Part::Postgres => world.postgres.iter().for_each(baize_servers::Postgres::kill),
        Part::Nats => world.nats.kill(),
    }
}

async fn bring_back(world: &mut World, victim: Part) -> anyhow::Result<()> {
    start(world, victim)?;
    match victim {
        Part::CommandApi => world.command_api.ready().await.map(drop),
        Part::Projections => world.projections.ready().await.map(drop),
        Part::DeviceBridge => world.device_bridge.ready().await.map(drop),
        Part::Postgres | Part::Nats => Ok(()),
    }
}

fn start(world: &mut World, victim: Part) -> anyhow::Result<()> {
    match victim {
        Part::CommandApi => world.command_api.spawn(),
        Part::Projections => world.projections.spawn(),
        Part::DeviceBridge => world.device_bridge.spawn(),
        Part::Postgres => Ok(world.postgres.as_ref().context("a Postgres of its own")?.start()?),
        Part::Nats => Ok(world.nats.start()?),
    }
}

fn customers(world: &World, hall: &Hall, seed: u64) -> anyhow::Result<Options> {
    let opens_at = world.clock.now();
    Ok(Options {
        command_url: format!("http://{}", world.addresses.commands),
        keys: world.keys.clone(),
        query_url: format!("http://{}", world.addresses.queries),
        chain_id: hall.chain_id.parse()?,
        hall_id: hall.hall_id.parse()?,
        clock: world.clock.clone(),
        opens_at,
        closes_at: opens_at + SignedDuration::from_hours(8),
        time_zone: where_it_is_evening(opens_at),
        seed,
        arrivals_per_hour: 120.0,
        retry_for: Duration::from_secs(60),
        phones: None,
        repair_after: Some(SignedDuration::from_mins(5)),
    })
}

/// How many people come follows the local hour, and must not depend on when the test runs.
fn where_it_is_evening(now: Timestamp) -> String {
    let hour = now.to_zoned(TimeZone::UTC).hour();
    let east = (19 - hour + 12).rem_euclid(24) - 12;
    // In these names the sign is that of the way to Greenwich.
    if east >= 0 {
        format!("Etc/GMT-{east}")
    } else {
        format!("Etc/GMT+{}", -east)
    }
}

/// Nobody may be left without an answer: what is dead comes back long before a customer's patience ends.
fn gave_up(ledger: &Ledger) -> check::Broken {
    let lost = ledger.visits.iter().filter(|visit| visit.end == VisitEnd::GaveUp);
    lost.map(|visit| format!("person {} gave up", visit.person)).collect()
}
