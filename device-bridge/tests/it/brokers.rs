//! What the bridge makes of its broker.

use std::sync::Arc;
use std::time::Duration;

use baize_device_bridge::{Credentials, DeviceBridge, Tls};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::office::{Said, within};
use crate::stage::{Stage, eventually, ready, status};

const ON: Said = Said::Confirmed { on: true };

async fn survives_the_death_of_the_broker(stage: Stage, kill: impl Fn(&Stage), start: impl Fn(&Stage)) {
    let (one, two) = (stage.install("table-1").await, stage.install("table-2").await);
    let fleet = stage.fleet(&[&one, &two]).await;
    let bridge = stage.bridge().await;
    let on = stage.want_on(&one).await;
    stage.office.hears(one.id, on, ON).await;
    kill(&stage);
    status(&bridge, |status| !status.is_connected).await;
    start(&stage);
    fleet.wait_until_connected().await;
    ready(&bridge).await;
    let two_on = stage.want_on(&two).await;
    stage.office.hears(two.id, two_on, ON).await;
    let off = stage.want_off(&one).await;
    stage.office.hears(one.id, off, Said::Confirmed { on: false }).await;
    let changes: Vec<_> = fleet
        .ground_truth()
        .changes()
        .into_iter()
        .map(|change| (change.topic, change.on))
        .collect();
    let expected = [("table-1", true), ("table-2", true), ("table-1", false)];
    assert_eq!(changes, expected.map(|(topic, on)| (topic.to_owned(), on)));
}

#[tokio::test]
async fn a_killed_nats_server_comes_back_and_lights_obey() {
    let stage = Stage::new().await;
    survives_the_death_of_the_broker(stage, |stage| stage.nats.kill(), |stage| stage.nats.start().unwrap()).await;
}

#[tokio::test]
async fn a_killed_mosquitto_comes_back_and_lights_obey() {
    let Some(stage) = Stage::with_mosquitto().await else {
        return;
    };
    let broker = |stage: &Stage| stage.mosquitto.as_ref().map(baize_servers::Mosquitto::kill).unwrap();
    let start = |stage: &Stage| stage.mosquitto.as_ref().unwrap().start().unwrap();
    survives_the_death_of_the_broker(stage, broker, start).await;
}

#[tokio::test]
async fn what_is_desired_while_the_broker_is_away_is_not_replayed_but_brought_up_to_date() {
    let Some(stage) = Stage::with_mosquitto().await else {
        return;
    };
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let bridge = stage.bridge().await;
    let broker = stage.mosquitto.as_ref().unwrap();
    broker.kill();
    status(&bridge, |status| !status.is_connected).await;
    for _ in 0..5 {
        stage.want_on(&device).await;
        stage.want_off(&device).await;
    }
    let last = stage.want_on(&device).await;
    let head = stage.log.head().await.unwrap();
    status(&bridge, |status| status.position >= head).await;
    broker.start().unwrap();
    stage.office.hears(device.id, last, ON).await;
    let states: Vec<_> = fleet.ground_truth().changes().iter().map(|change| change.on).collect();
    assert_eq!(states, [true]);
    let commands = fleet.relay("table-1").unwrap().received();
    assert!(commands.iter().all(|command| command.payload != "OFF"), "{commands:#?}");
}

#[tokio::test]
async fn a_light_that_changed_while_the_bridge_was_cut_off_is_set_right() {
    let stage = Stage::new().await;
    let device = stage.install("table-1").await;
    // The device never leaves, and tells nothing unasked: the bridge has to ask when it is back.
    let fleet = stage
        .fleet_that_reports_every(Duration::from_secs(100_000), &[&device])
        .await;
    let wire = Wire::to(stage.broker()).await;
    let mut options = stage.bridge_options();
    options.mqtt.port = wire.port;
    let bridge = DeviceBridge::start(options).await.unwrap();
    ready(&bridge).await;
    let lamp = fleet.lamp("table-1", 1);
    let on = stage.want_on(&device).await;
    stage.office.hears(device.id, on, ON).await;
    wire.cut();
    status(&bridge, |status| !status.is_connected).await;
    fleet.relay("table-1").unwrap().press(1);
    assert!(!lamp.is_on());
    let asked = fleet.relay("table-1").unwrap().received().len();
    wire.mend();
    // After 25 s of silence it would be asked in any case.
    tokio::time::timeout(Duration::from_secs(15), lamp.wait_for(true))
        .await
        .unwrap();
    let since = fleet.relay("table-1").unwrap().received().split_off(asked);
    assert_eq!(since[0].payload, "", "asks first: {since:#?}");
}

/// A wire between the bridge and the broker.
struct Wire {
    port: u16,
    is_whole: watch::Sender<bool>,
}

impl Wire {
    async fn to(broker: (String, u16)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (is_whole, whole) = watch::channel(true);
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let (broker, mut whole) = (broker.clone(), whole.clone());
                tokio::spawn(async move {
                    let carry = async {
                        let mut broker = TcpStream::connect(broker).await?;
                        tokio::io::copy_bidirectional(&mut client, &mut broker).await
                    };
                    tokio::select! {
                        biased;
                        _ = whole.wait_for(|whole| !whole) => {}
                        _ = carry => {}
                    }
                });
            }
        });
        Self { port, is_whole }
    }

    fn cut(&self) {
        self.is_whole.send_replace(false);
    }

    fn mend(&self) {
        self.is_whole.send_replace(true);
    }
}

/// Publishes a retained message, as somebody else, and waits until the broker has it.
async fn retain((host, port): (String, u16), topic: &str, payload: &str) {
    let (stranger, mut eventloop) = AsyncClient::new(MqttOptions::new("stranger", host, port), 10);
    stranger.publish(topic, QoS::AtLeastOnce, true, payload).await.unwrap();
    let acknowledged =
        async { while !matches!(eventloop.poll().await.unwrap(), Event::Incoming(Packet::PubAck(_))) {} };
    within(acknowledged, || "no acknowledgement".to_owned()).await;
}

/// The first message that a new subscriber to all commands gets.
async fn first_command((host, port): (String, u16)) -> String {
    let (newcomer, mut eventloop) = AsyncClient::new(MqttOptions::new("newcomer", host, port), 10);
    newcomer.subscribe("cmnd/#", QoS::AtMostOnce).await.unwrap();
    let first = async {
        loop {
            match eventloop.poll().await.unwrap() {
                Event::Incoming(Packet::SubAck(_)) => {
                    newcomer
                        .publish("cmnd/barrier", QoS::AtMostOnce, false, "")
                        .await
                        .unwrap();
                }
                Event::Incoming(Packet::Publish(publish)) => return publish.topic,
                _ => {}
            }
        }
    };
    within(first, || "no barrier".to_owned()).await
}

async fn retained_commands_are_cleared(stage: Stage) {
    let device = stage.install("table-1").await;
    retain(stage.broker(), "cmnd/table-1/POWER1", "ON").await;
    assert_eq!(first_command(stage.broker()).await, "cmnd/table-1/POWER1");
    let _bridge = stage.bridge().await;
    eventually("nothing is retained", || async {
        first_command(stage.broker()).await == "cmnd/barrier"
    })
    .await;
    let fleet = stage.fleet(&[&device]).await;
    let rev = stage.want_on(&device).await;
    stage.office.hears(device.id, rev, ON).await;
    assert!(fleet.lamp("table-1", 1).is_on());
    assert_eq!(
        first_command(stage.broker()).await,
        "cmnd/barrier",
        "the bridge itself retains nothing"
    );
}

#[tokio::test]
async fn a_retained_command_of_somebody_else_is_cleared() {
    retained_commands_are_cleared(Stage::new().await).await;
}

#[tokio::test]
async fn a_retained_command_of_somebody_else_is_cleared_from_mosquitto() {
    if let Some(stage) = Stage::with_mosquitto().await {
        retained_commands_are_cleared(stage).await;
    }
}

#[tokio::test]
async fn a_retained_presence_is_not_believed() {
    let Some(stage) = Stage::hastened(10.0).await.and_mosquitto() else {
        return;
    };
    let device = stage.install("table-1").await;
    let bridge = stage.bridge().await;
    let rev = stage.want_on(&device).await;
    stage
        .office
        .hears(device.id, rev, Said::Failed(baize_domain::device::FailureKind::Late))
        .await;
    bridge.stop().await;
    // There is no such device: what the broker retained must not pass for its answer.
    retain(stage.broker(), "stat/table-1/POWER1", "ON").await;
    let _bridge = stage.bridge().await;
    stage
        .office
        .hears(
            device.id,
            rev,
            Said::Failed(baize_domain::device::FailureKind::Unreachable),
        )
        .await;
    assert!(!stage.office.said(device.id, rev).contains(&ON));
}

#[tokio::test]
async fn a_broker_with_tls_and_a_password_is_served() {
    let stage = Stage::new().await;
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let authority = stage.scratch().join("authority.pem");
    let port = tls_in_front_of(stage.broker(), &authority).await;
    let mut options = stage.bridge_options();
    options.mqtt.host = "localhost".to_owned();
    options.mqtt.port = port;
    options.mqtt.tls = Some(Tls::Authorities(authority));
    options.mqtt.credentials = Some(Credentials {
        user: "device".to_owned(),
        password: String::new(),
    });
    let mut wrong = options.clone();
    let bridge = DeviceBridge::start(options).await.unwrap();
    ready(&bridge).await;
    let rev = stage.want_on(&device).await;
    stage.office.hears(device.id, rev, ON).await;
    assert!(fleet.lamp("table-1", 1).is_on());
    bridge.stop().await;

    wrong.mqtt.credentials = Some(Credentials {
        user: "device".to_owned(),
        password: "wrong".to_owned(),
    });
    let bridge = DeviceBridge::start(wrong).await.unwrap();
    status(&bridge, |status| status.is_caught_up).await;
    let off = stage.want_off(&device).await;
    stage
        .office
        .hears(device.id, off, Said::Failed(baize_domain::device::FailureKind::Late))
        .await;
    assert!(fleet.lamp("table-1", 1).is_on() && !bridge.status().borrow().is_connected);
}

/// Takes TLS connections for `localhost` and hands on what is in them. Writes the authority to trust.
async fn tls_in_front_of(broker: (String, u16), authority: &std::path::Path) -> u16 {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(authority, certified.cert.pem()).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key.into())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let (acceptor, broker) = (acceptor.clone(), broker.clone());
            tokio::spawn(async move {
                let mut client = acceptor.accept(client).await?;
                let mut broker = TcpStream::connect(broker).await?;
                broker.set_nodelay(true)?;
                tokio::io::copy_bidirectional(&mut client, &mut broker).await
            });
        }
    });
    port
}

#[tokio::test]
async fn the_bridge_waits_for_servers_that_come_later() {
    let stage = Stage::new().await;
    let device = stage.install("table-1").await;
    stage.nats.stop();
    let bridge = DeviceBridge::start(stage.bridge_options()).await.unwrap();
    stage.nats.start().unwrap();
    let fleet = stage.fleet(&[&device]).await;
    ready(&bridge).await;
    let rev = stage.want_on(&device).await;
    stage.office.hears(device.id, rev, ON).await;
    assert!(fleet.lamp("table-1", 1).is_on());
    let stopping = tokio::time::timeout(Duration::from_secs(10), bridge.stop());
    stopping.await.unwrap();
}

#[tokio::test]
async fn options_that_make_no_sense_are_refused() {
    let stage = Stage::new().await;
    let refused = |change: fn(&mut baize_device_bridge::Options)| {
        let mut options = stage.bridge_options();
        change(&mut options);
        DeviceBridge::start(options)
    };
    assert!(refused(|options| options.shard = "a.b".to_owned()).await.is_err());
    assert!(refused(|options| options.halls = Some(Vec::new())).await.is_err());
    assert!(
        refused(|options| options.command_api_url = "not a url".to_owned())
            .await
            .is_err()
    );
    assert!(
        refused(|options| options.mqtt.tls = Some(Tls::Authorities("/nowhere.pem".into())))
            .await
            .is_err()
    );
}
