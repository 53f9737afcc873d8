//! What happened to a gift.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{GiftId, HallId, RedemptionId};

/// What a catalogue says of a gift.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GiftContent {
    /// Its name in Chinese, 1–50 characters.
    pub name_zh: String,
    /// Its name in English, 1–50 characters.
    pub name_en: String,
    /// Where its picture is: an `https` address of at most 500 characters, or empty.
    pub picture_url: String,
    /// What it costs, 1–10,000,000 points.
    pub points: u64,
}

/// Events of the stream `Gift/<gift_id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum GiftEvent {
    /// A gift is in a hall's catalogue.
    GiftRegistered {
        /// The gift.
        gift_id: GiftId,
        /// The hall that hands it out.
        hall_id: HallId,
        /// What the catalogue says.
        content: GiftContent,
        /// When.
        at: Timestamp,
    },
    /// The catalogue says something else.
    GiftChanged {
        /// What it says from now on; redemptions keep the price they were made at.
        content: GiftContent,
        /// When.
        at: Timestamp,
    },
    /// It can be had no more.
    GiftRetired {
        /// When.
        at: Timestamp,
    },
    /// Pieces came in.
    StockReceived {
        /// How many.
        pieces: u32,
        /// When.
        at: Timestamp,
    },
    /// The pieces in the hall were counted.
    StockCounted {
        /// How many there are, those that are held included.
        found: u64,
        /// How many more (or, negative, fewer) than the books had.
        difference: i64,
        /// When.
        at: Timestamp,
    },
    /// A piece was set aside for whoever redeemed it.
    PieceHeld {
        /// For whom.
        redemption_id: RedemptionId,
        /// When.
        at: Timestamp,
    },
    /// It was handed out.
    PieceIssued {
        /// To whom.
        redemption_id: RedemptionId,
        /// When.
        at: Timestamp,
    },
    /// It went back on the shelf.
    PieceReleased {
        /// From whom.
        redemption_id: RedemptionId,
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(
    GiftEvent: GiftRegistered, GiftChanged, GiftRetired, StockReceived, StockCounted, PieceHeld, PieceIssued, PieceReleased
);
