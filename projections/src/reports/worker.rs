//! Sends each report when its turn comes, in one process at a time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use baize_domain::hall::{business_date, business_day_start};
use baize_eventlog::{Clock, EventLog, Lease};
use jiff::Timestamp;
use jiff::civil::Date;
use lettre::Message;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::alerts::Alerter;
use super::figures::{Report, halls};
use super::ledger::{self, Key};
use super::subscriptions::{Scope, Subscription};
use super::{Kind, Period, ReportOptions, letter, subscriptions};
use crate::mail::{Mailer, SendError};
use crate::query::{Deadline, Reader};

/// Whoever holds it sends.
const LEASE: &str = "reports";
/// How long reading for one report may take.
const READ_MAX: Duration = Duration::from_secs(120);
/// How long after the end of its period a report is made: what is told late is in it.
const AFTER: Duration = Duration::from_secs(600);
/// Before somebody else may lead, whose connection was lost.
const LEAD_PAUSE: Duration = Duration::from_secs(1);

/// Sends reports.
pub(crate) struct Reporter {
    reader: Arc<Reader>,
    log: EventLog,
    pool: PgPool,
    mailer: Mailer,
    clock: Clock,
    options: ReportOptions,
    alerter: Alerter,
}

/// A report that could not be sent.
struct Held {
    until: Timestamp,
    failures: u32,
}

/// Why a report was not sent.
enum Trouble {
    /// Certainly not.
    NotSent(anyhow::Error),
    /// Nobody knows.
    Unclear(String),
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        Self::NotSent(error)
    }
}

impl Reporter {
    /// # Errors
    /// The mail settings cannot be used.
    pub(crate) fn new(
        reader: Arc<Reader>,
        log: EventLog,
        clock: Clock,
        options: ReportOptions,
    ) -> anyhow::Result<Self> {
        let (pool, mailer) = (reader.pool.clone(), Mailer::new(&options.mail)?);
        let alerter = Alerter {
            reader: Arc::clone(&reader),
            log: log.clone(),
            pool: pool.clone(),
            mailer: mailer.clone(),
            clock: clock.clone(),
        };
        Ok(Self {
            alerter,
            pool,
            mailer,
            reader,
            log,
            clock,
            options,
        })
    }

    /// Sends what is due until `stop`. A report that is being sent is sent to the end.
    pub(crate) async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let lease = tokio::select! {
                lease = Lease::acquire(&self.log.options().connect, LEASE) => lease,
                () = stop.cancelled() => return,
            };
            // Whatever ends it, it ends between two reports.
            let end = stop.child_token();
            let lost = async {
                lease.lost().await;
                tracing::warn!("another process may send reports now: the lease is lost");
                end.cancel();
                std::future::pending::<()>().await;
            };
            tokio::select! {
                () = self.lead(&end) => {}
                () = lost => {}
            }
            tokio::select! {
                () = tokio::time::sleep(LEAD_PAUSE) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn lead(&self, end: &CancellationToken) {
        match ledger::give_up_on_the_dead(&self.pool).await {
            Ok(0) => {}
            Ok(reports) => tracing::error!(
                reports,
                "nobody knows whether these reports went out: look into report_ledger, and send them again with `baize report`"
            ),
            Err(error) => return tracing::warn!(%error, "the ledger of reports cannot be read"),
        }
        let mut held = HashMap::new();
        while !end.is_cancelled() {
            if let Err(error) = self.turn(&mut held, end).await {
                tracing::warn!("reports cannot be sent now: {error:#}");
            }
            tokio::select! {
                () = self.clock.sleep(self.options.interval) => {}
                () = end.cancelled() => {}
            }
        }
    }

    async fn turn(&self, held: &mut HashMap<Key, Held>, end: &CancellationToken) -> anyhow::Result<()> {
        let text = tokio::fs::read_to_string(&self.options.subscriptions).await?;
        let subscriptions = subscriptions::read(&text).map_err(anyhow::Error::msg)?;
        for subscription in &subscriptions {
            if end.is_cancelled() {
                return Ok(());
            }
            let scope = subscription.scope.to_string();
            if subscription.alerts
                && let Err(error) = self.alerter.turn(subscription).await
            {
                tracing::error!(scope, "alerts could not be sent, later again: {error:#}");
            }
            // Whoever has something wrong keeps nobody else waiting.
            if let Err(error) = self.send_due(subscription, held, end).await {
                tracing::warn!(scope, "reports cannot be sent now: {error:#}");
            }
        }
        for key in ledger::asked(&self.pool).await? {
            let waits = held.get(&key).is_some_and(|held| self.clock.now() < held.until);
            let subscription = subscriptions
                .iter()
                .find(|subscription| subscription.scope == key.scope);
            let Some(subscription) = subscription.filter(|_| !waits && !end.is_cancelled()) else {
                continue;
            };
            if ledger::take(&self.pool, key).await? {
                self.send(key, subscription, held).await?;
            }
        }
        Ok(())
    }

    async fn send_due(
        &self,
        subscription: &Subscription,
        held: &mut HashMap<Key, Held>,
        end: &CancellationToken,
    ) -> anyhow::Result<()> {
        for kind in &subscription.kinds {
            for period in self.due(subscription.scope, *kind).await? {
                let key = Key {
                    scope: subscription.scope,
                    period,
                    revision: 1,
                };
                if end.is_cancelled() {
                    return Ok(());
                }
                if ledger::claim(&self.pool, key).await? {
                    self.send(key, subscription, held).await?;
                }
            }
        }
        Ok(())
    }

    /// Periods that are over and have no row yet: of a new subscription the last one only, else all since, the oldest first.
    async fn due(&self, scope: Scope, kind: Kind) -> anyhow::Result<Vec<Period>> {
        let Some(newest) = self.over(scope, kind).await? else {
            return Ok(Vec::new());
        };
        let Some(last) = ledger::last(&self.pool, scope, newest).await? else {
            return Ok(vec![newest]);
        };
        let mut periods = Vec::new();
        let mut period = newest;
        while period.first > last && periods.len() < usize::from(self.options.periods_max) {
            periods.push(period);
            period = period.previous();
        }
        periods.reverse();
        Ok(periods)
    }

    /// The newest period that is over in each of the halls.
    async fn over(&self, scope: Scope, kind: Kind) -> anyhow::Result<Option<Period>> {
        let now = self.clock.now().saturating_sub(AFTER)?;
        let halls = halls(&self.reader, scope, Deadline::within(READ_MAX))
            .await
            .map_err(Status::from)?;
        let over = halls.rows.iter().map(|hall| {
            let (zone, cutoff) = hall.clock();
            let today: Date = business_date(&zone, cutoff, now);
            let period = kind.period_of(today);
            // A day can be the last of its period and over, while its date is still today's where clocks were set back.
            match business_day_start(&zone, cutoff, period.next().first) <= now {
                true => period,
                false => period.previous(),
            }
        });
        Ok(over.min())
    }

    async fn send(&self, key: Key, to: &Subscription, held: &mut HashMap<Key, Held>) -> anyhow::Result<()> {
        let (kind, scope, period) = (key.period.kind.code(), key.scope.to_string(), key.period.to_string());
        match self.try_to_send(key, to).await {
            Ok(()) => {
                ledger::sent(&self.pool, key).await?;
                held.remove(&key);
                tracing::info!(kind, scope, period, revision = key.revision, "a report was sent");
            }
            Err(Trouble::Unclear(problem)) => {
                ledger::unclear(&self.pool, key, &problem).await?;
                tracing::error!(
                    kind,
                    scope,
                    period,
                    problem,
                    "nobody knows whether a report went out: send it again with `baize report` if it did not arrive"
                );
            }
            Err(Trouble::NotSent(error)) => {
                let problem = format!("{error:#}");
                ledger::put_back(&self.pool, key, &problem).await?;
                let failures = held.get(&key).map_or(1, |held| held.failures.saturating_add(1));
                let until = self.clock.now().saturating_add(self.pause(failures))?;
                held.insert(key, Held { until, failures });
                tracing::error!(
                    kind,
                    scope,
                    period,
                    failures,
                    problem,
                    "a report could not be sent, later again"
                );
            }
        }
        Ok(())
    }

    async fn try_to_send(&self, key: Key, to: &Subscription) -> Result<(), Trouble> {
        let mail = match ledger::kept(&self.pool, key).await.map_err(anyhow::Error::from)? {
            Some(mail) => mail,
            None => {
                let (message, position) = self.write(key, to).await?;
                let mail = message.formatted();
                let kept = ledger::keep(&self.pool, key, position, &mail).await;
                kept.map_err(anyhow::Error::from)?;
                mail
            }
        };
        match self.mailer.send(&to.to, &mail).await {
            Ok(()) => Ok(()),
            Err(SendError::Refused(why)) => Err(Trouble::NotSent(anyhow::anyhow!(why))),
            Err(SendError::Unclear(why)) => Err(Trouble::Unclear(why)),
        }
    }

    async fn write(&self, key: Key, to: &Subscription) -> anyhow::Result<(Message, u64)> {
        let deadline = Deadline::within(READ_MAX);
        let (head, reader) = (self.log.head().await?, &self.reader);
        let views = async {
            reader.wait(&reader.indicators, head, deadline).await?;
            reader.wait(&reader.bills, head, deadline).await?;
            reader.wait(&reader.directory, head, deadline).await?;
            reader.wait(&reader.members, head, deadline).await?;
            reader.wait(&reader.payments, head, deadline).await?;
            Report::read(reader, key.scope, key.period, deadline).await
        };
        let report = views.await.map_err(Status::from)?;
        let message = letter::write(&report, key, to, self.mailer.from())?;
        Ok((message, report.position))
    }

    fn pause(&self, failures: u32) -> Duration {
        let factor = 1_u32 << failures.saturating_sub(1).min(16);
        self.options
            .pause_min
            .saturating_mul(factor)
            .min(self.options.pause_max)
    }
}
