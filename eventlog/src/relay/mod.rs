//! The relay: publishes the log to the JetStream stream `EVENTS`, so that **stream sequence = log position**.
//!
//! Every message is published with the sequence it expects before it. Two relays, a repeated message or an old
//! acknowledgement can therefore do no harm: the server refuses whatever does not fit.
//!
//! On start, after every interruption and every few seconds, the stream is compared with the log, at its tail
//! and at some places before it:
//!
//! | The stream is | The relay |
//! |---|---|
//! | equal | goes on |
//! | behind (also: an older copy was restored) | publishes the rest, the same bytes as before |
//! | gone | creates it and publishes everything |
//! | ahead, or different | publishes nothing more and raises the alarm ([`RelayStatus::Halted`]) |
//!
//! It never deletes or overwrites: if the stream is ahead or different, either copy may be the one to keep, and
//! a person has to decide. It goes on comparing, and resumes when the stream fits again.
//!
//! Commands are accepted all the while; publication catches up.

mod compare;
mod message;
mod publish;
mod version;

use std::{fmt, sync::Arc, time::Duration};

use async_nats::{Client, ConnectOptions, Event, jetstream::Context};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use message::HEADERS;
pub use version::{ServerTooOld, check_server};

use crate::{EventLog, Lease};

/// How the relay reaches NATS and how far it may go.
#[derive(Clone)]
pub struct RelayOptions {
    /// Such as `nats://127.0.0.1:4222`; several separated by commas.
    pub nats_url: String,
    /// Makes the options of the connection: credentials, TLS.
    pub connect: Arc<dyn Fn() -> ConnectOptions + Send + Sync>,
    /// The stream's name.
    pub stream: String,
    /// CloudEvents source of every message.
    pub source: String,
    /// Published but not yet acknowledged.
    pub in_flight_max: usize,
    /// How often the stream is compared with the log.
    pub compare_interval: Duration,
    /// Size of the stream; a full one refuses messages until it is raised. `None` for the server's limit.
    pub max_bytes: Option<i64>,
    /// Copies of the stream in a NATS cluster.
    pub replicas: usize,
    /// The lease that only one relay holds.
    pub lease: String,
}

impl RelayOptions {
    /// Defaults for the servers at `nats_url`.
    pub fn new(nats_url: impl Into<String>) -> Self {
        Self {
            nats_url: nats_url.into(),
            connect: Arc::new(ConnectOptions::new),
            stream: "EVENTS".to_owned(),
            source: "/baize/events".to_owned(),
            in_flight_max: 256,
            compare_interval: Duration::from_secs(5),
            max_bytes: None,
            replicas: 1,
            lease: "relay".to_owned(),
        }
    }
}

impl fmt::Debug for RelayOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayOptions").finish_non_exhaustive()
    }
}

/// What the relay is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayStatus {
    /// Another relay publishes; this one takes over if it goes.
    Standby,
    /// Publication waits for something and will catch up; commands go on.
    Disconnected {
        /// What is missing.
        reason: String,
    },
    /// Everything up to `position` is in the stream.
    Running {
        /// The last position acknowledged by the stream.
        position: u64,
    },
    /// **Alarm.** The stream is not a copy of the log; a person has to decide which of them is right.
    Halted {
        /// What is wrong.
        reason: String,
        /// Where.
        position: u64,
    },
}

/// A relay at work. Dropping it stops it.
pub struct Relay {
    status: watch::Receiver<RelayStatus>,
    done: CancellationToken,
    _stop: DropGuard,
}

impl Relay {
    /// Starts a relay. It waits for its turn to lead, for the server, and for events.
    pub fn start(log: EventLog, options: RelayOptions) -> Self {
        let (status, receiver) = watch::channel(RelayStatus::Standby);
        let (stop, done) = (CancellationToken::new(), CancellationToken::new());
        let ended = done.clone().drop_guard();
        let stopped = stop.clone();
        tokio::spawn(async move {
            let _ended = ended;
            tokio::select! {
                () = stopped.cancelled() => {}
                () = run(&log, &options, &status) => {}
            }
        });
        Self {
            status: receiver,
            done,
            _stop: stop.drop_guard(),
        }
    }

    /// What the relay is doing, now and whenever it changes.
    pub fn status(&self) -> watch::Receiver<RelayStatus> {
        self.status.clone()
    }

    /// Stops publishing and gives up the lead.
    pub async fn stop(self) {
        let done = self.done.clone();
        drop(self);
        done.cancelled().await;
    }
}

/// Why publishing stopped.
enum Stopped {
    /// The stream moved on without us. Look again at once.
    Again,
    /// Something was not there. Look again after a pause.
    Retry(String),
    Halt(Halt),
}

struct Halt {
    position: u64,
    reason: String,
}

impl Stopped {
    fn retry(what: &str, why: impl fmt::Display) -> Self {
        Self::Retry(format!("{what}: {why}"))
    }
}

/// One connection to NATS under one lease.
struct Session<'r> {
    log: &'r EventLog,
    options: &'r RelayOptions,
    status: &'r watch::Sender<RelayStatus>,
    client: Client,
    context: Context,
    /// Counts connects and disconnects.
    connection_changes: watch::Receiver<u64>,
    round: u64,
}

async fn run(log: &EventLog, options: &RelayOptions, status: &watch::Sender<RelayStatus>) {
    loop {
        status.send_replace(RelayStatus::Standby);
        let lease = Lease::acquire(&log.options().session("baize relay"), &options.lease).await;
        tokio::select! {
            () = lease.lost() => tracing::warn!("the relay lost its lead"),
            () = lead(log, options, status) => {}
        }
    }
}

async fn lead(log: &EventLog, options: &RelayOptions, status: &watch::Sender<RelayStatus>) {
    let (client, connection_changes) = connect(options, status).await;
    let context = async_nats::jetstream::new(client.clone());
    let mut session = Session {
        log,
        options,
        status,
        client,
        context,
        connection_changes,
        round: 0,
    };
    loop {
        let pause = match session.compare_and_publish().await {
            Ok(()) | Err(Stopped::Again) => Duration::ZERO,
            Err(Stopped::Retry(reason)) => {
                session.set_status(RelayStatus::Disconnected { reason });
                publish::PAUSE
            }
            Err(Stopped::Halt(Halt { position, reason })) => {
                session.set_status(RelayStatus::Halted { reason, position });
                options.compare_interval
            }
        };
        let _ = timeout(pause, session.connection_changes.changed()).await;
    }
}

impl Session<'_> {
    async fn compare_and_publish(&mut self) -> Result<(), Stopped> {
        self.connection_changes.mark_unchanged();
        check_server(&self.client).map_err(|error| Stopped::Retry(error.to_string()))?;
        self.round += 1;
        let tail = compare::compare(self.log, &self.context, self.options, self.round).await?;
        self.set_status(RelayStatus::Running { position: tail });
        self.publish_from(tail).await
    }

    fn set_status(&self, status: RelayStatus) {
        self.status.send_if_modified(|current| {
            if *current == status {
                return false;
            }
            match &status {
                RelayStatus::Halted { reason, position } => {
                    tracing::error!(
                        position,
                        reason,
                        "publication halted: the stream is not a copy of the log"
                    );
                }
                RelayStatus::Disconnected { reason } => tracing::warn!(reason, "publication waits"),
                RelayStatus::Running { .. } | RelayStatus::Standby => {}
            }
            *current = status;
            true
        });
    }
}

/// Connects, however long that takes; afterwards the client reconnects by itself.
async fn connect(options: &RelayOptions, status: &watch::Sender<RelayStatus>) -> (Client, watch::Receiver<u64>) {
    let (changes, receiver) = watch::channel(0);
    let changes = Arc::new(changes);
    loop {
        let changes = Arc::clone(&changes);
        let connecting = (options.connect)()
            .name("baize relay")
            .reconnect_delay_callback(|attempt| Duration::from_millis(100 * attempt.min(20) as u64))
            .event_callback(move |event| {
                if matches!(event, Event::Connected | Event::Disconnected) {
                    changes.send_modify(|count| *count += 1);
                }
                async {}
            })
            .connect(options.nats_url.split(',').map(str::trim).collect::<Vec<_>>());
        match connecting.await {
            Ok(client) => return (client, receiver),
            Err(error) => {
                let reason = format!("connect: {error}");
                status.send_replace(RelayStatus::Disconnected { reason });
                sleep(publish::PAUSE).await;
            }
        }
    }
}
