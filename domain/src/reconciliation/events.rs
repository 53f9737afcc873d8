//! What happened to a reconciliation.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{ReconciliationId, TransactionId};
use crate::money::Fen;
use crate::payment::Channel;

use super::{Difference, Fees, Sums};

/// A difference under its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Numbered {
    /// Counted from 1 within the reconciliation; kept for ever.
    pub number: u32,
    /// What differs.
    pub difference: Difference,
}

/// On what grounds a difference is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Closing {
    /// It stays, and the explanation that was given is enough.
    Explained,
    /// It was put right; a later run that still finds it opens it again.
    Corrected,
}

/// Events of the stream `Reconciliation/<reconciliation_id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum ReconciliationEvent {
    /// A day of a provider is reconciled for the first time.
    ReconciliationStarted {
        /// The reconciliation.
        reconciliation_id: ReconciliationId,
        /// The provider.
        channel: Channel,
        /// The day of the bill, the provider's.
        date: Date,
        /// When.
        at: Timestamp,
    },
    /// The bill was compared with our books.
    BillCompared {
        /// Counted from 1; runs that found nothing new and were not asked for are not counted.
        run: u32,
        /// SHA-256 of the bill's rows, in hexadecimal.
        digest: String,
        /// All rows of the bill.
        bill: Sums,
        /// All rows of our books that the day is about.
        book: Sums,
        /// Rows that are the same in both.
        matched: Sums,
        /// What the provider keeps.
        fees: Fees,
        /// When.
        at: Timestamp,
    },
    /// These differ. Many come in several events.
    DifferencesOpened {
        /// They, by number.
        differences: Vec<Numbered>,
        /// When.
        at: Timestamp,
    },
    /// These differ otherwise than before, or again. Many come in several events.
    DifferencesReopened {
        /// They, as they are now.
        differences: Vec<Numbered>,
        /// When.
        at: Timestamp,
    },
    /// These differ no longer.
    DifferencesVanished {
        /// Their numbers, ascending.
        numbers: Vec<u32>,
        /// When.
        at: Timestamp,
    },
    /// What the provider kept was posted, or what it kept more or less than was posted before.
    FeesPosted {
        /// > 0 for what it keeps, < 0 for what it gives back.
        amount: Fen,
        /// The posting.
        transaction_id: TransactionId,
        /// When.
        at: Timestamp,
    },
    /// Somebody wants the day compared once more.
    RerunAsked {
        /// Who.
        by: Uuid,
        /// When.
        at: Timestamp,
    },
    /// Somebody said why something differs.
    DifferenceExplained {
        /// The difference.
        number: u32,
        /// Who.
        by: Uuid,
        /// Why it differs.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// A difference was laid to rest.
    DifferenceClosed {
        /// The difference.
        number: u32,
        /// On what grounds.
        closing: Closing,
        /// By whom.
        by: Uuid,
        /// When.
        at: Timestamp,
    },
    /// Nothing is left open.
    ReconciliationFinished {
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(
    ReconciliationEvent: ReconciliationStarted, BillCompared, DifferencesOpened, DifferencesReopened, DifferencesVanished, FeesPosted, RerunAsked,
    DifferenceExplained, DifferenceClosed, ReconciliationFinished
);
