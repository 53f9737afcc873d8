//! How long a command takes until its light has confirmed it: from the append of the desired state to the confirmation in the log, through
//! relay, stream, bridge, broker and a simulated relay, and back through the command service.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use baize_domain::device::{DesireReason, DeviceEvent, Driver};
use baize_domain::event::VERSION;
use baize_domain::ids::{DeviceId, HallId, SessionId};
use baize_eventlog::{AppendError, Appended, EventLog, Metadata, NewEvent, RequestKey, StreamAppend, StreamId, Unit};
use baize_servers::NatsServer;
use baize_simulators::fleet::{Connections, Fleet, FleetOptions, RelaySpec};
use hdrhistogram::Histogram;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

/// Devices of one unit of work.
const TOGETHER: usize = 100;
/// Connections that all relays share.
const CONNECTIONS: usize = 4;
/// How often each relay says something unasked.
const TELE_PERIOD: Duration = Duration::from_secs(20);
/// What is not confirmed by then never is.
const PATIENCE: Duration = Duration::from_secs(300);

/// A light. None is told anything twice.
#[derive(Clone, Debug)]
pub struct Light {
    device_id: DeviceId,
    topic: String,
}

/// Puts so many lights of one output into the log.
///
/// # Errors
/// An append fails.
pub async fn install(log: &EventLog, count: usize) -> anyhow::Result<Vec<Light>> {
    let hall_id = HallId(Uuid::now_v7());
    let lights: Vec<_> = (0..count)
        .map(|number| Light {
            device_id: DeviceId(Uuid::now_v7()),
            topic: format!("bench-{number}"),
        })
        .collect();
    for lights in lights.chunks(TOGETHER) {
        let registered = lights.iter().map(|light| {
            let event = DeviceEvent::DeviceRegistered {
                device_id: light.device_id,
                hall_id,
                driver: Driver::Tasmota,
                topic: light.topic.clone(),
                channels: 1,
            };
            (light.device_id, 0, event)
        });
        log.append(unit(registered)?).await?;
    }
    Ok(lights)
}

/// Sound relays for all of them.
///
/// # Errors
/// The broker is not there.
pub async fn relays(nats: &NatsServer, lights: &[Light]) -> anyhow::Result<Fleet> {
    let (host, port) = nats.mqtt_address();
    let relays = lights.iter().map(|light| RelaySpec::new(&light.topic)).collect();
    let options = FleetOptions {
        connections: Connections::Shared(CONNECTIONS),
        tele_period: TELE_PERIOD,
        ..FleetOptions::new(host, port, relays)
    };
    Fleet::start(options).await
}

/// How long after `since` the last of all lamps went on, in seconds; nothing if some are dark.
pub fn all_lit(fleet: &Fleet, since: Timestamp) -> Option<f64> {
    let changes = fleet.ground_truth().changes();
    let last = changes.iter().map(|change| change.at).max()?;
    (changes.len() == fleet.summary().relays).then(|| last.duration_since(since).as_secs_f64())
}

/// When each light was confirmed.
pub struct Confirmations {
    at: Arc<Mutex<HashMap<DeviceId, Instant>>>,
    count: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl Confirmations {
    /// Listens to the log from its end on.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn listen(log: &EventLog) -> anyhow::Result<Self> {
        let mut follower = log.follow(log.head().await?);
        let at: Arc<Mutex<HashMap<_, _>>> = Arc::default();
        let (sender, count) = watch::channel(0);
        let seen = Arc::clone(&at);
        let task = tokio::spawn(async move {
            while let Ok(events) = follower.next_batch(4_096).await {
                let now = Instant::now();
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                let confirmed = events.iter().filter(|event| event.event_type == "LightConfirmed");
                seen.extend(confirmed.filter_map(|event| Some((event.stream.aggregate_id.parse().ok()?, now))));
                sender.send_replace(seen.len());
            }
        });
        Ok(Self { at, count, task })
    }

    /// Waits until so many lights are confirmed; since `sent`, how long each of these took, in microseconds.
    ///
    /// # Errors
    /// They are not in five minutes.
    pub async fn took(&mut self, sent: &HashMap<DeviceId, Instant>, all: usize) -> anyhow::Result<Histogram<u64>> {
        let waited = tokio::time::timeout(PATIENCE, self.count.wait_for(|count| *count >= all)).await;
        let is_over = waited.map(|counted| counted.map(drop));
        let confirmed = *self.count.borrow();
        is_over.with_context(|| format!("{confirmed} of {all} lights were confirmed in {PATIENCE:?}"))??;
        let at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        let mut took = Histogram::new(3)?;
        for (device_id, sent) in sent {
            let confirmed = at.get(device_id).context("another light was confirmed")?;
            took.record(u64::try_from(confirmed.saturating_duration_since(*sent).as_micros())?)?;
        }
        Ok(took)
    }
}

impl Drop for Confirmations {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Wants the lights on one after the other, so many a second; when each was asked for.
///
/// # Errors
/// An append fails.
pub async fn one_by_one(
    log: &EventLog,
    lights: &[Light],
    per_second: u32,
) -> anyhow::Result<HashMap<DeviceId, Instant>> {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second);
    let (mut sent, mut appends) = (HashMap::new(), JoinSet::new());
    for light in lights {
        ticks.tick().await;
        let (log, unit) = (log.clone(), wanted(std::slice::from_ref(light))?);
        sent.insert(light.device_id, Instant::now());
        appends.spawn(async move { log.append(unit).await });
    }
    all(appends).await?;
    Ok(sent)
}

/// Wants all lights on at once; when.
///
/// # Errors
/// An append fails.
pub async fn at_once(log: &EventLog, lights: &[Light]) -> anyhow::Result<HashMap<DeviceId, Instant>> {
    let units = lights
        .chunks(TOGETHER)
        .map(wanted)
        .collect::<anyhow::Result<Vec<_>>>()?;
    let now = Instant::now();
    let mut appends = JoinSet::new();
    for unit in units {
        let log = log.clone();
        appends.spawn(async move { log.append(unit).await });
    }
    all(appends).await?;
    Ok(lights.iter().map(|light| (light.device_id, now)).collect())
}

async fn all(mut appends: JoinSet<Result<Appended, AppendError>>) -> anyhow::Result<()> {
    while let Some(appended) = appends.join_next().await {
        appended??;
    }
    Ok(())
}

fn wanted(lights: &[Light]) -> anyhow::Result<Unit> {
    let issued_at = Timestamp::now();
    let desired = lights.iter().map(|light| {
        let event = DeviceEvent::LightDesired {
            channel: 1,
            rev: 1,
            on: true,
            session_id: Some(SessionId(Uuid::now_v7())),
            not_after: Some(issued_at + SignedDuration::from_hours(1)),
            reason: DesireReason::SessionOpened,
            issued_at,
        };
        (light.device_id, 1, event)
    });
    unit(desired)
}

fn unit(events: impl Iterator<Item = (DeviceId, u64, DeviceEvent)>) -> anyhow::Result<Unit> {
    let request_id = Uuid::now_v7();
    let streams = events.map(|(device_id, expected_version, event)| {
        Ok(StreamAppend {
            stream: StreamId::new("Device", device_id.to_string()),
            expected_version,
            events: vec![NewEvent {
                event_type: event.name().to_owned(),
                event_version: VERSION.to_owned(),
                payload: serde_json::to_string(&event)?,
            }],
        })
    });
    let streams = streams.collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(!streams.is_empty(), "a unit of nothing");
    Ok(Unit {
        request: RequestKey::new("bench", request_id, b"lights"),
        streams,
        metadata: Metadata::from([("request_id".to_owned(), request_id.to_string())]),
        response: Vec::new(),
    })
}
