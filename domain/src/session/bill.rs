//! What a session costs, line by line.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::money::Fen;

/// One line of a bill. `MinimumCharge`, `Cap` and `Prepaid` lines are adjustments so that the lines always sum to the total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BillLine {
    /// Time billed within one band: the whole steps of the session, minute by minute by the clock of the hall.
    Time {
        /// The band's name, or the tariff's name outside all bands.
        band: String,
        /// From, inclusive.
        from: Timestamp,
        /// To, exclusive. Of the last line, the end of the last step, which may be later than the end of play.
        to: Timestamp,
        /// Minutes billed, whole steps of the session shared out over its bands.
        minutes: u32,
        /// Price per hour.
        price_per_hour: Fen,
        /// What it costs, rounded half-up.
        amount: Fen,
    },
    /// Added to reach the minimum charge.
    MinimumCharge {
        /// ≥ 0.
        amount: Fen,
    },
    /// Taken off to stay within the cap.
    Cap {
        /// ≤ 0.
        amount: Fen,
    },
    /// Prepaid time: bought at opening or by extension, billed whole.
    Prepaid {
        /// Minutes bought.
        minutes: u32,
        /// What they cost.
        amount: Fen,
    },
}

impl BillLine {
    /// The line's amount.
    pub const fn amount(&self) -> Fen {
        match self {
            Self::Time { amount, .. }
            | Self::MinimumCharge { amount }
            | Self::Cap { amount }
            | Self::Prepaid { amount, .. } => *amount,
        }
    }
}

/// A session's bill. Invariant: the lines sum to `total`, and `total` ≥ 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// Where the total comes from.
    pub lines: Vec<BillLine>,
    /// What the session costs.
    pub total: Fen,
}
