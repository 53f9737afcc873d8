//! What a gift can be asked.

use jiff::Timestamp;

use crate::ids::{GiftId, HallId, RedemptionId};

use super::GiftContent;

/// Commands of a gift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GiftCommand {
    /// Put it into a hall's catalogue.
    Register {
        /// The gift.
        gift_id: GiftId,
        /// The hall that hands it out.
        hall_id: HallId,
        /// What the catalogue says.
        content: GiftContent,
        /// When.
        at: Timestamp,
    },
    /// Change what the catalogue says.
    Change {
        /// What it says from now on.
        content: GiftContent,
        /// When.
        at: Timestamp,
    },
    /// Take it out of the catalogue.
    Retire {
        /// When.
        at: Timestamp,
    },
    /// Take pieces in.
    Receive {
        /// How many.
        pieces: u32,
        /// When.
        at: Timestamp,
    },
    /// Correct the books by what was counted.
    Count {
        /// How many there are.
        found: u64,
        /// When.
        at: Timestamp,
    },
    /// Set a piece aside.
    Hold {
        /// For whom.
        redemption_id: RedemptionId,
        /// When.
        at: Timestamp,
    },
    /// Hand a held piece out.
    Issue {
        /// To whom.
        redemption_id: RedemptionId,
        /// When.
        at: Timestamp,
    },
    /// Put a held piece back.
    Release {
        /// From whom.
        redemption_id: RedemptionId,
        /// When.
        at: Timestamp,
    },
}
