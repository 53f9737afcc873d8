//! What a stream of the journal is: one transaction, posted or not yet.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{HallId, MemberId, TransactionId};

use super::{Entry, JournalEvent, Source};

/// A stream of the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// The transaction; nothing before it is posted.
    pub posted: Option<Transaction>,
}

/// A transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// The transaction.
    pub transaction_id: TransactionId,
    /// The hall, where one is concerned.
    pub hall_id: Option<HallId>,
    /// The member; the nil id where none is concerned.
    pub member_id: MemberId,
    /// What for.
    pub source: Source,
    /// Debits positive, credits negative; they sum to zero.
    pub entries: Vec<Entry>,
    /// When.
    pub at: Timestamp,
}

impl Journal {
    /// Folds an event in.
    pub fn evolve(&mut self, event: &JournalEvent) {
        match event {
            JournalEvent::TransactionPosted {
                transaction_id,
                hall_id,
                member_id,
                source,
                entries,
                at,
            } => {
                self.posted = Some(Transaction {
                    transaction_id: *transaction_id,
                    hall_id: *hall_id,
                    member_id: *member_id,
                    source: *source,
                    entries: entries.clone(),
                    at: *at,
                });
            }
        }
    }
}
