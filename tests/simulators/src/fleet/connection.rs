//! One MQTT connection, kept up.

use std::time::Duration;

use rumqttc::{
    AsyncClient, Event, EventLoop, LastWill, MqttOptions, NetworkOptions, Packet, Publish, QoS, SubscribeFilter,
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Messages waiting for the broker, and from it.
pub(super) const QUEUE_MAX: usize = 65_536;
const FILTERS_PER_PACKET: usize = 100;
const PACKET_BYTES_MAX: usize = 256 * 1024;
const KEEP_ALIVE: Duration = Duration::from_secs(10);
const RETRY_EVERY: Duration = Duration::from_millis(100);

/// What happens on the connection.
#[derive(Debug)]
pub(super) enum Happening {
    /// It is up and subscribed.
    Up(AsyncClient),
    /// A command came.
    Command(Publish),
    /// It is down.
    Down,
}

/// How to connect.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub host: String,
    pub port: u16,
    pub credentials: Option<(String, String)>,
    pub client_id: String,
    pub filters: Vec<String>,
    pub will: Option<LastWill>,
}

/// Runs until cancelled; connects while `wanted`. Leaving is abrupt, so that the broker publishes the will.
pub(super) async fn run(
    config: Config,
    mut wanted: watch::Receiver<bool>,
    happenings: mpsc::Sender<Happening>,
    cancel: CancellationToken,
) {
    let work = async {
        loop {
            if wanted.wait_for(|wanted| *wanted).await.is_err() {
                return;
            }
            let unwanted = async {
                let _gone = wanted.wait_for(|wanted| !*wanted).await;
            };
            let ended = tokio::select! {
                ended = session(&config, &happenings) => ended,
                () = unwanted => None,
            };
            if happenings.send(Happening::Down).await.is_err() {
                return;
            }
            if let Some(error) = ended {
                tracing::debug!(client = config.client_id, %error, "connection lost");
                tokio::time::sleep(RETRY_EVERY).await;
            }
        }
    };
    let _cancelled = cancel.run_until_cancelled(work).await;
}

/// One connection from beginning to end.
async fn session(config: &Config, happenings: &mpsc::Sender<Happening>) -> Option<rumqttc::ConnectionError> {
    let (client, mut eventloop) = connect(config);
    let mut subscriptions_left = 0;
    loop {
        let event = match eventloop.poll().await {
            Ok(event) => event,
            Err(error) => return Some(error),
        };
        let happening = match event {
            Event::Incoming(Packet::ConnAck(_)) => {
                for filters in config.filters.chunks(FILTERS_PER_PACKET) {
                    let filters = filters
                        .iter()
                        .map(|path| SubscribeFilter::new(path.clone(), QoS::AtMostOnce));
                    subscriptions_left += usize::from(client.try_subscribe_many(filters).is_ok());
                }
                continue;
            }
            Event::Incoming(Packet::SubAck(_)) => {
                subscriptions_left -= 1;
                if subscriptions_left > 0 {
                    continue;
                }
                Happening::Up(client.clone())
            }
            // A retained command is not for now; real relays obey it, and are provisioned so that there is none.
            Event::Incoming(Packet::Publish(publish)) if !publish.retain => Happening::Command(publish),
            _ => continue,
        };
        if happenings.send(happening).await.is_err() {
            return None;
        }
    }
}

fn connect(config: &Config) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new(&config.client_id, &config.host, config.port);
    options.set_keep_alive(KEEP_ALIVE);
    options.set_clean_session(true);
    options.set_max_packet_size(PACKET_BYTES_MAX, PACKET_BYTES_MAX);
    if let Some((user, password)) = &config.credentials {
        options.set_credentials(user, password);
    }
    if let Some(will) = &config.will {
        options.set_last_will(will.clone());
    }
    let (client, mut eventloop) = AsyncClient::new(options, QUEUE_MAX);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    eventloop.set_network_options(network);
    (client, eventloop)
}
