//! Credentials of devices, on both real brokers.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use baize_device_bridge::{Credentials, DeviceBridge, MqttOptions, Options, Tls, drivers};
use baize_servers::{Mosquitto, MosquittoOptions, NatsOptions, NatsServer, testing};
use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, Packet, QoS, SubscribeFilter,
    SubscribeReasonCode, TlsConfiguration, Transport,
};

use crate::import::{EXAMPLE, import_example};
use crate::program::{LIMIT, output, serve_all, text};

const BRIDGE: &str = "baize-bridge";
const HALL: &str = r#"
[chain]
name = "provisioned"

[hall]
name = "provisioned"
time_zone = "Asia/Shanghai"
business_day_cutoff = "06:00"

[[devices]]
topic = "a1"
channels = 4

[[devices]]
topic = "a2"
channels = 4

[[devices]]
topic = "b1"
driver = "shelly"
channels = 1

[[devices]]
topic = "c1"
driver = "esphome"
channels = 1
"#;

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A directory with everything for a broker, before and while it runs.
struct Provision {
    dir: PathBuf,
    port: u16,
}

impl Provision {
    fn new() -> Self {
        let this = Self {
            dir: testing::fresh_dir("broker").unwrap(),
            port: free_port(),
        };
        fs::write(this.dir.join("hall.toml"), HALL).unwrap();
        let first = this.run(&["--name", "localhost"]);
        assert!(first.status.success(), "{}", text(&first));
        assert!(text(&first).contains("5 new passwords"), "{}", text(&first));
        this.shows_no_secret(&first);
        this
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join("out").join(name)
    }

    fn run(&self, more: &[&str]) -> Output {
        let (file, out) = (self.dir.join("hall.toml"), self.dir.join("out"));
        let listen = format!("127.0.0.1:{}", self.port);
        let mut args = vec!["devices", "provision", "--listen", &listen];
        args.extend(["--file", file.to_str().unwrap(), "--out", out.to_str().unwrap()]);
        args.extend(more);
        output(&args)
    }

    fn echo(&self) -> Output {
        self.run(&["--echo", &format!("localhost:{}", self.port)])
    }

    fn password(&self, user: &str) -> String {
        fs::read_to_string(self.path("secrets").join(user))
            .unwrap()
            .trim()
            .to_owned()
    }

    fn shows_no_secret(&self, output: &Output) {
        for file in fs::read_dir(self.path("secrets")).unwrap() {
            let secret = fs::read_to_string(file.unwrap().path()).unwrap();
            assert!(!text(output).contains(secret.trim()));
        }
    }

    /// Every file and what is in it.
    fn files(&self) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        let mut dirs = vec![self.dir.join("out")];
        while let Some(dir) = dirs.pop() {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    dirs.push(path);
                } else {
                    found.push((path.clone(), fs::read_to_string(path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }

    fn mosquitto(&self) -> Option<Mosquitto> {
        if Mosquitto::find().is_err() {
            eprintln!("mosquitto is not installed: not tested");
            return None;
        }
        let options = MosquittoOptions::new(self.dir.join("data"))
            .port(self.port)
            .include_dir(self.path("mosquitto"));
        Some(Mosquitto::launch(&options).unwrap())
    }

    fn nats(&self) -> NatsServer {
        let options = NatsOptions::new(self.dir.join("data"))
            .mqtt_port(self.port)
            .devices_dir(self.path("nats-server"));
        NatsServer::launch(options).unwrap()
    }

    /// A connection; the user with its password, or nobody.
    async fn join(&self, user: Option<(&str, &str)>) -> Result<Party, ConnectionError> {
        let id = format!("test-{}", uuid::Uuid::new_v4().simple());
        let mut options = rumqttc::MqttOptions::new(id, "localhost", self.port);
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Simple {
            ca: fs::read(self.path("tls/authority.pem")).unwrap(),
            alpn: None,
            client_auth: None,
        }));
        if let Some((user, password)) = user {
            options.set_credentials(user, password);
        }
        let (client, mut eventloop) = AsyncClient::new(options, 64);
        loop {
            if let Event::Incoming(Packet::ConnAck(_)) = within(eventloop.poll()).await? {
                return Ok(Party { client, eventloop });
            }
        }
    }

    async fn party(&self, user: &str) -> Party {
        self.join(Some((user, &self.password(user)))).await.unwrap()
    }
}

struct Party {
    client: AsyncClient,
    eventloop: EventLoop,
}

impl Party {
    async fn listen(&mut self, filters: &[&str]) -> Vec<SubscribeReasonCode> {
        let filters = filters
            .iter()
            .map(|filter| SubscribeFilter::new((*filter).to_owned(), QoS::AtLeastOnce));
        self.client.try_subscribe_many(filters).unwrap();
        loop {
            if let Event::Incoming(Packet::SubAck(answer)) = within(self.eventloop.poll()).await.unwrap() {
                return answer.return_codes;
            }
        }
    }

    /// Says it, and waits until the broker has it, whatever it makes of it.
    async fn say(&mut self, topic: &str) {
        self.client.try_publish(topic, QoS::AtLeastOnce, false, "ON").unwrap();
        loop {
            if let Event::Incoming(Packet::PubAck(_)) = within(self.eventloop.poll()).await.unwrap() {
                return;
            }
        }
    }

    /// The topic of the next message.
    async fn hears(&mut self) -> String {
        loop {
            if let Event::Incoming(Packet::Publish(publish)) = within(self.eventloop.poll()).await.unwrap() {
                return publish.topic;
            }
        }
    }
}

async fn within<F: Future>(waiting: F) -> F::Output {
    tokio::time::timeout(LIMIT, waiting).await.unwrap()
}

/// What must hold at either broker.
async fn each_is_confined_to_its_own(provision: &Provision) {
    let tried = provision.echo();
    assert!(tried.status.success(), "{}", text(&tried));
    for line in [
        "a1: echo heard",
        "b1: echo heard",
        "c1: echo heard",
        "strangers are refused",
    ] {
        assert!(text(&tried).contains(line), "{}", text(&tried));
    }
    provision.shows_no_secret(&tried);

    // A customer has no credential; a guess is none.
    let password = provision.password("a1");
    for stranger in [
        None,
        Some(("a1", "wrong")),
        Some(("a2", password.as_str())),
        Some(("device", "")),
    ] {
        let refused = provision.join(stranger).await.err();
        let is_refused = matches!(
            refused,
            Some(ConnectionError::ConnectionRefused(
                ConnectReturnCode::NotAuthorized | ConnectReturnCode::BadUserNamePassword
            ))
        );
        assert!(is_refused, "{stranger:?}: {refused:?}");
    }

    // The bridge hears and clears everywhere.
    let mut bridge = provision.party(BRIDGE).await;
    for driver in drivers::all() {
        for filter in driver.subscriptions() {
            let answers = bridge.listen(&[filter]).await;
            assert!(!answers.contains(&SubscribeReasonCode::Failure), "{filter}");
        }
    }
    let mut one = provision.party("a1").await;
    let mut other = provision.party("a2").await;
    // What is denied is denied in silence: a word that may be heard, said after it on the same connection, comes first.
    one.say("stat/a2/POWER1").await;
    one.say("tele/a2/LWT").await;
    one.say("baize/b1/rpc").await;
    one.say("c1/status").await;
    one.say("stat/a1/POWER1").await;
    assert_eq!(bridge.hears().await, "stat/a1/POWER1");

    // Whether the broker says so or not, nothing is heard of what is another's.
    for filter in ["#", "cmnd/#", "cmnd/a2/#", "cmnd/+/POWER1", "stat/a2/#"] {
        one.listen(&[filter]).await;
    }
    one.listen(&["cmnd/a1/#"]).await;
    other.listen(&["cmnd/a2/#"]).await;
    one.say("cmnd/a2/POWER2").await;
    one.say("cmnd/a2").await;
    bridge.say("cmnd/a2/POWER1").await;
    bridge.say("cmnd/a1/POWER1").await;
    assert_eq!(other.hears().await, "cmnd/a2/POWER1", "devices command nobody");
    assert_eq!(one.hears().await, "cmnd/a1/POWER1");
}

/// A bridge as it is served, with its credential.
async fn a_bridge_is_let_in(provision: &Provision, nats: &NatsServer) {
    let mut mqtt = MqttOptions::new("localhost", provision.port);
    mqtt.tls = Some(Tls::Authorities(provision.path("tls/authority.pem")));
    mqtt.credentials = Some(Credentials {
        user: BRIDGE.to_owned(),
        password: provision.password(BRIDGE),
    });
    let bridge = DeviceBridge::start(Options::new(nats.url(), mqtt, "http://127.0.0.1:9"))
        .await
        .unwrap();
    within(bridge.status().wait_for(|status| status.is_connected))
        .await
        .unwrap();
    bridge.stop().await;
}

#[tokio::test]
async fn at_mosquitto_nobody_gets_in_without_a_credential_and_no_device_speaks_or_hears_for_another() {
    let provision = Provision::new();
    let Some(_broker) = provision.mosquitto() else { return };
    each_is_confined_to_its_own(&provision).await;
    a_bridge_is_let_in(&provision, &testing::nats().unwrap()).await;
}

#[tokio::test]
async fn at_nats_server_nobody_gets_in_without_a_credential_and_no_device_speaks_or_hears_for_another() {
    let provision = Provision::new();
    let broker = provision.nats();
    each_is_confined_to_its_own(&provision).await;
    a_bridge_is_let_in(&provision, &broker).await;
}

#[tokio::test]
async fn a_second_run_changes_nothing_and_a_rotation_only_what_is_rotated() {
    let provision = Provision::new();
    for (file, _) in provision.files() {
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    let before = provision.files();
    let again = provision.run(&[]);
    assert!(text(&again).contains("0 new passwords"), "{}", text(&again));
    assert_eq!(provision.files(), before);

    let broker = provision.nats();
    let old = provision.password("a1");
    let rotated = provision.run(&["--rotate", "a1"]);
    assert!(rotated.status.success(), "{}", text(&rotated));
    provision.shows_no_secret(&rotated);
    assert_ne!(provision.password("a1"), old);
    let changed: Vec<_> = provision
        .files()
        .into_iter()
        .zip(before)
        .filter(|(now, before)| now != before)
        .map(|((file, _), _)| file.strip_prefix(provision.dir.join("out")).unwrap().to_owned())
        .collect();
    let expected = ["mosquitto/passwords", "nats-server/users.conf", "secrets/a1"].map(PathBuf::from);
    assert_eq!(changed, expected);

    // The broker does not know of it yet: the echo test says so, and names the device.
    let tried = provision.echo();
    assert!(!tried.status.success());
    assert!(text(&tried).contains("a1: the device cannot join"), "{}", text(&tried));
    assert!(text(&tried).contains("a2: echo heard"), "{}", text(&tried));
    broker.restart().unwrap();
    let tried = provision.echo();
    assert!(tried.status.success(), "{}", text(&tried));
    assert!(
        provision.join(Some(("a1", &old))).await.is_err(),
        "the old password is good no more"
    );
}

#[tokio::test]
async fn a_broker_that_lets_strangers_in_fails_the_echo_test() {
    let provision = Provision::new();
    let config = provision.path("mosquitto/baize.conf");
    let open = fs::read_to_string(&config)
        .unwrap()
        .replace("allow_anonymous false", "allow_anonymous true");
    let Some(broker) = provision.mosquitto() else { return };
    fs::write(&config, open).unwrap();
    broker.restart().unwrap();
    // The run writes the file anew, but the broker runs with the old one.
    let tried = provision.echo();
    assert!(!tried.status.success());
    assert!(
        text(&tried).contains("strangers: the broker lets in"),
        "{}",
        text(&tried)
    );
}

#[tokio::test]
async fn an_access_list_that_misses_a_device_fails_the_echo_test() {
    let provision = Provision::new();
    let list = provision.path("mosquitto/acl");
    let short = fs::read_to_string(&list).unwrap().replace("topic read cmnd/a2/#\n", "");
    let Some(broker) = provision.mosquitto() else { return };
    fs::write(&list, short).unwrap();
    broker.restart().unwrap();
    let tried = provision.echo();
    assert!(!tried.status.success());
    let told = text(&tried);
    assert!(
        told.contains("a2: the device does not hear what the bridge says on cmnd/a2/"),
        "{told}"
    );
}

#[tokio::test]
async fn the_devices_of_a_hall_are_those_in_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let mut running = serve_all(dir.path());
    let ready = running.ready();
    import_example(ready.command.as_deref().unwrap());
    let database = ready.database_url.clone().unwrap();
    let hall_id = hall_of(&database).await;
    let provision = |source: [&str; 2], out: &Path| {
        let mut args = vec![
            "devices",
            "provision",
            "--name",
            "localhost",
            "--database-url",
            &database,
        ];
        args.extend(source);
        args.extend(["--out", out.to_str().unwrap()]);
        let done = output(&args);
        assert!(done.status.success(), "{}", text(&done));
        fs::read_to_string(out.join("provisioned.json")).unwrap()
    };
    let devices = |state: String| serde_json::from_str::<serde_json::Value>(&state).unwrap()["devices"].clone();
    let from_database = devices(provision(["--hall", &hall_id], &dir.path().join("database")));
    let from_file = devices(provision(["--file", EXAMPLE], &dir.path().join("file")));
    assert!(!from_file.as_array().unwrap().is_empty());
    assert_eq!(from_database, from_file);
    let unknown = output(&[
        "devices",
        "provision",
        "--database-url",
        &database,
        "--hall",
        "0199a000-0000-7000-8000-000000000001",
        "--out",
        dir.path().join("unknown").to_str().unwrap(),
    ]);
    assert!(!unknown.status.success());
    assert!(text(&unknown).contains("has no devices"), "{}", text(&unknown));
}

async fn hall_of(database_url: &str) -> String {
    use sqlx::Connection as _;
    let mut connection = sqlx::PgConnection::connect(database_url).await.unwrap();
    sqlx::query_scalar("SELECT aggregate_id FROM events WHERE aggregate_type = 'Hall' LIMIT 1")
        .fetch_one(&mut connection)
        .await
        .unwrap()
}
