//! What a reconciliation is.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::ReconciliationId;
use crate::money::Fen;
use crate::payment::Channel;

use super::{Closing, Difference, Fees, Numbered, ReconciliationEvent, Sums};

/// The reconciliation of one day of one provider, begun or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// Which day of which provider; nothing before it begins.
    pub day: Option<(ReconciliationId, Channel, Date)>,
    /// What the last run found; nothing before it.
    pub compared: Option<Compared>,
    /// What was posted of what the provider keeps.
    pub fees_posted: Fen,
    /// Somebody waits for another run.
    pub rerun_asked: bool,
    /// Nothing is left open.
    pub finished: bool,
    /// Everything that ever differed, by number.
    pub differences: Arc<BTreeMap<u32, Known>>,
}

/// What a run found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Counted from 1.
    pub run: u32,
    /// SHA-256 of the bill's rows.
    pub digest: String,
    /// All rows of the bill.
    pub bill: Sums,
    /// All rows of our books that the day is about.
    pub book: Sums,
    /// Rows that are the same in both.
    pub matched: Sums,
    /// What the provider keeps.
    pub fees: Fees,
    /// When.
    pub at: Timestamp,
}

/// A difference that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// As the last run found it, or the last that did.
    pub difference: Difference,
    /// How far it is.
    pub status: Status,
}

/// How far a difference is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Nobody has said anything.
    Open,
    /// Somebody said why.
    Explained {
        /// Why it differs.
        reason: String,
    },
    /// Laid to rest.
    Closed(Closing),
    /// A later run did not find it any more.
    Vanished,
}

impl Status {
    /// Whether somebody still has to do something.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open | Self::Explained { .. })
    }
}

impl Reconciliation {
    /// Differences that somebody still has to do something about.
    pub fn open(&self) -> usize {
        self.differences.values().filter(|known| known.status.is_open()).count()
    }

    /// Folds an event in.
    pub fn evolve(&mut self, event: &ReconciliationEvent) {
        match event {
            ReconciliationEvent::ReconciliationStarted {
                reconciliation_id,
                channel,
                date,
                ..
            } => self.day = Some((*reconciliation_id, *channel, *date)),
            ReconciliationEvent::BillCompared {
                run,
                digest,
                bill,
                book,
                matched,
                fees,
                at,
            } => {
                self.compared = Some(Compared {
                    run: *run,
                    digest: digest.clone(),
                    bill: *bill,
                    book: *book,
                    matched: *matched,
                    fees: *fees,
                    at: *at,
                });
                self.rerun_asked = false;
            }
            ReconciliationEvent::DifferencesOpened { differences, .. }
            | ReconciliationEvent::DifferencesReopened { differences, .. } => self.opened(differences),
            ReconciliationEvent::DifferencesVanished { numbers, .. } => {
                numbers.iter().for_each(|number| self.turn(*number, Status::Vanished));
            }
            ReconciliationEvent::FeesPosted { amount, .. } => self.fees_posted += *amount,
            ReconciliationEvent::RerunAsked { .. } => self.rerun_asked = true,
            ReconciliationEvent::DifferenceExplained { number, reason, .. } => {
                let reason = reason.clone();
                self.turn(*number, Status::Explained { reason });
            }
            ReconciliationEvent::DifferenceClosed { number, closing, .. } => {
                self.turn(*number, Status::Closed(*closing));
            }
            ReconciliationEvent::ReconciliationFinished { .. } => self.finished = true,
        }
    }

    fn opened(&mut self, differences: &[Numbered]) {
        self.finished = false;
        let known = Arc::make_mut(&mut self.differences);
        for Numbered { number, difference } in differences {
            let (difference, status) = (difference.clone(), Status::Open);
            known.insert(*number, Known { difference, status });
        }
    }

    fn turn(&mut self, number: u32, status: Status) {
        if let Some(known) = Arc::make_mut(&mut self.differences).get_mut(&number) {
            known.status = status;
        }
    }
}
