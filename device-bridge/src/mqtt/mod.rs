//! The connection to the MQTT broker.
//!
//! Every connection is a new client with a clean session: what could not be sent before it was lost is never sent
//! afterwards, because by then something else may be desired. Retained messages are never published and never
//! believed; retained *commands* of others would switch lights at every reconnect of a device, so a sweep at the
//! start clears them.

pub mod echo;
mod link;
mod session;

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use rumqttc::{MqttOptions as ClientOptions, TlsConfiguration, Transport};
use tokio::sync::mpsc;

pub use link::{Latency, PublishLatency};

pub(crate) use link::Link;

const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);
const KEEP_ALIVE: Duration = Duration::from_secs(5);
const GOODBYE_WITHIN: Duration = Duration::from_millis(500);
/// Unacknowledged publications; brokers acknowledge at once, so this is only a bound.
const IN_FLIGHT_MAX: u16 = 1_000;
/// A larger packet, which no device sends, ends the connection instead of the memory.
const PACKET_BYTES_MAX: usize = 16 << 20;

/// How to reach the broker.
#[derive(Clone, Debug)]
pub struct MqttOptions {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and password, if it wants them.
    pub credentials: Option<Credentials>,
    /// TLS, if it speaks it.
    pub tls: Option<Tls>,
}

/// User and password.
#[derive(Clone)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Whom to trust.
#[derive(Clone, Debug)]
pub enum Tls {
    /// What the operating system trusts.
    System,
    /// The authorities in a PEM file.
    Authorities(PathBuf),
}

impl MqttOptions {
    /// A broker without password and TLS.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            credentials: None,
            tls: None,
        }
    }

    /// # Errors
    /// The file of authorities cannot be read.
    pub(crate) fn client(&self, client_id: &str) -> std::io::Result<ClientOptions> {
        let mut options = ClientOptions::new(client_id, &self.host, self.port);
        options.set_keep_alive(KEEP_ALIVE);
        options.set_clean_session(true);
        options.set_inflight(IN_FLIGHT_MAX);
        options.set_max_packet_size(PACKET_BYTES_MAX, PACKET_BYTES_MAX);
        if let Some(credentials) = &self.credentials {
            options.set_credentials(&credentials.user, &credentials.password);
        }
        match &self.tls {
            None => {}
            Some(Tls::System) => {
                options.set_transport(Transport::tls_with_default_config());
            }
            Some(Tls::Authorities(file)) => {
                let ca = std::fs::read(file)?;
                options.set_transport(Transport::tls_with_config(TlsConfiguration::Simple {
                    ca,
                    alpn: None,
                    client_auth: None,
                }));
            }
        }
        Ok(options)
    }
}

/// What happens on the connection.
#[derive(Debug)]
pub(crate) enum Happening {
    /// Connected and subscribed.
    Up(Link),
    /// A device spoke.
    Message {
        topic: String,
        payload: Bytes,
    },
    Down,
}

/// Keeps a connection for ever; returns when nobody listens any more.
pub(crate) async fn run(options: ClientOptions, latency: PublishLatency, happenings: mpsc::Sender<Happening>) {
    let mut pause = PAUSE_MIN;
    let mut must_sweep = true;
    loop {
        let mut session = session::Session::new(&options, &latency, &happenings, must_sweep);
        let ended = tokio::select! {
            ended = session.run() => ended,
            () = nobody_listens(&happenings) => None,
        };
        let Some(error) = ended else { return };
        if happenings.is_closed() {
            return;
        }
        must_sweep &= !session.has_swept();
        if session.was_up() {
            pause = PAUSE_MIN;
            tracing::warn!(%error, "the connection to the broker is lost");
            if happenings.send(Happening::Down).await.is_err() {
                return;
            }
        } else {
            tracing::debug!(%error, "the broker cannot be reached");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// A stopping engine says goodbye to the broker, if it is there; that may take a moment.
async fn nobody_listens(happenings: &mpsc::Sender<Happening>) {
    happenings.closed().await;
    tokio::time::sleep(GOODBYE_WITHIN).await;
}
