//! Compares yesterday's bill of each provider with our books, every day, and days that were missed.
//!
//! - `book`: our side, a table that follows the log. `bill`: their side, as the domain compares it.
//! - `daily`: which day's turn it is, by one process at a time.
//!
//! Nothing is lost by a crash: a day counts as compared when what was found is in the log, in one unit with what the provider keeps.
//! Two processes that compare the same day at the same time write it once: the stream's version decides.

mod bill;
mod book;
mod daily;
mod options;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use baize_domain::Command;
use baize_domain::ids::reconciliation_id;
use baize_domain::payment::Channel;
use baize_domain::reconciliation::{BillLine, BookLine, Reconciliation, RowKind, compare};
use baize_eventlog::{Clock, EventLog, RequestKey};
use jiff::civil::Date;
use uuid::Uuid;

use crate::dispatch::{Caller, CommandError, Dispatcher};
use crate::payments::Channels;
use crate::payments::provider::{BillError, BillRow};
use book::Book;

pub use options::{BillOptions, ReconcileOptions};

/// No bill takes longer to come.
const BILL_TIME_MAX: Duration = Duration::from_secs(300);

/// Why a day could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The provider is not set up.
    #[error("the provider is not set up")]
    NotSetUp,
    /// There is no bill to compare with.
    #[error(transparent)]
    Bill(#[from] BillError),
    /// Our side cannot be read.
    #[error("our books cannot be read: {0:#}")]
    Book(anyhow::Error),
    /// What was found is not taken in.
    #[error("what was found is not taken in: {0}")]
    Refused(#[from] CommandError),
}

/// Compares days.
#[derive(Clone)]
pub struct Reconciler {
    channels: Arc<Channels>,
    dispatcher: Arc<Dispatcher>,
    log: EventLog,
    book: Book,
    clock: Clock,
    options: ReconcileOptions,
}

impl Reconciler {
    /// Compares the bills of `channels` with what `log` tells.
    pub fn new(
        channels: Arc<Channels>,
        dispatcher: Arc<Dispatcher>,
        log: EventLog,
        clock: Clock,
        options: ReconcileOptions,
    ) -> Self {
        Self {
            channels,
            dispatcher,
            book: Book::new(log.clone()),
            log,
            clock,
            options,
        }
    }

    /// Compares a day of a provider's, and takes in what was found.
    ///
    /// # Errors
    /// [`ReconcileError`]; nothing was changed then.
    pub async fn reconcile(&self, channel: Channel, date: Date) -> Result<Arc<Reconciliation>, ReconcileError> {
        let rows = self.bill(channel, date).await?;
        let (digest, bill) = (bill::digest(&rows), bill::lines(rows));
        // Behind the bill: what it tells of was known here before it was made.
        self.book.catch_up().await.map_err(ReconcileError::Book)?;
        let mut book = self.book.of(channel, date, &bill).await.map_err(ReconcileError::Book)?;
        self.spare_neighbours(channel, date, &bill, &mut book).await;
        let comparison = compare(digest, &bill, &book, self.options.of(channel).fee_rate);
        let content = format!("{}:{date}:{}", channel.code(), comparison.digest);
        let command = Command::RecordComparison {
            channel,
            date,
            comparison: Box::new(comparison),
        };
        let request = RequestKey::new("reconciling", Uuid::new_v4(), content.as_bytes());
        let cause = format!("bill:{}:{date}", channel.code());
        let caller = Caller::process("reconciling", &cause);
        self.dispatcher.dispatch(command, request, &caller).await?;
        Ok(self.reconciliation(channel, date).await?)
    }

    /// The reconciliation of a day as it is now, whoever changed it.
    async fn reconciliation(&self, channel: Channel, date: Date) -> Result<Arc<Reconciliation>, CommandError> {
        self.dispatcher.reconciliation(reconciliation_id(channel, date)).await
    }

    async fn bill(&self, channel: Channel, date: Date) -> Result<Vec<BillRow>, ReconcileError> {
        let provider = self.channels.provider(channel).ok_or(ReconcileError::NotSetUp)?;
        let asked = tokio::time::timeout(BILL_TIME_MAX, provider.bill(date)).await;
        match asked.unwrap_or_else(|_| Err(BillError::Failed("no answer in time".to_owned()))) {
            Err(BillError::Empty) => Ok(Vec::new()),
            answer => Ok(answer?),
        }
    }

    /// What was paid in the last second of a day may be in the bill of the next, and a provider's clock is not ours: what the bill of
    /// the day lacks is not due if one of the bills beside it has it. While the later one is not made, it stays due.
    async fn spare_neighbours(&self, channel: Channel, date: Date, bill: &[BillLine], book: &mut [BookLine]) {
        let mut billed = numbers(bill);
        for beside in [date.yesterday(), date.tomorrow()] {
            let lacks = book.iter().any(|line| line.due && !billed.contains(&key(line)));
            let (Ok(beside), true) = (beside, lacks) else {
                continue;
            };
            let Ok(rows) = self.bill(channel, beside).await else {
                continue;
            };
            let there = numbers(&bill::lines(rows));
            for line in book.iter_mut().filter(|line| !billed.contains(&key(line))) {
                line.due &= !there.contains(&key(line));
            }
            billed.extend(there);
        }
    }
}

fn numbers(bill: &[BillLine]) -> HashSet<(RowKind, String)> {
    bill.iter().map(|row| (row.kind, row.number.clone())).collect()
}

fn key(line: &BookLine) -> (RowKind, String) {
    (line.kind, line.number.clone())
}
