//! A day in two halls in which lights fail in every way there is: nobody pays for the dark, and no table is sold that is broken.
//!
//! The relays lose, delay and miss commands by themselves; on top of that, fate takes relays off the network, sticks and welds their
//! contacts and turns their lamps off, each way in turn. Customers come and go, and the counters see to what is under repair. In the end what the
//! lamps really did, and what really was broken when, is held against the log. `BAIZE_FAULT_HOURS=24` makes it a whole day.

mod fate;
mod truth;

use std::time::Duration;

use anyhow::Context as _;
use baize_journeys::check::lamps::{self, Tolerance};
use baize_journeys::check::{self, ledger};
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::hall::venue::v1::HallPolicy;
use baize_simulators::customers::{Customers, Ledger, Options};
use baize_simulators::fleet::{Faults, Fleet};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use fate::{Breakage, Fate};
use truth::Truth;

/// Virtual seconds in a real one.
const SPEED: f64 = 60.0;
const HALLS: usize = 2;
const TABLES: usize = 8;
const LIGHT_TIMEOUT_SECONDS: u32 = 120;
const BILLING_START_SECONDS: u32 = 60;
const FAULT_SECONDS: u32 = 120;
const OFFLINE_FAULT_SECONDS: u32 = 300;
/// Real seconds that a busy machine may take for anything.
const SLOWNESS_SECONDS: f64 = 2.0;
/// The longest delay of a command, by the hall's clock.
const DELAY: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_day_of_faults_nobody_pays_for_the_dark_no_broken_table_is_sold_and_no_light_outlives_its_time()
-> anyhow::Result<()> {
    let seed = from_environment("BAIZE_FAULT_SEED", 1);
    let hours = from_environment("BAIZE_FAULT_HOURS", 1);
    println!("BAIZE_FAULT_SEED={seed} BAIZE_FAULT_HOURS={hours} repeats this day");
    let world = World::start(SPEED).await?;
    let mut halls = Vec::new();
    let mut topics = Vec::new();
    for number in 1..=HALLS {
        let hall = Hall::open(&world.clients, policy(), plain_tariff()).await?;
        let of_hall: Vec<_> = (1..=TABLES).map(|table| format!("h{number}-{table}")).collect();
        for topic in &of_hall {
            hall.table(topic).await?;
        }
        halls.push(hall);
        topics.push(of_hall);
    }
    let all: Vec<_> = topics.iter().flatten().map(String::as_str).collect();
    let faults: Faults = "offline=0.02:10..90,slow=0.05:0.2..1.5,lost=0.03".parse()?;
    let fleet = world.faulty_relays(&all, faults, seed).await?;

    let closes_at = world.clock.now() + SignedDuration::from_hours(i64::try_from(hours)?);
    let closing = CancellationToken::new();
    let customers: Vec<_> = halls
        .iter()
        .zip(seed..)
        .map(|(hall, seed)| Ok(Customers::run(options(&world, hall, seed, closes_at)?, closing.clone())))
        .collect::<anyhow::Result<_>>()?;
    let customers = tokio::spawn(futures::future::try_join_all(customers));
    let broken = Fate::new(&fleet, &topics, &world.clock, seed).rule(closes_at).await?;
    closing.cancel();
    let ledgers = customers.await.context("the customers failed")??;
    judge(&world, &fleet, &broken, together(ledgers)?).await
}

async fn judge(world: &World, fleet: &Fleet, broken: &[Breakage], ledger: Ledger) -> anyhow::Result<()> {
    let slow = SignedDuration::from_secs_f64(SLOWNESS_SECONDS * SPEED);
    let late = SignedDuration::try_from(DELAY)? + SignedDuration::from_secs(2) + slow;
    let promised = Tolerance {
        after_promise: late,
        // A relay that is off the network hears no OFF: its own timer ends it.
        after_wish: SignedDuration::MAX,
    };
    let mut found = check::everything(world, fleet, promised)
        .await
        .with_context(|| format!("customers complained of {:?}", ledger.complaints))?;
    let log = world.log().await?;
    let burnt = lamps::burnt(fleet, world.clock.now());
    // What is welded cannot be turned off by anybody.
    let (welded, sound): (Vec<_>, Vec<_>) = burnt
        .iter()
        .cloned()
        .partition(|burning| broken.iter().any(|breakage| breakage.welds(burning)));
    found.retain(|(check, _)| *check != "lamps");
    found.push(("lamps", lamps::none_burns_too_long(&log, &sound, promised)));
    let truth = Truth::of(&log, burnt);
    found.push(("sold", truth.nothing_is_sold_that_is_under_repair()));
    found.push(("tests", truth.nothing_broken_passes_its_test(broken, slow)));
    found.push((
        "dark",
        truth.nobody_pays_for_the_dark(slow + seconds(OFFLINE_FAULT_SECONDS + FAULT_SECONDS)),
    ));
    let (ended, wrong) = truth.fault_bills(20);
    found.push(("refunds", wrong));
    found.push(("ledger", ledger::agrees_with_the_log(&ledger, &log)));
    found.push((
        "complaints",
        ledger
            .complaints
            .iter()
            .map(|complaint| complaint.text.clone())
            .collect(),
    ));
    println!(
        "{} events, {} breakages, {} repairs, {ended} games ended by a fault, {} burnings welded of {}",
        log.head(),
        broken.len(),
        truth.repairs(),
        welded.len(),
        welded.len() + sound.len(),
    );
    check::nothing_is_broken(found);
    assert!(
        broken.len() >= fate::KINDS.len(),
        "a day with {} breakages proves little",
        broken.len()
    );
    assert!(truth.repairs() >= 1, "nothing was ever found broken");
    Ok(())
}

fn policy() -> HallPolicy {
    HallPolicy {
        light_timeout_seconds: Some(LIGHT_TIMEOUT_SECONDS),
        billing_start_seconds_max: Some(BILLING_START_SECONDS),
        linger_seconds: Some(120),
        fault_seconds: Some(FAULT_SECONDS),
        offline_fault_seconds: Some(OFFLINE_FAULT_SECONDS),
        test_answer_seconds: Some(60),
        ..HallPolicy::default()
    }
}

fn options(world: &World, hall: &Hall, seed: u64, closes_at: Timestamp) -> anyhow::Result<Options> {
    let opens_at = world.clock.now();
    Ok(Options {
        command_url: format!("http://{}", world.addresses.commands),
        keys: world.keys.clone(),
        query_url: format!("http://{}", world.addresses.queries),
        chain_id: hall.chain_id.parse()?,
        hall_id: hall.hall_id.parse()?,
        clock: world.clock.clone(),
        opens_at,
        closes_at,
        time_zone: super::where_it_is_evening(opens_at),
        seed,
        arrivals_per_hour: 30.0,
        retry_for: Duration::from_secs(60),
        phones: None,
        repair_after: Some(SignedDuration::from_mins(5)),
    })
}

/// What the customers of all halls were told.
fn together(ledgers: Vec<Ledger>) -> anyhow::Result<Ledger> {
    ledgers
        .into_iter()
        .reduce(|mut all, next| {
            all.calls.extend(next.calls);
            all.visits.extend(next.visits);
            all.complaints.extend(next.complaints);
            all
        })
        .context("no hall")
}

fn seconds(seconds: u32) -> SignedDuration {
    SignedDuration::from_secs(seconds.into())
}

fn from_environment(name: &str, otherwise: u64) -> u64 {
    let said = std::env::var(name).ok();
    said.and_then(|said| said.parse().ok()).unwrap_or(otherwise)
}
