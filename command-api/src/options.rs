//! What can be set about the service.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use baize_eventlog::Clock;
use baize_proto::access::Keys;

use crate::{MessageOptions, PaymentOptions, PeopleOptions, RunnerLimits};

/// How to run a [`crate::CommandApi`].
#[derive(Clone)]
pub struct Options {
    /// Where to listen; port 0 lets the system choose. Tokens are secrets: off loopback, TLS belongs in front.
    pub listen: SocketAddr,
    /// The migrated database, as a URL. It may hold a password.
    pub database_url: String,
    /// Role taken on every connection. `None` keeps the login's own rights, which only tests should want.
    pub database_role: Option<String>,
    /// Where to publish the log. `None` leaves publication to another process.
    pub nats_url: Option<String>,
    /// Whether clients can ask for the contract. Off in production.
    pub reflection: bool,
    /// Whether this process stands for election as process runner.
    pub processes: bool,
    /// The keys that callers' tokens are verified with; with none, nobody gets in but to health and reflection.
    pub keys: Keys,
    /// The time that commands and timers go by.
    pub clock: Clock,
    /// How people are let in. `None` serves no `hall.identity.v1`, and nobody can be erased.
    pub people: Option<PeopleOptions>,
    /// Which messages go to customers beyond the app; needs `people`. Only a process with `processes` sends.
    pub messages: MessageOptions,
    /// Through whom money comes. `None`: through nobody but the counter, and no notifications are listened for.
    pub payments: Option<PaymentOptions>,
    /// Bounds of the service.
    pub limits: Limits,
    /// Bounds of the process runner.
    pub runner: RunnerLimits,
}

/// Bounds of the service.
#[derive(Clone, Debug)]
pub struct Limits {
    /// No request takes longer; a client's own deadline may be shorter.
    pub deadline_max: Duration,
    /// Requests in work at the same time; more are refused at once.
    pub requests_max: usize,
    /// Requests of one connection in work at the same time; more wait in the client.
    pub streams_max: u32,
    /// Bytes of one request.
    pub request_bytes_max: usize,
    /// How often a command is decided while others change what it is about.
    pub attempts_max: usize,
    /// How long stopping waits for requests in work.
    pub drain_max: Duration,
    /// How often the database is looked at for the health service.
    pub health_interval: Duration,
    /// How long the answer to a request is kept, so that its repetition gets the same; a day at least.
    pub answers_kept: Duration,
    /// How long the tokens of a login are kept after they expired or were revoked.
    pub logins_kept: Duration,
    /// How long it is kept what became of messages.
    pub messages_kept: Duration,
    /// How often old answers, logins and messages are forgotten.
    pub upkeep_interval: Duration,
}

impl Options {
    /// Defaults for the database at `database_url`: any port of loopback, the services' own role, no publication.
    pub fn new(database_url: impl Into<String>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            database_url: database_url.into(),
            database_role: Some("baize_app".to_owned()),
            nats_url: None,
            reflection: false,
            processes: true,
            keys: Keys::default(),
            clock: Clock::real(),
            people: None,
            messages: MessageOptions::default(),
            payments: None,
            limits: Limits::default(),
            runner: RunnerLimits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline_max: Duration::from_secs(10),
            requests_max: 4_096,
            streams_max: 2_048,
            request_bytes_max: 64 << 10,
            attempts_max: 8,
            drain_max: Duration::from_secs(10),
            health_interval: Duration::from_millis(500),
            answers_kept: Duration::from_secs(7 * 24 * 3_600),
            logins_kept: Duration::from_secs(24 * 3_600),
            messages_kept: Duration::from_secs(30 * 24 * 3_600),
            upkeep_interval: Duration::from_secs(3_600),
        }
    }
}
