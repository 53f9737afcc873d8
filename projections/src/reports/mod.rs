//! Mail to owners and staff: alerts, gathered and grouped (`alerts`), and reports for a day, a week or a month of a hall or a chain,
//! with charts and a workbook.
//!
//! A report is made of the views once its period is over, and sent once. What is sent is written down in the table `report_ledger` before
//! and after: a row for each (kind, scope, period, revision). So a restart, a second process or a clock that is set back sends nothing twice.
//! A process that dies between the two leaves a row of which nobody knows whether the mail went out: that is said, and not tried again
//! by itself. `baize report` has a period sent once more, as the next revision. What was missed while nothing ran is caught up on.
//!
//! - [`period`](Kind): which days a report is about; `subscriptions`: who gets which.
//! - `figures`: what happened in the period, and in the one before; `letter`, `charts`, `workbook`: how it is told.
//! - `ledger`: what was sent; `worker`: whose turn it is.

mod alerts;
mod charts;
mod figures;
mod ledger;
mod letter;
mod period;
mod subscriptions;
mod texts;
mod workbook;
mod worker;

pub use ledger::{Asked, ask};
pub use period::{Kind, Period};
pub use subscriptions::{Scope, Subscription, read as read_subscriptions};
pub(crate) use worker::Reporter;

use std::path::PathBuf;
use std::time::Duration;

use crate::mail::MailOptions;

/// How reports are sent.
#[derive(Debug, Clone)]
pub struct ReportOptions {
    /// Through which server.
    pub mail: MailOptions,
    /// The file that says who gets which, read anew each time.
    pub subscriptions: PathBuf,
    /// How often it is looked whether a report is due, by the services' clock.
    pub interval: Duration,
    /// A mail that could not be sent is tried again after this, and after twice as long each time, by the services' clock.
    pub pause_min: Duration,
    /// But no later than after this.
    pub pause_max: Duration,
    /// Periods that are caught up on, of each kind.
    pub periods_max: u16,
}

impl ReportOptions {
    /// Looks every minute; tries again after 1, 2, 4 … minutes, at most an hour; catches up on 31 periods.
    pub fn new(mail: MailOptions, subscriptions: PathBuf) -> Self {
        Self {
            mail,
            subscriptions,
            interval: Duration::from_secs(60),
            pause_min: Duration::from_secs(60),
            pause_max: Duration::from_secs(3_600),
            periods_max: 31,
        }
    }
}
