//! What the rest of the service knows of a running view: where it is, how it is, and what changes.

use std::fmt;
use std::sync::Arc;

use tokio::sync::{broadcast, watch};

use super::view::View;
use crate::store::TableNames;

/// Batches that a slow watcher may be behind. One that is further behind starts again from the tables.
const ANNOUNCEMENTS_WAITING_MAX: usize = 256;

/// How a view is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Not looked at yet.
    Starting,
    /// Behind the log, and reading it from the database.
    CatchingUp,
    /// At the end of the log.
    Following,
    /// Something is missing that will come back; the reason.
    Waiting(String),
    /// **Alarm.** The view stands still until it is rebuilt. Nothing was skipped.
    Stopped {
        /// The event that cannot be applied; the last applied one if the view as a whole does not fit.
        position: u64,
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => f.write_str("starting"),
            Self::CatchingUp => f.write_str("catching up"),
            Self::Following => f.write_str("following"),
            Self::Waiting(reason) => write!(f, "waiting: {reason}"),
            Self::Stopped { position, reason } => write!(f, "stopped at position {position}: {reason}"),
        }
    }
}

/// Where a view is and how it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewStatus {
    /// The view.
    pub view: &'static str,
    /// Its live generation; 0 while that is not known.
    pub generation: i32,
    /// The view equals the fold of the log up to here.
    pub position: u64,
    /// How it is.
    pub condition: Condition,
    /// Whether it is of use: it has been at the end of the log, and nothing is wrong. A view that has to catch up for a
    /// moment stays so.
    pub serving: bool,
}

/// What those who watch a view are told.
#[derive(Debug, Clone)]
pub(crate) enum Announcement<C> {
    /// A batch was applied here.
    Change {
        /// The view's position after it.
        position: u64,
        /// What it changed.
        change: C,
    },
    /// The view moved by other hands: read it again.
    Reload,
}

/// A running view as the projector, the queries and the pages share it.
pub(crate) struct Shared<V: View> {
    status: watch::Sender<ViewStatus>,
    announcements: broadcast::Sender<Announcement<V::Change>>,
}

impl<V: View> Shared<V> {
    pub(crate) fn new() -> Arc<Self> {
        let status = ViewStatus {
            view: V::NAME,
            generation: 0,
            position: 0,
            condition: Condition::Starting,
            serving: false,
        };
        Arc::new(Self {
            status: watch::Sender::new(status),
            announcements: broadcast::Sender::new(ANNOUNCEMENTS_WAITING_MAX),
        })
    }

    pub(crate) fn status(&self) -> watch::Receiver<ViewStatus> {
        self.status.subscribe()
    }

    /// Where the live tables are; `None` while that is not known.
    pub(crate) fn names(&self) -> Option<TableNames> {
        let generation = self.status.borrow().generation;
        (generation > 0).then_some(TableNames {
            view: V::NAME,
            generation,
        })
    }

    /// The changes from now on. Subscribe first and read the tables then: nothing falls in between.
    pub(crate) fn watch(&self) -> broadcast::Receiver<Announcement<V::Change>> {
        self.announcements.subscribe()
    }

    /// The live generation and its checkpoint, as just read from the registry.
    pub(crate) fn located(&self, generation: i32, position: u64) {
        self.status.send_modify(|status| {
            status.generation = generation;
            status.position = position;
        });
        // Whatever happened up to here was not announced.
        let _nobody_watches = self.announcements.send(Announcement::Reload);
    }

    /// A query found another generation live before the projector did.
    pub(crate) fn switched(&self, generation: i32) {
        self.status.send_if_modified(|status| {
            let newer = generation > status.generation;
            if newer {
                status.generation = generation;
            }
            newer
        });
    }

    /// A batch was committed.
    pub(crate) fn applied(&self, position: u64, state: &V::State) {
        // Announced before anybody who waits for the position is woken. Copies are made only for those who watch;
        // who comes after this check reads the tables, which hold the batch already.
        if self.announcements.receiver_count() > 0 {
            let change = V::change(state);
            let _left = self.announcements.send(Announcement::Change { position, change });
        }
        self.status.send_modify(|status| status.position = position);
    }

    pub(crate) fn set(&self, condition: Condition) {
        self.status.send_if_modified(|status| {
            if status.condition == condition {
                return false;
            }
            status.serving = match &condition {
                Condition::Following => true,
                Condition::CatchingUp => status.serving,
                Condition::Starting | Condition::Waiting(_) | Condition::Stopped { .. } => false,
            };
            status.condition = condition;
            true
        });
    }
}
