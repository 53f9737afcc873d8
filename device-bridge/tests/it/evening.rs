//! A bad evening in a hall with relays of several kinds, which lose, delay and miss commands, a bridge and a broker that are killed in between.

use std::time::Duration;

use baize_simulators::fleet::{Change, Connections, Fleet, FleetOptions};
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::office::within;
use crate::stage::{Installed, Stage};

const SPEED: f64 = 20.0;
const TABLES: usize = 8;
/// Whole seconds of the dead man, a slow relay, and a busy machine for some ten milliseconds, hastened.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(6);

/// What was desired of a table, when, and until when.
struct Wish {
    topic: String,
    at: Timestamp,
    not_after: Option<Timestamp>,
}

async fn wish(stage: &Stage, device: &Installed, rng: &mut StdRng) -> Wish {
    let at = stage.clock.now();
    let seconds = rng.random_range(5..60);
    let not_after = if rng.random_bool(0.6) {
        let end = stage.clock.now() + SignedDuration::from_secs(seconds);
        stage.want_on_for(device, 1, Duration::from_secs(seconds as u64)).await;
        Some(end + SignedDuration::from_secs(1))
    } else {
        stage.want_off(device).await;
        None
    };
    Wish {
        topic: device.topic.clone(),
        at,
        not_after,
    }
}

/// A lamp that is on must be covered by something that was desired for that moment.
fn assert_no_light_outlived_its_time(changes: &[Change], wishes: &[Wish]) {
    for change in changes.iter().filter(|change| !change.on) {
        let covers = |wish: &&Wish| wish.topic == change.topic && wish.at <= change.at;
        let latest = wishes.iter().filter(covers).filter_map(|wish| wish.not_after).max();
        let limit = latest.expect("went on without any wish") + TOLERANCE;
        assert!(
            change.at <= limit,
            "{} was on until {}, {limit} at most was desired",
            change.topic,
            change.at
        );
    }
}

#[tokio::test]
async fn on_a_bad_evening_no_light_outlives_its_time_and_all_end_up_as_desired() {
    let seed = rand::random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let stage = Stage::hastened(SPEED).await;
    let mut devices = Vec::new();
    for number in 1..=TABLES {
        let topic = format!("table-{number}");
        devices.push(match number % 2 {
            0 => stage.install_shelly(&topic).await,
            _ => stage.install(&topic).await,
        });
    }
    let (host, port) = stage.broker();
    let options = FleetOptions {
        connections: Connections::PerRelay,
        clock: stage.clock.clone(),
        seed,
        faults: "offline=0.1:5..15,slow=0.1:0.1..0.8,lost=0.1".parse().unwrap(),
        ..FleetOptions::new(host, port, devices.iter().map(|device| device.relay(1)).collect())
    };
    let fleet = Fleet::start(options).await.unwrap();
    let mut bridge = stage.bridge().await;
    let mut wishes = Vec::new();
    for turn in 0..120 {
        let device = &devices[rng.random_range(0..TABLES)];
        wishes.push(wish(&stage, device, &mut rng).await);
        match turn {
            30 | 90 => {
                drop(bridge);
                stage.clock.sleep(Duration::from_secs(rng.random_range(0..20))).await;
                bridge = stage.bridge().await;
            }
            60 => {
                stage.nats.kill();
                stage.clock.sleep(Duration::from_secs(rng.random_range(0..20))).await;
                stage.nats.start().unwrap();
            }
            _ => {
                stage
                    .clock
                    .sleep(Duration::from_millis(rng.random_range(0..3_000)))
                    .await
            }
        }
    }
    // The last of it, for longer than what is left of the evening.
    let mut last = Vec::new();
    for device in &devices {
        last.push(rng.random_bool(0.5));
        if last.last() == Some(&true) {
            let at = stage.clock.now();
            stage.want_on_for(device, 1, Duration::from_secs(36_000)).await;
            let not_after = Some(at + SignedDuration::from_secs(36_000));
            wishes.push(Wish {
                topic: device.topic.clone(),
                at,
                not_after,
            });
        } else {
            stage.want_off(device).await;
        }
    }
    let is_on = |changes: &[Change], device: &Installed| {
        changes
            .iter()
            .rev()
            .find(|change| change.topic == device.topic)
            .is_some_and(|change| change.on)
    };
    let as_desired = |changes: &[Change]| {
        devices
            .iter()
            .zip(&last)
            .all(|(device, on)| is_on(changes, device) == *on)
    };
    within(fleet.ground_truth().wait_until(as_desired), || {
        format!("{:#?}", fleet.summary())
    })
    .await;
    assert_no_light_outlived_its_time(&fleet.ground_truth().changes(), &wishes);
    let summary = fleet.stop().await;
    println!("{summary:?}");
    assert!(summary.commands.lost > 0 && summary.changes > 20);
    bridge.stop().await;
}
