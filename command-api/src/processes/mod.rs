//! The process runner: follows the log, keeps the states of process managers, and sees to their effects and timers.
//!
//! Of all processes on one database one leads; the others stand by. The leader takes inputs (events, timers that
//! are due, answers to effects) in batches. States, timers, effects and checkpoint of a batch are stored in one
//! call, all of it or nothing. Only then are the effects executed, under request ids derived from what caused
//! them, and only with the state that has taken in the answer is an effect's row deleted. So a crash at any moment
//! repeats an input or an effect, and the repeat is recognised; nothing is lost, nothing doubled.
//!
//! **Invariant:** what cannot be read stops the runner; it is never skipped.

mod effects;
mod instances;
mod manager;
mod reader;
mod schedule;
mod store;
mod term;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use baize_domain::processes::{
    collecting::Collecting, earning::Earning, expiring::Expiring, faulting::Faulting, leaving::Leaving,
    levelling::Levelling, moving::Moving, opening::Opening, paying::Paying, refunding::Refunding, running::Running,
    settling::Settling, splitting::Splitting, testing::Testing,
};
use baize_eventlog::{Clock, EventLog, Lease};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::dispatch::Dispatcher;
use crate::payments::Calls;
use manager::{Manager, manager};
use store::Store;
use term::{End, Term};

/// The lease under which the leader works.
const LEASE: &str = "processes";
/// Between two terms that the database ended.
const PAUSE: Duration = Duration::from_millis(100);

/// Every process manager of the system.
fn managers() -> Arc<[Box<dyn Manager>]> {
    Arc::from([
        manager::<Opening>(),
        manager::<Running>(),
        manager::<Moving>(),
        manager::<Paying>(),
        manager::<Settling>(),
        manager::<Collecting>(),
        manager::<Refunding>(),
        manager::<Leaving>(),
        manager::<Earning>(),
        manager::<Expiring>(),
        manager::<Splitting>(),
        manager::<Levelling>(),
        manager::<Faulting>(),
        manager::<Testing>(),
    ])
}

/// What the runner is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunnerStatus {
    /// It was switched off by its options, or stopped.
    Off,
    /// Another process leads, or the database is away.
    Standby,
    /// It leads.
    Leading {
        /// Everything up to here was taken in.
        position: u64,
        /// Effects that are under way.
        pending: usize,
    },
    /// It met something that it cannot read, and has stopped. Somebody must look.
    Failed {
        /// What, and where.
        why: String,
    },
}

/// Bounds of the runner.
#[derive(Clone, Debug)]
pub struct RunnerLimits {
    /// Events in one batch (a stretch that was read ahead may go beyond).
    pub events_max: usize,
    /// Timers in one batch.
    pub timers_max: usize,
    /// Answers in one batch.
    pub answers_max: usize,
    /// With this many effects under way no further events and timers are taken in.
    pub pending_max: usize,
    /// Commands executed at the same time.
    pub concurrency: usize,
    /// Instances in memory.
    pub instances_max: usize,
    /// Timers read ahead.
    pub schedule_max: usize,
}

impl Default for RunnerLimits {
    fn default() -> Self {
        Self {
            events_max: 8_192,
            timers_max: 1_024,
            answers_max: 4_096,
            pending_max: 4_096,
            concurrency: 64,
            instances_max: 50_000,
            schedule_max: 10_000,
        }
    }
}

/// What the runner works with.
pub struct Runner {
    /// The log it follows.
    pub log: EventLog,
    /// The door its effects go through.
    pub dispatcher: Arc<Dispatcher>,
    /// The door its calls to providers go through.
    pub calls: Arc<Calls>,
    /// The time that timers go by.
    pub clock: Clock,
    /// Bounds.
    pub limits: RunnerLimits,
    /// Where it tells what it is at.
    pub status: watch::Sender<RunnerStatus>,
}

impl Runner {
    /// Works until `stop`, or until something cannot be read.
    pub async fn run(self, stop: CancellationToken) {
        let failed = stop.run_until_cancelled(self.lead()).await;
        match failed {
            Some(why) => {
                tracing::error!(
                    why,
                    "the process runner has stopped: nothing is skipped, somebody must look"
                );
                if let Err(error) = Store::failed(self.log.pool(), &why).await {
                    tracing::warn!(?error, "why the process runner has stopped could not be written down");
                }
                self.status.send_replace(RunnerStatus::Failed { why });
            }
            None => {
                self.status.send_replace(RunnerStatus::Off);
            }
        }
    }

    /// Leads whenever it can; returns why it cannot any more.
    async fn lead(&self) -> String {
        loop {
            self.status.send_replace(RunnerStatus::Standby);
            let lease = Lease::acquire(&self.log.options().connect, LEASE).await;
            let end = tokio::select! {
                end = self.term() => end,
                () = lease.lost() => End::Over("the lease is lost".to_owned()),
            };
            match end {
                End::Over(why) => tracing::warn!(why, "the term of the process runner ended"),
                End::Poison(why) => return why,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn term(&self) -> End {
        match self.begin().await {
            Ok(end) => end,
            Err(error) => error.into(),
        }
    }

    async fn begin(&self) -> Result<End, store::Error> {
        let managers = managers();
        let names = managers.iter().map(|manager| manager.name()).collect();
        let (store, checkpoint) = Store::begin(self.log.pool().clone(), names).await?;
        let owed = store.owed().await?;
        let catch_up = match self.log.head().await {
            Ok(head) => head,
            Err(baize_eventlog::Error::Database(error)) => return Err(error.into()),
            Err(error) => return Err(store::Error::Unreadable(error.to_string())),
        };
        tracing::info!(checkpoint, catch_up, owed = owed.len(), "the process runner leads");

        let (orders, ordered) = mpsc::unbounded_channel();
        let (answers, answered) = mpsc::channel(self.limits.answers_max);
        let (stretches, read) = mpsc::channel(4);
        let doors = effects::Doors {
            dispatcher: Arc::clone(&self.dispatcher),
            calls: Arc::clone(&self.calls),
        };
        let executor = effects::execute(doors, ordered, answers, self.limits.concurrency);
        let reader = reader::read(
            self.log.follow(checkpoint),
            Arc::clone(&managers),
            stretches,
            self.limits.events_max,
        );
        // Both end with the term, whatever they are at: what they were doing is done again by the next.
        let _executor = AbortOnDropHandle::new(tokio::spawn(executor));
        let _reader = AbortOnDropHandle::new(tokio::spawn(reader));

        let pending: HashSet<_> = owed.iter().map(|owed| owed.request_id).collect();
        for owed in owed {
            // The executor was started a moment ago and ends only with this term.
            let _ = orders.send(owed);
        }
        let term = Term {
            managers,
            store,
            clock: self.clock.clone(),
            limits: self.limits.clone(),
            status: &self.status,
            instances: instances::Instances::new(self.limits.instances_max),
            schedule: schedule::Schedule::new(self.limits.schedule_max),
            pending,
            orders,
            checkpoint,
            position: checkpoint,
            catch_up,
        };
        Ok(term.run(read, answered).await)
    }
}
