//! The service: projectors, gRPC and pages of one process.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use baize_eventlog::EventLog;
use baize_proto::access::{Guard, Verifier};
use futures::FutureExt as _;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::engine::{
    Condition, Feed, FeedOptions, FeedSource, Projector, Shared, StreamAddress, View, ViewStatus, registry,
};
use crate::options::Options;
use crate::query::Reader;
use crate::reports::Reporter;
use crate::views::{
    Bills, Board, Complaints, Devices, Directory, Indicators, Loyalty, Members, Notices, Payments, Reconciliations,
    Splits, Timelines, TrialBalance, Wallets,
};
use crate::{codes, grpc, health, web};

/// How long calls and streams may take to end when the service stops.
const DRAIN_MAX: Duration = Duration::from_secs(3);

/// The running projections service. Dropping it stops it; [`Projections::stop`] also waits.
pub struct Projections {
    grpc_address: SocketAddr,
    http_address: SocketAddr,
    statuses: Vec<watch::Receiver<ViewStatus>>,
    source: watch::Receiver<FeedSource>,
    tasks: TaskTracker,
    abort: CancellationToken,
    log: EventLog,
    pool: PgPool,
    stop: DropGuard,
}

impl Projections {
    /// Starts the service. It serves at once; a view that is behind says so in the position of its answers.
    ///
    /// # Errors
    /// The database cannot be reached or is not migrated, an address cannot be bound, or the one in codes or of the mail server is none. NATS may be away.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        if let Err(problem) = codes::check_base(&options.code_base) {
            anyhow::bail!("the beginning of the address in codes {problem}");
        }
        let grpc_listener = bind(options.grpc_listen).await?;
        let http_listener = bind(options.http_listen).await?;
        let (grpc_address, http_address) = (grpc_listener.local_addr()?, http_listener.local_addr()?);
        let log = options.database.log().await?;
        let pool = options.database.pool(options.query_connections);
        let stopping = CancellationToken::new();
        let (board, bills, wallets) = (Shared::<Board>::new(), Shared::<Bills>::new(), Shared::<Wallets>::new());
        let (directory, loyalty) = (Shared::<Directory>::new(), Shared::<Loyalty>::new());
        let devices = Shared::<Devices>::new();
        let complaints = Shared::<Complaints>::new();
        let indicators = Shared::<Indicators>::new();
        let (members, notices) = (Shared::<Members>::new(), Shared::<Notices>::new());
        let (payments, trial_balance) = (Shared::<Payments>::new(), Shared::<TrialBalance>::new());
        let splits = Shared::<Splits>::new();
        let timelines = Shared::<Timelines>::new();
        let reconciliations = Shared::<Reconciliations>::new();
        let statuses = vec![
            board.status(),
            bills.status(),
            wallets.status(),
            directory.status(),
            indicators.status(),
            loyalty.status(),
            devices.status(),
            complaints.status(),
            members.status(),
            notices.status(),
            payments.status(),
            trial_balance.status(),
            splits.status(),
            timelines.status(),
            reconciliations.status(),
        ];
        let (feed, feeding) = feed(&options, &log).await?;
        let tasks = Tasks {
            tracker: TaskTracker::new(),
            stopping: stopping.clone(),
        };
        tasks.spawn(feeding);
        tasks.project(&options, &log, &feed, &board);
        tasks.project(&options, &log, &feed, &bills);
        tasks.project(&options, &log, &feed, &wallets);
        tasks.project(&options, &log, &feed, &directory);
        tasks.project(&options, &log, &feed, &indicators);
        tasks.project(&options, &log, &feed, &loyalty);
        tasks.project(&options, &log, &feed, &devices);
        tasks.project(&options, &log, &feed, &complaints);
        tasks.project(&options, &log, &feed, &members);
        tasks.project(&options, &log, &feed, &notices);
        tasks.project(&options, &log, &feed, &payments);
        tasks.project(&options, &log, &feed, &trial_balance);
        tasks.project(&options, &log, &feed, &splits);
        tasks.project(&options, &log, &feed, &timelines);
        tasks.project(&options, &log, &feed, &reconciliations);

        let reader = Arc::new(Reader {
            pool: pool.clone(),
            board,
            bills,
            wallets,
            complaints,
            devices,
            directory,
            indicators,
            loyalty,
            members,
            notices,
            payments,
            trial_balance,
            splits,
            timelines,
            reconciliations,
            watchers: Arc::new(Semaphore::new(options.watchers_max)),
            stopping: stopping.clone(),
        });
        let (reporter, health_service) = tonic_health::server::health_reporter();
        tasks.spawn(health::report(reporter, statuses.clone()));
        // The servers stop by themselves, after what is under way; what takes too long is dropped.
        let abort = CancellationToken::new();
        if let Some(reports) = options.reports.clone() {
            let reporter = Reporter::new(Arc::clone(&reader), log.clone(), options.clock.clone(), reports)?;
            tasks.spawn_until(abort.clone(), reporter.run(stopping.clone()));
        }
        let guard = Guard::new(options.keys.clone())?;
        let router = grpc::router(
            Arc::clone(&reader),
            log.clone(),
            health_service,
            guard.clone(),
            &options,
        )?;
        let serving = grpc::serve(router, grpc_listener, stopping.clone());
        tasks.spawn_until(abort.clone(), serving);
        let verifier = Verifier::new(options.keys.clone());
        let console = web::Console::new(
            &reader,
            log.clone(),
            options.keys.clone(),
            guard.clone(),
            options.clock.clone(),
            statuses.clone(),
            feed.source(),
        );
        let pages = web::router(
            reader,
            verifier,
            options.clock.clone(),
            statuses.clone(),
            feed.source(),
            console,
        );
        let pages = web::guarded(pages, guard, http_address);
        tasks.spawn_until(abort.clone(), web::serve(pages, http_listener, stopping.clone()));
        tracing::info!(grpc = %grpc_address, http = %http_address, "projections are up");
        let tasks = tasks.tracker;
        tasks.close();
        let stop = stopping.drop_guard();
        Ok(Self {
            grpc_address,
            http_address,
            statuses,
            source: feed.source(),
            tasks,
            abort,
            log,
            pool,
            stop,
        })
    }

    /// Where gRPC is served.
    pub fn grpc_address(&self) -> SocketAddr {
        self.grpc_address
    }

    /// Where pages are served.
    pub fn http_address(&self) -> SocketAddr {
        self.http_address
    }

    /// Where each view is and how it is.
    pub fn statuses(&self) -> Vec<ViewStatus> {
        self.statuses.iter().map(|status| status.borrow().clone()).collect()
    }

    /// One view's status, now and whenever it changes; `None` if there is no such view.
    pub fn status(&self, view: &str) -> Option<watch::Receiver<ViewStatus>> {
        self.statuses
            .iter()
            .find(|status| status.borrow().view == view)
            .cloned()
    }

    /// True while events come from JetStream, false while they are read from the log itself.
    pub fn follows_stream(&self) -> bool {
        *self.source.borrow() == FeedSource::Stream
    }

    /// Returns when events come from JetStream (`true`) or from the log itself (`false`).
    pub async fn source_is(&self, stream: bool) {
        let mut source = self.source.clone();
        // The feed lives as long as the service.
        let _stopped = source
            .wait_for(|source| (*source == FeedSource::Stream) == stream)
            .await;
    }

    /// Waits until every view has reached `position`.
    ///
    /// # Errors
    /// A view stands still before it.
    pub async fn reach(&self, position: u64) -> anyhow::Result<()> {
        for status in &self.statuses {
            let mut status = status.clone();
            let reached = status
                .wait_for(|now| now.position >= position || matches!(now.condition, Condition::Stopped { .. }))
                .await
                .context("the service has stopped")?
                .clone();
            if reached.position < position {
                anyhow::bail!("the view {} is {}", reached.view, reached.condition);
            }
        }
        Ok(())
    }

    /// Stops taking calls, lets those under way end for a few seconds, and closes the connections.
    pub async fn stop(self) {
        drop(self.stop);
        if tokio::time::timeout(DRAIN_MAX, self.tasks.wait()).await.is_err() {
            self.abort.cancel();
            self.tasks.wait().await;
        }
        self.pool.close().await;
        self.log.close().await;
    }
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("listening on {address}"))
}

/// The feed starts where the last view is, unless that is far behind.
async fn feed(options: &Options, log: &EventLog) -> anyhow::Result<(Feed, impl Future<Output = ()> + Send + use<>)> {
    let head = log.head().await.context("reading the event log")?;
    let mut connection = options
        .database
        .writer("baize views")
        .await
        .context("connecting to the views")?;
    let mut lowest = head;
    for view in crate::VIEWS {
        let live = registry::live(&mut connection, view)
            .await
            .context("reading the registry of views")?;
        lowest = lowest.min(live.map_or(0, |live| live.position));
    }
    let feed_options = FeedOptions {
        address: StreamAddress {
            nats_url: options.nats_url.clone(),
            stream: options.stream.clone(),
        },
        poll_interval: options.poll_interval,
        silence_max: options.silence_max,
    };
    Ok(Feed::new(log.clone(), feed_options, lowest, head))
}

struct Tasks {
    tracker: TaskTracker,
    stopping: CancellationToken,
}

impl Tasks {
    fn project<V: View>(&self, options: &Options, log: &EventLog, feed: &Feed, shared: &Arc<Shared<V>>) {
        let projector = Projector::new(options, log.clone(), feed.clone(), Arc::clone(shared));
        let shared = Arc::clone(shared);
        self.spawn(async move {
            // A panic is a fault of the program that a new try would meet again.
            if AssertUnwindSafe(projector.run()).catch_unwind().await.is_err() {
                let position = shared.status().borrow().position;
                let reason = "its projector panicked".to_owned();
                tracing::error!(
                    view = V::NAME,
                    position,
                    reason,
                    "the view stands still until the service is restarted"
                );
                shared.set(Condition::Stopped { position, reason });
            }
        });
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.spawn_until(self.stopping.clone(), work);
    }

    fn spawn_until(&self, end: CancellationToken, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(async move {
            tokio::select! {
                () = end.cancelled() => {}
                () = work => {}
            }
        });
    }
}
