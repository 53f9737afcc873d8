//! One installation for one test: a database, a nats-server, the three services as processes, clients of all of them.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, ensure};
use baize_eventlog::Clock;
use baize_proto::access::{Badge, Bearing, Claims, KeyFolder, Keys, Signer};
use baize_servers::{Mosquitto, MosquittoOptions, NatsServer, Postgres, PostgresOptions, testing};
use baize_simulators::fleet::{Connections, Faults, Fleet, FleetOptions, RelaySpec};
use baize_simulators::wechat::Wechat;
use jiff::Timestamp;
use rand::Rng as _;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tonic::transport::Endpoint;
use uuid::Uuid;

use crate::clients::Clients;
use crate::log::Log;
use crate::program::{self, Process};
use crate::providers::{Providers, Trouble};

/// Below the range from which the system takes ports for outgoing connections, so that a service that was killed finds
/// its port free when it comes back.
const PORTS: std::ops::Range<u16> = 15_000..32_000;

/// Everything that runs, in the order in which it must end.
#[derive(Debug)]
pub struct World {
    /// gRPC commands, the process runner, the relay.
    pub command_api: Process,
    /// Views, queries, the live page.
    pub projections: Process,
    /// Lights.
    pub device_bridge: Process,
    /// The stream, and the broker of the lights.
    pub nats: NatsServer,
    /// The broker of the lights, if it is not the stream's.
    pub mosquitto: Option<Mosquitto>,
    /// WeChat's servers, and the phones of its users.
    pub wechat: Wechat,
    /// The providers of payments, if there are any.
    pub providers: Option<Providers>,
    /// A Postgres of this world alone, with default durability; else the one that all tests share.
    pub postgres: Option<Postgres>,
    /// What all services go by.
    pub clock: Clock,
    /// Clients of the services.
    pub clients: Clients,
    /// Where the commands are served.
    pub commands: Bearing,
    /// Where the queries are served.
    pub queries: Bearing,
    /// Addresses of commands, queries and the live page.
    pub addresses: Addresses,
    /// Sign and vouch for tokens, here and in the services.
    pub keys: Keys,
    /// The database, read past the services.
    pub pool: PgPool,
    start: Start,
    spare: Option<Process>,
}

/// What the processes are started with.
#[derive(Debug)]
struct Start {
    dir: PathBuf,
    common: Vec<OsString>,
    database_url: String,
    /// WeChat, as the command services are told of it.
    wechat_url: String,
    wechat_secret_file: PathBuf,
    /// What customers are told through WeChat.
    messages_file: PathBuf,
    /// The providers of payments, likewise.
    providers: Vec<OsString>,
}

impl Start {
    fn bridge_dir(&self) -> PathBuf {
        self.dir.join("bridge")
    }

    /// `baize serve SERVICE`, as the process `name`.
    fn process(&self, name: &'static str, service: &str, own: &[(&str, &str)], more: &[OsString]) -> Process {
        let own = own
            .iter()
            .flat_map(|(flag, value)| [OsString::from(flag), OsString::from(value)]);
        let arguments = ["serve".into(), service.into()]
            .into_iter()
            .chain(self.common.iter().cloned())
            .chain(own)
            .chain(more.iter().cloned());
        Process::new(name, &self.dir, arguments)
    }

    fn command_api(&self, name: &'static str, listen: SocketAddr) -> Process {
        let own = [
            ("--database-url", &*self.database_url),
            ("--command-listen", &listen.to_string()),
            ("--wechat-app-id", WECHAT_APP_ID),
            ("--wechat-secret-file", &self.wechat_secret_file.to_string_lossy()),
            ("--wechat-url", &self.wechat_url),
            ("--messages-file", &self.messages_file.to_string_lossy()),
        ];
        self.process(name, "command-api", &own, &self.providers)
    }
}

/// The mini program that these tests are about.
const WECHAT_APP_ID: &str = "wx-journeys";

/// Its template that says that a table is open.
pub const TABLE_OPEN: &str = "table-open";

const MESSAGES: &str = r#"
[[message]]
kind = "table_open"
wechat = { template_id = "table-open", data = { thing1 = "table", time2 = "time" } }
"#;

/// Keys of personal data, which only these tests have.
const PERSONAL_KEYS: &str = "\
    identify 5be14f2b8d0e6c7f93a1d2c4b6e8f0125be14f2b8d0e6c7f93a1d2c4b6e8f012\n\
    wrap first 7c01d2e3f4a5b6978899aabbccddeeff7c01d2e3f4a5b6978899aabbccddeeff\n";

/// Where the services listen.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "named as the services")]
pub struct Addresses {
    pub commands: SocketAddr,
    pub queries: SocketAddr,
    pub web: SocketAddr,
}

impl World {
    /// Everything started and ready, on a database of its own within the Postgres that all tests share.
    ///
    /// # Errors
    /// Something does not start.
    pub async fn start(speed: f64) -> anyhow::Result<Self> {
        Self::on(None, testing::fresh_database(), clock(speed), None, None).await
    }

    /// The same with both providers of payments as programs.
    ///
    /// # Errors
    /// Something does not start.
    pub async fn start_with_providers(speed: f64) -> anyhow::Result<Self> {
        let honest = Some(Trouble::default());
        Self::on(None, testing::fresh_database(), clock(speed), honest, None).await
    }

    /// The same with providers that do something wrong with some orders, and a clock that shows `from` now.
    ///
    /// # Errors
    /// Something does not start.
    pub async fn start_with_trouble(
        speed: f64,
        from: Timestamp,
        own_postgres: bool,
        trouble: Trouble,
    ) -> anyhow::Result<Self> {
        let clock = Clock::scaled(now_in_milliseconds(), from, speed);
        let (postgres, url) = if own_postgres {
            let (postgres, url) = durable()?;
            (Some(postgres), url)
        } else {
            (None, testing::fresh_database())
        };
        Self::on(postgres, url, clock, Some(trouble), None).await
    }

    /// The same on a Postgres of its own, with default durability, for tests that kill it.
    ///
    /// # Errors
    /// Something does not start.
    pub async fn start_with_own_postgres(speed: f64) -> anyhow::Result<Self> {
        let (postgres, url) = durable()?;
        Self::on(Some(postgres), url, clock(speed), None, None).await
    }

    /// The same with mosquitto for the lights, as in a hall whose broker is its own: it stays when the centre is away.
    ///
    /// # Errors
    /// Something does not start.
    pub async fn start_with_mosquitto(speed: f64) -> anyhow::Result<Self> {
        let mosquitto = Mosquitto::launch(&MosquittoOptions::new(testing::fresh_dir("mosquitto")?))?;
        Self::on(None, testing::fresh_database(), clock(speed), None, Some(mosquitto)).await
    }

    async fn on(
        postgres: Option<Postgres>,
        database_url: String,
        clock: Clock,
        trouble: Option<Trouble>,
        mosquitto: Option<Mosquitto>,
    ) -> anyhow::Result<Self> {
        let dir = testing::fresh_dir("services")?;
        let nats = testing::nats()?;
        migrate(&database_url)?;
        let addresses = Addresses {
            commands: free_address()?,
            queries: free_address()?,
            web: free_address()?,
        };
        let folder = KeyFolder::at(dir.join("keys"));
        folder.ensure(Timestamp::now())?;
        let keys = Keys::new(folder.read()?);
        let personal_keys = dir.join("personal.keys");
        std::fs::write(&personal_keys, PERSONAL_KEYS)?;
        let (mqtt_host, mqtt_port) = broker(&nats, mosquitto.as_ref());
        let common = [
            "--clock".into(),
            clock.spec().into(),
            "--nats-url".into(),
            nats.url().into(),
            "--keys-dir".into(),
            folder.path().into(),
            "--personal-keys".into(),
            personal_keys.into(),
        ]
        .to_vec();
        let wechat_secret = Uuid::new_v4().to_string();
        let wechat_secret_file = dir.join("wechat.secret");
        std::fs::write(&wechat_secret_file, &wechat_secret)?;
        let wechat = Wechat::start(WECHAT_APP_ID, &wechat_secret).await?;
        wechat.template(TABLE_OPEN, &["thing1", "time2"]);
        let messages_file = dir.join("messages.toml");
        std::fs::write(&messages_file, MESSAGES)?;
        let providers = match trouble {
            Some(trouble) => {
                let callbacks = free_address()?;
                Some(Providers::start(&dir, &clock.spec(), WECHAT_APP_ID, callbacks, &trouble).await?)
            }
            None => None,
        };
        let start = Start {
            providers: providers
                .as_ref()
                .map(|providers| providers.flags().to_vec())
                .unwrap_or_default(),
            dir,
            common,
            database_url,
            wechat_url: wechat.base_url(),
            wechat_secret_file,
            messages_file,
        };
        let mut world = Self {
            command_api: start.command_api("command-api", addresses.commands),
            projections: start.process(
                "projections",
                "projections",
                &[
                    ("--database-url", &start.database_url),
                    ("--query-listen", &addresses.queries.to_string()),
                    ("--web-listen", &addresses.web.to_string()),
                ],
                &[],
            ),
            device_bridge: start.process(
                "device-bridge",
                "device-bridge",
                &[
                    ("--mqtt-url", &format!("mqtt://{mqtt_host}:{mqtt_port}")),
                    ("--command-url", &format!("http://{}", addresses.commands)),
                    ("--bridge-dir", &start.bridge_dir().to_string_lossy()),
                ],
                &[],
            ),
            clients: Clients::new(
                &channel(addresses.commands, &keys)?,
                &channel(addresses.queries, &keys)?,
            ),
            commands: channel(addresses.commands, &keys)?,
            queries: channel(addresses.queries, &keys)?,
            keys,
            pool: PgPoolOptions::new()
                .max_connections(2)
                .connect_lazy(&start.database_url)?,
            nats,
            mosquitto,
            wechat,
            providers,
            postgres,
            clock,
            addresses,
            start,
            spare: None,
        };
        for service in world.services() {
            service.spawn()?;
        }
        for service in world.services() {
            service.ready().await?;
        }
        Ok(world)
    }

    /// The providers of payments.
    ///
    /// # Errors
    /// There are none in this world.
    pub fn providers(&mut self) -> anyhow::Result<&mut Providers> {
        self.providers.as_mut().context("a world without providers")
    }

    /// The three services.
    pub fn services(&mut self) -> [&mut Process; 3] {
        [&mut self.command_api, &mut self.projections, &mut self.device_bridge]
    }

    /// Clients of another command-api on the same database, started beside the first.
    ///
    /// # Errors
    /// It does not start.
    pub async fn second_command_api(&mut self) -> anyhow::Result<Clients> {
        let address = free_address()?;
        let spare = self.spare.insert(self.start.command_api("command-api-2", address));
        spare.spawn()?;
        spare.ready().await?;
        Ok(Clients::new(&channel(address, &self.keys)?, &self.queries))
    }

    /// Relays of one lamp each, on the network, each with a connection of its own as in a hall.
    ///
    /// # Errors
    /// They cannot be connected.
    pub async fn relays(&self, topics: &[&str]) -> anyhow::Result<Fleet> {
        self.faulty_relays(topics, Faults::default(), 0).await
    }

    /// The same with what goes wrong by itself, drawn from a seed.
    ///
    /// # Errors
    /// They cannot be connected.
    pub async fn faulty_relays(&self, topics: &[&str], faults: Faults, seed: u64) -> anyhow::Result<Fleet> {
        let (host, port) = broker(&self.nats, self.mosquitto.as_ref());
        let relays = topics.iter().map(|topic| RelaySpec::new(*topic)).collect();
        let options = FleetOptions {
            clock: self.clock.clone(),
            connections: Connections::PerRelay,
            faults,
            seed,
            ..FleetOptions::new(host, port, relays)
        };
        Fleet::start(options).await
    }

    /// The reports that the bridge has not delivered, as it keeps them on disk.
    pub fn reports_kept(&self) -> String {
        std::fs::read_to_string(self.start.bridge_dir().join("all.reports")).unwrap_or_default()
    }

    /// The keys on disk, as the services read them.
    pub fn key_folder(&self) -> KeyFolder {
        KeyFolder::at(self.start.dir.join("keys"))
    }

    /// A file that holds a token with those claims.
    ///
    /// # Errors
    /// It cannot be made or written.
    pub fn token_file(&self, name: &str, claims: &Claims) -> anyhow::Result<PathBuf> {
        let file = self
            .start
            .dir
            .join(name.trim_start_matches('-'))
            .with_extension("token");
        std::fs::write(&file, Signer::new(self.keys.clone()).issue(claims)?)?;
        Ok(file)
    }

    /// The log as it is now.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn log(&self) -> anyhow::Result<Log> {
        Log::read(&self.pool).await
    }

    /// A client of the nats-server.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn nats_client(&self) -> anyhow::Result<async_nats::Client> {
        async_nats::connect(self.nats.url())
            .await
            .context("connecting to the nats-server")
    }
}

/// Where the lights are.
fn broker(nats: &NatsServer, mosquitto: Option<&Mosquitto>) -> (String, u16) {
    mosquitto.map_or_else(|| nats.mqtt_address(), Mosquitto::mqtt_address)
}

/// A clock that starts now and runs `speed` times as fast. Everybody who reads it reads the same time.
fn clock(speed: f64) -> Clock {
    let now = now_in_milliseconds();
    if speed == 1.0 {
        Clock::real()
    } else {
        Clock::scaled(now, now, speed)
    }
}

/// A clock's specification carries milliseconds, so that this process reads the very clock of the others.
fn now_in_milliseconds() -> Timestamp {
    Timestamp::from_millisecond(Timestamp::now().as_millisecond()).unwrap_or_default()
}

/// A Postgres with default durability, and a database on it.
fn durable() -> anyhow::Result<(Postgres, String)> {
    let postgres = Postgres::launch(PostgresOptions::new(testing::fresh_dir("durable")?))?;
    let url = postgres.fresh_database()?;
    Ok((postgres, url))
}

fn migrate(database_url: &str) -> anyhow::Result<()> {
    let output = Command::new(program::baize())
        .args(["migrate", "--database-url", database_url])
        .output()?;
    ensure!(
        output.status.success(),
        "baize migrate: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// Connects when it is first used, and again whenever the service has come back.
fn channel(address: SocketAddr, keys: &Keys) -> anyhow::Result<Bearing> {
    let channel = Endpoint::from_shared(format!("http://{address}"))?.connect_lazy();
    Ok(Bearing::new(channel, Badge::of_the_house(keys)))
}

fn free_address() -> anyhow::Result<SocketAddr> {
    let candidates = std::iter::repeat_with(|| rand::rng().random_range(PORTS)).take(1000);
    let free = candidates
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .find(|at| TcpListener::bind(at).is_ok());
    free.context("no free port")
}
