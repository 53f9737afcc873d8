//! How to run a bridge.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::ensure;
use async_nats::ConnectOptions;
use baize_domain::ids::HallId;
use baize_eventlog::Clock;
use baize_proto::access::Badge;

use crate::mqtt::MqttOptions;

/// How to reach NATS.
#[derive(Clone)]
pub struct NatsOptions {
    /// Such as `nats://127.0.0.1:4222`; several separated by commas.
    pub url: String,
    /// Makes the options of the connection: credentials, TLS.
    pub connect: Arc<dyn Fn() -> ConnectOptions + Send + Sync>,
}

impl fmt::Debug for NatsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password.
        f.debug_struct("NatsOptions").finish_non_exhaustive()
    }
}

/// How to run a bridge.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where events come from and the register is kept.
    pub nats: NatsOptions,
    /// The stream of events.
    pub events_stream: String,
    /// Where the devices are.
    pub mqtt: MqttOptions,
    /// Where reports go, such as `http://127.0.0.1:50051`.
    pub command_api_url: String,
    /// Shown with every report: a token of the role `device`.
    pub badge: Badge,
    /// The time; it must be the same as the other services'.
    pub clock: Clock,
    /// Names this bridge's part of `DESIRED`. **Only one bridge of a name may run at a time.**
    pub shard: String,
    /// The halls to serve; `None` is all. Bridges of different shards must serve different halls.
    pub halls: Option<Vec<HallId>>,
    /// Where the bridge keeps what is desired and what it has to report, for when the centre is away; `None`: nowhere, and a bridge that is started
    /// then waits.
    pub disk: Option<PathBuf>,
    /// What the jitter of repeated attempts follows from.
    pub seed: u64,
}

impl Options {
    /// A bridge for all halls, in real time.
    pub fn new(nats_url: impl Into<String>, mqtt: MqttOptions, command_api_url: impl Into<String>) -> Self {
        Self {
            nats: NatsOptions {
                url: nats_url.into(),
                connect: Arc::new(ConnectOptions::new),
            },
            events_stream: "EVENTS".to_owned(),
            mqtt,
            command_api_url: command_api_url.into(),
            badge: Badge::none(),
            clock: Clock::real(),
            shard: "all".to_owned(),
            halls: None,
            disk: None,
            seed: 0,
        }
    }

    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        ensure!(
            !self.shard.is_empty() && self.shard.chars().all(is_plain),
            "the shard {:?} must be letters, digits, '-' or '_'",
            self.shard
        );
        ensure!(
            self.halls.as_ref().is_none_or(|halls| !halls.is_empty()),
            "no hall to serve"
        );
        Ok(())
    }
}
