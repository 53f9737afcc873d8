//! The service as a whole: what it is made of, how it starts and stops.

use std::net::SocketAddr;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use baize_domain::device::Device;
use baize_domain::payment::Channel;
use baize_domain::reconciliation::Reconciliation;
use baize_domain::table::Table;
use baize_domain::wallet::Wallet;
use baize_eventlog::{
    CacheOptions, Clock, EventLog, LogOptions, Relay, RelayOptions, RelayStatus, Repository, Upcasters,
};
use baize_proto::access::Guard;
use jiff::civil::Date;
use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tonic::transport::server::TcpIncoming;

use crate::dispatch::{Dispatcher, Offers};
use crate::messages::Courier;
use crate::options::{Limits, Options};
use crate::payments::{self, CallbackOptions, Callbacks, Calls, Channels};
use crate::people::People;
use crate::processes::{Runner, RunnerStatus};
use crate::reconciling::Reconciler;
use crate::server::{self, Health};
use crate::services::Services;
use crate::upkeep;

/// Raised whenever the same events make another state.
const STATE_VERSION: u32 = 1;

/// A running service. Dropping it ends it at once, as a crash would: nothing that was answered is lost by that.
pub struct CommandApi {
    address: SocketAddr,
    callbacks: Option<SocketAddr>,
    log: EventLog,
    health: Health,
    relay: Option<Relay>,
    runner: watch::Receiver<RunnerStatus>,
    server_stop: CancellationToken,
    runner_stop: CancellationToken,
    server: AbortOnDropHandle<anyhow::Result<()>>,
    callbacks_task: Option<AbortOnDropHandle<anyhow::Result<()>>>,
    runner_task: Option<AbortOnDropHandle<()>>,
    reconciler_task: Option<AbortOnDropHandle<()>>,
    courier_task: Option<AbortOnDropHandle<()>>,
    drain_max: Duration,
    health_watch: AbortOnDropHandle<()>,
    upkeep: Vec<AbortOnDropHandle<()>>,
    offers: AbortOnDropHandle<()>,
}

impl CommandApi {
    /// Connects to the database and starts to serve.
    ///
    /// # Errors
    /// The database is away or not migrated, or the address is taken.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let connect = PgConnectOptions::from_str(&options.database_url).context("the database URL cannot be read")?;
        let mut log_options = LogOptions::new(connect);
        log_options.role.clone_from(&options.database_role);
        let log = EventLog::connect(log_options)
            .await
            .context("the event log cannot be opened")?;
        let cache = CacheOptions::default()
            .snapshots_of::<Table>(STATE_VERSION)
            .snapshots_of::<Wallet>(STATE_VERSION)
            .snapshots_of::<Device>(STATE_VERSION);
        let repository = Repository::new(log.clone(), cache, Upcasters::none());
        let offers = Offers::default();
        let dispatcher = Arc::new(Dispatcher::new(
            repository,
            options.clock.clone(),
            offers.clone(),
            options.limits.attempts_max,
        ));

        let people = options.people.clone();
        let people = people.map(|people| {
            let (pool, clock) = (log.pool().clone(), options.clock.clone());
            People::new(people, Arc::clone(&dispatcher), pool, clock).map(Arc::new)
        });
        let people = people.transpose().context("people cannot be let in")?;
        let upkeep = upkeep(&log, people.as_ref(), &options.clock, &options.limits);
        let messages = Arc::new(options.messages.clone());
        let channels = Arc::new(Channels::new(options.payments.as_ref(), options.clock.clone()));
        let calls_max = options.payments.as_ref().map_or(1, |payments| payments.calls_max);
        let calls = Arc::new(Calls::new(Arc::clone(&channels), people.clone(), calls_max));

        let incoming = TcpIncoming::bind(options.listen)
            .with_context(|| format!("{} cannot be listened on", options.listen))?
            .with_nodelay(Some(true));
        let address = incoming.local_addr()?;
        let health = Health::default();
        health.set(true).await;
        let server_stop = CancellationToken::new();
        let guard = Guard::new(options.keys.clone())?;
        let server = tokio::spawn({
            let (services, health, limits) = (
                Services::new(
                    Arc::clone(&dispatcher),
                    options.keys.clone(),
                    people.clone(),
                    Arc::clone(&channels),
                    Arc::clone(&messages),
                ),
                health.clone(),
                options.limits.clone(),
            );
            let (reflection, stop) = (options.reflection, server_stop.clone());

            async move { server::serve(incoming, services, &health, reflection, &limits, guard, stop).await }
        });
        let (status, runner) = watch::channel(RunnerStatus::Off);
        let health_watch = tokio::spawn({
            let (health, pool, interval) = (health.clone(), log.pool().clone(), options.limits.health_interval);
            let runner = runner.clone();
            async move { health.watch(pool, runner, interval).await }
        });
        let (reconciled, couriers_door) = (Arc::clone(&channels), Arc::clone(&dispatcher));
        let listening = match &options.payments {
            Some(payments) => {
                let book = Arc::clone(&dispatcher);
                let callbacks = payments.callbacks.clone();
                Some(listen(channels, book, options.clock.clone(), callbacks, server_stop.clone()).await?)
            }
            None => None,
        };
        let (callbacks, callbacks_task) = listening.unzip();
        let runner_stop = CancellationToken::new();
        let runner_task = options.processes.then(|| {
            let runner = Runner {
                log: log.clone(),
                dispatcher: Arc::clone(&dispatcher),
                calls,
                clock: options.clock.clone(),
                limits: options.runner.clone(),
                status,
            };
            AbortOnDropHandle::new(tokio::spawn(runner.run(runner_stop.clone())))
        });
        let reconcile = options.payments.as_ref().map(|payments| payments.reconcile.clone());
        let reconciler_task = reconcile.filter(|_| options.processes).map(|reconcile| {
            let reconciler = Reconciler::new(reconciled, dispatcher, log.clone(), options.clock.clone(), reconcile);
            AbortOnDropHandle::new(tokio::spawn(reconciler.run(runner_stop.clone())))
        });
        let sender = people.filter(|_| options.processes && !messages.templates.is_empty());
        let courier_task = sender.map(|people| {
            let courier = Courier::new(couriers_door, people, log.clone(), options.clock.clone(), messages);
            AbortOnDropHandle::new(tokio::spawn(courier.run(runner_stop.clone())))
        });
        let relay = options
            .nats_url
            .as_ref()
            .map(|url| Relay::start(log.clone(), RelayOptions::new(url)));
        tracing::info!(%address, "listening");
        let offers = AbortOnDropHandle::new(tokio::spawn(offers.follow(log.clone())));
        Ok(Self {
            address,
            callbacks,
            log,
            health,
            relay,
            runner,
            server_stop,
            runner_stop,
            server: AbortOnDropHandle::new(server),
            callbacks_task,
            runner_task,
            reconciler_task,
            courier_task,
            drain_max: options.limits.drain_max,
            health_watch: AbortOnDropHandle::new(health_watch),
            upkeep,
            offers,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where providers' notifications come in, if any provider is set up.
    pub fn callbacks(&self) -> Option<SocketAddr> {
        self.callbacks
    }

    /// What the process runner of this process is at, now and whenever it changes.
    pub fn processes(&self) -> watch::Receiver<RunnerStatus> {
        self.runner.clone()
    }

    /// What the relay of this process is at, if it has one.
    pub fn relay(&self) -> Option<watch::Receiver<RelayStatus>> {
        self.relay.as_ref().map(Relay::status)
    }

    /// Waits until it cannot serve any more; that is a failure, for it serves until it is stopped.
    pub async fn failed(&mut self) -> anyhow::Error {
        let ended = match &mut self.callbacks_task {
            Some(callbacks) => tokio::select! {
                ended = &mut self.server => ended,
                ended = callbacks => ended,
            },
            None => (&mut self.server).await,
        };
        match ended {
            Ok(Ok(())) => anyhow::anyhow!("the server ended"),
            Ok(Err(error)) => error,
            Err(error) => error.into(),
        }
    }

    /// Stops: no new requests, those in work are finished within [`crate::Limits::drain_max`], processes and
    /// publication come to rest, connections are closed.
    pub async fn stop(mut self) {
        drop(self.health_watch);
        drop(self.upkeep);
        drop(self.offers);
        self.health.set(false).await;
        self.server_stop.cancel();
        if tokio::time::timeout(self.drain_max, &mut self.server).await.is_err() {
            tracing::warn!("requests still in work are given up");
            self.server.abort();
        }
        // What is told during a stop is told again: the listener is not waited for any longer than the requests were.
        drop(self.callbacks_task);
        self.runner_stop.cancel();
        if let Some(runner) = self.runner_task {
            // It stops between two steps; a failure in it has been told already.
            let _ = runner.await;
        }
        if let Some(reconciler) = self.reconciler_task {
            // What it was comparing is compared again by the next.
            let _ = reconciler.await;
        }
        if let Some(courier) = self.courier_task {
            // What it was sending is sent to its end.
            let _ = courier.await;
        }
        if let Some(relay) = self.relay {
            relay.stop().await;
        }
        self.log.close().await;
    }
}

/// Begins to forget what is old.
fn upkeep(log: &EventLog, people: Option<&Arc<People>>, clock: &Clock, limits: &Limits) -> Vec<AbortOnDropHandle<()>> {
    let (answers, logins, interval) = (limits.answers_kept, limits.logins_kept, limits.upkeep_interval);
    let mut tasks = vec![tokio::spawn(upkeep::forget_answers(log.clone(), answers, interval))];
    let forget_messages = upkeep::forget_messages(log.clone(), clock.clone(), limits.messages_kept, interval);
    tasks.push(tokio::spawn(forget_messages));
    tasks.extend(people.map(|people| tokio::spawn(upkeep::forget_logins(Arc::clone(people), logins, interval))));
    tasks.into_iter().map(AbortOnDropHandle::new).collect()
}

/// Compares one day of a provider's now, beside a running service or without one.
///
/// # Errors
/// The database is away or not migrated, the provider is not set up, or there is no bill.
pub async fn reconcile(options: &Options, channel: Channel, date: Date) -> anyhow::Result<Arc<Reconciliation>> {
    let connect = PgConnectOptions::from_str(&options.database_url).context("the database URL cannot be read")?;
    let mut log_options = LogOptions::new(connect);
    log_options.role.clone_from(&options.database_role);
    let log = EventLog::connect(log_options)
        .await
        .context("the event log cannot be opened")?;
    let repository = Repository::new(log.clone(), CacheOptions::default(), Upcasters::none());
    let clock = options.clock.clone();
    let attempts_max = options.limits.attempts_max;
    let dispatcher = Dispatcher::new(repository, clock.clone(), Offers::default(), attempts_max);
    let payments = options.payments.as_ref();
    let channels = Arc::new(Channels::new(payments, clock.clone()));
    let settings = payments.map(|payments| payments.reconcile.clone()).unwrap_or_default();
    let reconciler = Reconciler::new(channels, Arc::new(dispatcher), log.clone(), clock, settings);
    let reconciled = reconciler.reconcile(channel, date).await;
    log.close().await;
    Ok(reconciled?)
}

/// Listens for notifications; returns where.
async fn listen(
    channels: Arc<Channels>,
    book: Arc<Dispatcher>,
    clock: Clock,
    options: CallbackOptions,
    stop: CancellationToken,
) -> anyhow::Result<(SocketAddr, AbortOnDropHandle<anyhow::Result<()>>)> {
    let listener = TcpListener::bind(options.listen).await;
    let listener = listener.with_context(|| format!("{} cannot be listened on", options.listen))?;
    let address = listener.local_addr()?;
    let router = Callbacks::new(channels, book, clock, options).router();
    tracing::info!(%address, "listening for notifications of payments");
    let task = tokio::spawn(payments::serve(router, listener, stop));
    Ok((address, AbortOnDropHandle::new(task)))
}
