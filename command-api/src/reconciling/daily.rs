//! Which day's turn it is, by one process at a time.

use std::collections::HashMap;
use std::time::Duration;

use baize_domain::payment::Channel;
use baize_domain::reconciliation::Reconciliation;
use baize_eventlog::Lease;
use jiff::civil::Date;
use jiff::tz::{TimeZone, offset};
use jiff::{Timestamp, ToSpan as _};
use tokio_util::sync::CancellationToken;

use super::{ReconcileError, Reconciler};
use crate::payments::provider::BillError;

/// Whoever holds it compares.
const LEASE: &str = "reconciling";
/// Days are compared again this long after they were left unfinished: by then the bill beside has been made.
const AGAIN: Duration = Duration::from_secs(24 * 3_600);
/// So often a bill may be asked for in vain before somebody should look.
const FAILURES_ALARMING: u32 = 6;

/// Both providers' days are Beijing's, which knows no summer time.
pub fn zone() -> TimeZone {
    TimeZone::fixed(offset(8))
}

/// Until when a day is left alone.
struct Held {
    until: Timestamp,
    /// How often in a row its bill could not be compared.
    failures: u32,
}

impl Reconciler {
    /// Compares each day when its turn comes, until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        stop.run_until_cancelled(async {
            loop {
                let lease = Lease::acquire(&self.log.options().connect, LEASE).await;
                tokio::select! {
                    () = self.lead() => {}
                    () = lease.lost() => tracing::warn!("another process may reconcile now: the lease is lost"),
                }
            }
        })
        .await;
    }

    async fn lead(&self) {
        let mut held = HashMap::new();
        loop {
            for channel in Channel::ALL {
                if self.channels.provider(channel).is_some()
                    && let Err(error) = self.turn(channel, &mut held).await
                {
                    tracing::warn!(channel = channel.code(), "bills cannot be reconciled now: {error:#}");
                }
            }
            self.clock.sleep(self.options.interval).await;
        }
    }

    /// Compares the days of a provider whose turn has come, the oldest first.
    async fn turn(&self, channel: Channel, held: &mut HashMap<(Channel, Date), Held>) -> anyhow::Result<()> {
        self.book.catch_up().await?;
        let Some(first) = self.book.first_day(channel).await? else {
            return Ok(());
        };
        let last = last_day(self.clock.now(), channel, self);
        let first = first.max(last.saturating_sub(i64::from(self.options.days_max.saturating_sub(1)).days()));
        held.retain(|(of, date), _| *of != channel || *date >= first);
        for date in first.series(1.day()).take_while(|date| *date <= last) {
            let state = self.reconciliation(channel, date).await?;
            let before = held.get(&(channel, date));
            if is_due(&state, before, self.clock.now()) {
                let failures = before.map_or(0, |held| held.failures);
                let next = self.compare(channel, date, &state, failures).await;
                held.insert((channel, date), next);
            }
        }
        Ok(())
    }

    async fn compare(&self, channel: Channel, date: Date, before: &Reconciliation, failures: u32) -> Held {
        let name = channel.code();
        let (failures, pause) = match self.reconcile(channel, date).await {
            Ok(state) => {
                tell(name, date, before, &state);
                (0, AGAIN)
            }
            Err(error) => {
                let failures = failures.saturating_add(1);
                match &error {
                    ReconcileError::Bill(BillError::NotYet | BillError::Failed(_)) if failures < FAILURES_ALARMING => {
                        tracing::info!(channel = name, %date, failures, "there is no bill yet, later again: {error}");
                    }
                    _ => tracing::error!(channel = name, %date, failures, "a bill cannot be reconciled: {error}"),
                }
                (failures, self.pause(failures))
            }
        };
        let until = self.clock.now().saturating_add(pause).unwrap_or(Timestamp::MAX);
        Held { until, failures }
    }

    fn pause(&self, failures: u32) -> Duration {
        let factor = 1_u32 << failures.saturating_sub(1).min(16);
        self.options
            .pause_min
            .saturating_mul(factor)
            .min(self.options.pause_max)
    }
}

fn is_due(state: &Reconciliation, held: Option<&Held>, now: Timestamp) -> bool {
    let waits = held.is_some_and(|held| now < held.until);
    let asked = state.rerun_asked && held.is_none_or(|held| held.failures == 0);
    let undone = state.compared.is_none() || state.rerun_asked || !state.finished;
    undone && (!waits || asked)
}

/// The newest day whose bill should be there.
fn last_day(now: Timestamp, channel: Channel, reconciler: &Reconciler) -> Date {
    let now = now.to_zoned(zone());
    let made = now.time() >= reconciler.options.of(channel).from;
    now.date().saturating_sub(if made { 1.day() } else { 2.days() })
}

fn tell(channel: &str, date: Date, before: &Reconciliation, after: &Reconciliation) {
    let open = after.open();
    let Some(found) = &after.compared else { return };
    let (rows, matched) = (found.bill.rows, found.matched.rows);
    if open > 0 && before != after {
        tracing::error!(channel, %date, rows, matched, open, "a reconciliation has differences: somebody must look");
    } else {
        tracing::info!(channel, %date, rows, matched, open, "a bill was reconciled");
    }
}
