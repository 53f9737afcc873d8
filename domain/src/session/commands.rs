//! What a session can be asked.

use jiff::Timestamp;

use crate::money::Fen;

use super::moves::Terms;
use super::{
    Awaited, BillingStartCause, CancelReason, CloseCause, GoodsLine, LapseReason, Opening, Place, ResumeCause, Warning,
};

/// Commands of a session.
#[derive(Clone, Debug, PartialEq)]
pub enum TableSessionCommand {
    /// Wait for the payment.
    AwaitPayment {
        /// What was asked for, and by when what must be there.
        awaited: Box<Awaited>,
        /// When.
        at: Timestamp,
    },
    /// Wait no longer.
    Lapse {
        /// Why.
        reason: LapseReason,
        /// When.
        at: Timestamp,
    },
    /// Begin.
    Open(Box<Opening>),
    /// Start billing.
    StartBilling {
        /// Why.
        cause: BillingStartCause,
        /// From when on; never later than the hall's policy allows.
        at: Timestamp,
    },
    /// Sell more prepaid time.
    Extend {
        /// Minutes, rounded up to whole steps.
        minutes: u32,
        /// When.
        at: Timestamp,
    },
    /// Record that the hold was raised.
    RaiseHold {
        /// The whole hold now.
        held: Fen,
        /// Until when it covers play.
        covered_until: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// Put goods on the bill.
    AddGoods {
        /// Which, at which price.
        line: GoodsLine,
        /// When.
        at: Timestamp,
    },
    /// Take goods off the bill.
    RemoveGoods {
        /// Their code.
        code: String,
        /// How many.
        quantity: u32,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Move play to another table.
    Transfer {
        /// Where to.
        to: Box<Place>,
        /// What it takes.
        terms: Terms,
        /// When.
        at: Timestamp,
    },
    /// Stop the clock.
    Pause {
        /// In the words of the staff, 1–200 characters.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Let the clock go on.
    Resume {
        /// Why.
        cause: ResumeCause,
        /// When.
        at: Timestamp,
    },
    /// Record a warning.
    Warn {
        /// Of what.
        warning: Warning,
        /// When.
        at: Timestamp,
    },
    /// End play.
    Close {
        /// Why.
        cause: CloseCause,
        /// In the words of the staff, if they close it.
        reason: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// Record the payment.
    Settle {
        /// What was paid.
        paid: Fen,
        /// What is still owed.
        outstanding: Fen,
        /// When.
        at: Timestamp,
    },
    /// Give the session up.
    Cancel {
        /// Why.
        reason: CancelReason,
        /// When.
        at: Timestamp,
    },
}
