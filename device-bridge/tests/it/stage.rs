//! Everything that stands around a bridge.

use std::path::PathBuf;
use std::time::Duration;

use baize_device_bridge::{DeviceBridge, MqttOptions, Options, Status};
use baize_domain::device::{DesireReason, DeviceCommand, DeviceProfile, Driver};
use baize_domain::ids::{DeviceId, HallId, SessionId};
use baize_eventlog::{Clock, EventLog, LogOptions, Relay, RelayOptions};
use baize_servers::{Mosquitto, MosquittoOptions, NatsServer, testing};
use baize_simulators::fleet::{Connections, Firmware, Fleet, FleetOptions, Lamp, RelaySpec};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::office::{Office, within};

/// The servers of one test.
pub struct Stage {
    pub nats: NatsServer,
    pub mosquitto: Option<Mosquitto>,
    pub log: EventLog,
    pub office: Office,
    pub clock: Clock,
    pub hall: HallId,
    relay: Option<Relay>,
}

/// A device in the log.
#[derive(Clone, Debug)]
pub struct Installed {
    pub id: DeviceId,
    pub topic: String,
    pub driver: Driver,
}

impl Installed {
    /// The same device, simulated.
    pub fn relay(&self, channels: u8) -> RelaySpec {
        RelaySpec {
            topic: self.topic.clone(),
            channels,
            firmware: match self.driver {
                Driver::Tasmota => Firmware::Tasmota,
                Driver::Shelly => Firmware::Shelly,
                Driver::EspHome => Firmware::EspHome,
            },
        }
    }
}

impl Stage {
    /// With the MQTT listener of the nats-server, in real time.
    pub async fn new() -> Self {
        Self::at(Clock::real()).await
    }

    /// Time passes this much faster.
    pub async fn hastened(speed: f64) -> Self {
        let evening = "2026-11-20T18:00:00Z".parse().unwrap();
        Self::at(Clock::scaled(Timestamp::now(), evening, speed)).await
    }

    /// With mosquitto for the devices, if it is installed.
    pub async fn with_mosquitto() -> Option<Self> {
        Self::new().await.and_mosquitto()
    }

    pub fn and_mosquitto(mut self) -> Option<Self> {
        if Mosquitto::find().is_err() {
            eprintln!("mosquitto is not installed: not tested");
            return None;
        }
        let options = MosquittoOptions::new(testing::fresh_dir("mosquitto").unwrap());
        self.mosquitto = Some(Mosquitto::launch(&options).unwrap());
        Some(self)
    }

    async fn at(clock: Clock) -> Self {
        // Seen with `--nocapture` and RUST_LOG.
        let _already_set = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let (nats, url) = tokio::task::spawn_blocking(|| (testing::nats().unwrap(), testing::fresh_database()))
            .await
            .unwrap();
        let owner = sqlx::PgPool::connect(&url).await.unwrap();
        baize_schema::migrate(&owner).await.unwrap();
        owner.close().await;
        let options = LogOptions::new(url.parse().unwrap()).role(baize_schema::APP_ROLE);
        let log = EventLog::connect(options).await.unwrap();
        let mut stage = Self {
            nats,
            mosquitto: None,
            office: Office::open(log.clone()).await,
            log,
            clock,
            hall: HallId(Uuid::now_v7()),
            relay: None,
        };
        stage.start_relay();
        stage
    }

    pub fn start_relay(&mut self) {
        self.relay = Some(Relay::start(self.log.clone(), RelayOptions::new(self.nats.url())));
    }

    pub async fn stop_relay(&mut self) {
        if let Some(relay) = self.relay.take() {
            relay.stop().await;
        }
    }

    pub async fn jetstream(&self) -> async_nats::jetstream::Context {
        async_nats::jetstream::new(async_nats::connect(self.nats.url()).await.unwrap())
    }

    pub fn broker(&self) -> (String, u16) {
        match &self.mosquitto {
            Some(mosquitto) => mosquitto.mqtt_address(),
            None => self.nats.mqtt_address(),
        }
    }

    pub fn bridge_options(&self) -> Options {
        let (host, port) = self.broker();
        let mut options = Options::new(self.nats.url(), MqttOptions::new(host, port), &self.office.url);
        options.clock = self.clock.clone();
        options
    }

    /// A bridge that is connected to everything and knows all events so far.
    pub async fn bridge(&self) -> DeviceBridge {
        let bridge = DeviceBridge::start(self.bridge_options()).await.unwrap();
        ready(&bridge).await;
        bridge
    }

    /// Relays on their own connections, as in a hall.
    pub async fn fleet(&self, devices: &[&Installed]) -> Fleet {
        self.fleet_that_reports_every(Duration::from_secs(10), devices).await
    }

    pub async fn fleet_that_reports_every(&self, tele_period: Duration, devices: &[&Installed]) -> Fleet {
        let relays = devices.iter().map(|device| device.relay(4));
        let (host, port) = self.broker();
        let options = FleetOptions {
            connections: Connections::PerRelay,
            clock: self.clock.clone(),
            tele_period,
            ..FleetOptions::new(host, port, relays.collect())
        };
        Fleet::start(options).await.unwrap()
    }

    pub async fn install(&self, topic: &str) -> Installed {
        self.install_in(self.hall, topic).await
    }

    pub async fn install_in(&self, hall_id: HallId, topic: &str) -> Installed {
        self.install_as(Driver::Tasmota, hall_id, topic).await
    }

    pub async fn install_shelly(&self, topic: &str) -> Installed {
        self.install_as(Driver::Shelly, self.hall, topic).await
    }

    pub async fn install_esphome(&self, topic: &str) -> Installed {
        self.install_as(Driver::EspHome, self.hall, topic).await
    }

    async fn install_as(&self, driver: Driver, hall_id: HallId, topic: &str) -> Installed {
        let device = Installed {
            id: DeviceId(Uuid::now_v7()),
            topic: topic.to_owned(),
            driver,
        };
        let profile = DeviceProfile {
            device_id: device.id,
            hall_id,
            driver,
            topic: topic.to_owned(),
            channels: 4,
        };
        self.office.command(device.id, DeviceCommand::Register(profile)).await;
        device
    }

    /// Wants output 1 on for an hour.
    pub async fn want_on(&self, device: &Installed) -> u64 {
        self.want_on_for(device, 1, Duration::from_secs(3_600)).await
    }

    pub async fn want_on_for(&self, device: &Installed, channel: u8, time: Duration) -> u64 {
        let at = self.clock.now();
        let command = DeviceCommand::DesireOn {
            channel,
            session_id: session(device, channel),
            not_after: at + SignedDuration::try_from(time).unwrap(),
            reason: DesireReason::SessionOpened,
            at,
        };
        self.office.command(device.id, command).await
    }

    pub async fn want_off(&self, device: &Installed) -> u64 {
        let command = DeviceCommand::SwitchOff {
            channel: 1,
            session_id: session(device, 1),
            at: self.clock.now(),
        };
        self.office.command(device.id, command).await
    }

    pub fn scratch(&self) -> PathBuf {
        testing::fresh_dir("bridge").unwrap()
    }
}

/// The session that a test has at a light.
pub fn session(device: &Installed, channel: u8) -> SessionId {
    SessionId(baize_domain::ids::derived(&[&device.topic, &channel.to_string()]))
}

/// Waits until the bridge is connected to everything, knows all events, and nobody waits for a turn.
pub async fn ready(bridge: &DeviceBridge) {
    status(bridge, |status| {
        status.is_caught_up && status.is_connected && status.recovering == 0
    })
    .await;
}

pub async fn status(bridge: &DeviceBridge, is_so: impl Fn(&Status) -> bool) {
    let mut status = bridge.status();
    let state = bridge.status();
    within(status.wait_for(|status| is_so(status)), || {
        format!("{:?}", state.borrow().clone())
    })
    .await
    .unwrap();
}

pub async fn lamp_is(lamp: &Lamp, on: bool) {
    within(lamp.wait_for(on), || format!("{:#?}", lamp.changes())).await;
}

/// Waits for something that can only be asked for.
pub async fn eventually<F: Future<Output = bool>>(what: &str, ask: impl Fn() -> F) {
    let asked = async {
        while !ask().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    within(asked, || what.to_owned()).await;
}
